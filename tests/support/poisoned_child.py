"""The durable-rules process with weaknesses: an event of type ``poison.crash`` or ``poison.hang`` ends or stops it, and
so does building a rule that names ``poison.rule``; a rule that names ``poison.silent`` never fires.

Stands for what the C library does with some data; run as a program.
"""

import os
import signal

from tocsin.matching import durable_child

judge = durable_child.Judges.judge
fired = durable_child.Ruleset.fired
create = durable_child.Ruleset.__init__


def weak(self, request):
    kinds = {event.type for event in request.events}
    if "poison.crash" in kinds:
        os.kill(os.getpid(), signal.SIGSEGV)
    while "poison.hang" in kinds:
        signal.pause()
    return judge(self, request)


def weak_create(self, engine, shard):
    if "poison.rule" in repr(shard.rules):
        os.kill(os.getpid(), signal.SIGSEGV)
    self.silent = {rule.number for rule in shard.rules if "poison.silent" in repr(rule)}
    create(self, engine, shard)


def weak_fired(self, identity, properties):
    return fired(self, identity, properties) - self.silent


durable_child.Judges.judge = weak
durable_child.Ruleset.__init__ = weak_create
durable_child.Ruleset.fired = weak_fired

if __name__ == "__main__":
    durable_child.main()
