"""What is said between the engine and the durable-rules process."""

import msgspec
from msgspec import Struct

from tocsin.domain.event import Event
from tocsin.matching.slots import Slot


class Plan(Struct, frozen=True, tag="plan"):
    """Compile and pack these slots, numbered from 0; the first request to a process.

    Answered by ``shards``, the slot numbers in each, and ``left_out``, number → reason for those in none.
    """

    slots: tuple[Slot, ...]


class Prove(Struct, frozen=True, tag="prove"):
    """Build planned shard number ``shard``, but not the slots ``without``, and put every rule's examples to it.

    Answered by ``differ``: (0, slot number, verdict) of each wrong answer.
    """

    shard: int
    without: tuple[int, ...] = ()


class Load(Struct, frozen=True, tag="load"):
    """Build all planned shards, but not the slots ``without``, and judge by them from now on."""

    without: tuple[int, ...] = ()


class Judge(Struct, frozen=True, tag="judge"):
    """Events with the numbers of the slots that the index found, of those in the shards.

    Answered by ``differ``: (event index, slot number, durable-rules' verdict) wherever it is not the index's, and by
    ``unsound``: how often a slot was not judged because the event holds what durable-rules compares unsoundly.
    """

    events: tuple[Event, ...]
    found: tuple[tuple[int, ...], ...]


class Answer(Struct, frozen=True, omit_defaults=True):
    """The answer to any request; ``problem`` is what went wrong, "" when nothing; ``memory`` is in bytes."""

    problem: str = ""
    shards: tuple[tuple[int, ...], ...] = ()
    left_out: dict[int, str] = {}
    differ: tuple[tuple[int, int, bool], ...] = ()
    unsound: int = 0
    memory: int = 0


Request = Plan | Prove | Load | Judge

encode = msgspec.msgpack.Encoder().encode
decode_request = msgspec.msgpack.Decoder(Request).decode
decode_answer = msgspec.msgpack.Decoder(Answer).decode
