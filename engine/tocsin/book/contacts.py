"""Contacts as written: people, services, schedules, policies."""

from typing import Any

from msgspec import Struct

from tocsin.domain.errors import Location


class Away(Struct, frozen=True, omit_defaults=True):
    """An absence; ``begin`` and ``end`` are local dates or date-times as written, the last day inside."""

    begin: str
    end: str
    stand_in: str = ""


class Person(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A person; ``addresses`` by channel ("telegram", "sms", "email", "webhook"), in the normal form of the channel.

    ``by`` gives for a severity the groups of channels tried in turn (1 min apart), each group at once. ``feed`` is any
    text: another one ends the links to rosters that the person has had so far.
    """

    id: str
    name: str
    language: str = "uk"
    addresses: dict[str, str] = {}
    by: dict[str, tuple[tuple[str, ...], ...]] = {}
    skills: tuple[str, ...] = ()
    away: tuple[Away, ...] = ()
    feed: str = ""
    where: Location = Location("")


class Service(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A service: whoever is on duty by ``schedule``, or all ``members``.

    ``channels`` restricts what messages to its people may say: channel → ``content``, a word or words by severity.
    """

    id: str
    name: str
    kind: str = ""
    area: str = ""
    neighbours: tuple[str, ...] = ()
    schedule: str = ""
    members: tuple[str, ...] = ()
    group_chat: str = ""
    channels: dict[str, dict[str, Any]] = {}
    where: Location = Location("")


class Rotation(Struct, frozen=True, omit_defaults=True):
    """People taking turns of ``turn`` microseconds of wall-clock time from the local date-time ``begin`` on."""

    people: tuple[str, ...]
    turn: int
    begin: str
    end: str = ""


class Override(Struct, frozen=True, omit_defaults=True):
    person: str
    begin: str
    end: str
    instead_of: str = ""


class Import(Struct, frozen=True, omit_defaults=True):
    """Calendars from which shifts are taken: a ``file`` or folder below contacts/, ``people`` whom its texts mean, and
    texts to ``ignore``.
    """

    file: str
    people: dict[str, str] = {}
    ignore: tuple[str, ...] = ()
    where: Location = Location("")


class Stretch(Struct, frozen=True, array_like=True):
    """An imported shift of these people, from ``begin`` inclusive to ``end`` exclusive (microseconds UTC)."""

    begin: int
    end: int
    people: tuple[str, ...]


class Schedule(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Rotations, imported shifts, and overrides of both; ``recurring`` is a calendar (iCalendar) of the imported shifts
    that recur, "" when none does; its titles are ids of people, ``who_recurs`` all of them.
    """

    id: str
    time_zone: str
    rotations: tuple[Rotation, ...] = ()
    overrides: tuple[Override, ...] = ()
    import_: Import | None = None
    imported: tuple[Stretch, ...] = ()
    recurring: str = ""
    who_recurs: tuple[str, ...] = ()
    where: Location = Location("")


class Target(Struct, frozen=True, omit_defaults=True):
    """Whom to ask: ``kind`` is person, service, on_call, area_service, skill or commander; ``name`` of it."""

    kind: str
    name: str
    neighbours: bool = False


class Need(Struct, frozen=True, omit_defaults=True):
    """How many must have accepted, who have this skill and serve in a service of this kind ("" for any)."""

    accepted: int
    skill: str = ""
    kind: str = ""


class Step(Struct, frozen=True, omit_defaults=True):
    """One step; ``by`` are channel groups that replace the person's own, () keeps them."""

    to: tuple[Target, ...]
    answer_within: int
    by: tuple[tuple[str, ...], ...] = ()
    need: tuple[Need, ...] = ()
    only: dict[str, tuple[str, ...]] = {}
    wait_for: str = ""


class LastResort(Struct, frozen=True, omit_defaults=True):
    to: tuple[Target, ...]
    every: int
    by: tuple[tuple[str, ...], ...] = ()


class Policy(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Steps in turn, ``repeat`` more rounds, then the last resort until somebody answers.

    ``remind`` and ``reopen`` are microseconds or None for the defaults.
    """

    id: str
    steps: tuple[Step, ...]
    last_resort: LastResort
    repeat: int = 0
    need: tuple[Need, ...] = ()
    remind: int | None = None
    reopen: int | None = None
    where: Location = Location("")
