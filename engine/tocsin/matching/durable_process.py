"""The parent's end of a durable-rules process: ask with a time limit, kill on hang."""

import os
import select
import struct
import subprocess
import sys
from typing import IO

import msgspec

from tocsin.domain.errors import TocsinError
from tocsin.matching.durable_talk import Answer, Request, decode_answer, encode
from tocsin.ports import Clock

PROGRAM = (sys.executable, "-P", "-m", "tocsin.matching.durable_child")

_INHERITED = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
"""What a process that may do anything is given of the environment: none of the secrets."""


class ChildLost(TocsinError):
    """The process crashed, hung or answered with an error; it is dead now."""


class DurableProcess:
    """One child process; not to be shared between threads."""

    def __init__(self, clock: Clock, program: tuple[str, ...] = PROGRAM) -> None:
        self._clock = clock
        try:
            # The program is our own module under our own interpreter, without a shell.
            self._process = subprocess.Popen(  # noqa: S603
                program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
                env={name: os.environ[name] for name in _INHERITED if name in os.environ})
        except OSError as error:
            raise ChildLost(f"the process could not be started: {error}") from error
        self._requests: IO[bytes] = _pipe(self._process.stdin)
        self._answers: IO[bytes] = _pipe(self._process.stdout)

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, request: Request, seconds: float) -> Answer:
        """The answer to a request; raises ChildLost, with the process killed, when none comes in time."""
        body = encode(request)
        deadline = self._clock.monotonic() + seconds
        try:
            self._write(struct.pack("<I", len(body)) + body, deadline)
            answer = decode_answer(self._read(struct.unpack("<I", self._read(4, deadline))[0], deadline))
        except (OSError, msgspec.DecodeError) as error:
            raise ChildLost(f"the process is gone: {error}; it ended with {self.kill()}") from error
        except ChildLost as lost:
            raise ChildLost(f"{lost}; it ended with {self.kill()}") from None
        if answer.problem:
            self.kill()
            raise ChildLost(answer.problem)
        return answer

    def interrupt(self) -> None:
        """End the process from another thread; whoever waits for its answer gets ChildLost."""
        self._process.kill()

    def kill(self) -> int:
        """End the process and give its exit code; negative is a signal."""
        self._process.kill()
        code = self._process.wait()
        self._requests.close()
        self._answers.close()
        return code

    def _write(self, data: bytes, deadline: float) -> None:
        rest = memoryview(data)
        while rest:
            self._wait(self._requests, select.POLLOUT, deadline)
            rest = rest[os.write(self._requests.fileno(), rest):]

    def _read(self, size: int, deadline: float) -> bytes:
        data = b""
        while len(data) < size:
            self._wait(self._answers, select.POLLIN, deadline)
            more = os.read(self._answers.fileno(), size - len(data))
            if not more:
                raise ChildLost("the process crashed")
            data += more
        return data

    def _wait(self, pipe: IO[bytes], what: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(pipe, what)
        left = deadline - self._clock.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise ChildLost("the process did not answer in time")


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ChildLost("the process has no pipe")
    os.set_blocking(stream.fileno(), False)
    return stream
