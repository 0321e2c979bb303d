"""A silence: an operator's mute of incidents, with author, reason and end."""

from msgspec import Struct


class Silence(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is muted, by whom, why and until when; instants in microseconds on the engine's clock.

    ``rule`` "" is every rule, ``key`` the fields that must be so, ``severities`` () every severity, ``incident`` the
    one that is snoozed, 0 for all. ``ended`` is None while it lasts, ``ended_by`` who ended it ("time" when its end
    came).
    """

    id: int
    author: str
    reason: str
    begun: int
    until: int
    rule: str = ""
    key: dict[str, str] = {}
    severities: tuple[str, ...] = ()
    incident: int = 0
    ended: int | None = None
    ended_by: str = ""
