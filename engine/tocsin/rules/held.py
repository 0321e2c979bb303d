"""What a window holds, in words for people: each thing with its event time."""

from msgspec import Struct


class Held(Struct, frozen=True, omit_defaults=True):
    """One thing that a window holds: ``time`` is its event time, ``what`` it counts as: a value, a step, a name, a
    member; "" for no more than that it came.
    """

    time: int
    what: str = ""
