"""The durable-rules process with a weakness: an event of type ``poison.crash`` or ``poison.hang`` ends or stops it.

Stands for what the C library does with some data; run as a program.
"""

import os
import signal

from tocsin.matching import durable_child

judge = durable_child.Judges.judge


def weak(self, request):
    kinds = {event.type for event in request.events}
    if "poison.crash" in kinds:
        os.kill(os.getpid(), signal.SIGSEGV)
    while "poison.hang" in kinds:
        signal.pause()
    return judge(self, request)


durable_child.Judges.judge = weak

if __name__ == "__main__":
    durable_child.main()
