"""A rule as written: the sentence of the duty officer, parsed and checked, not yet given a meaning."""

from typing import Any

from msgspec import Struct

from tocsin.book.match import FieldRef, Match
from tocsin.domain.errors import Location


class PerKey(Struct, frozen=True, omit_defaults=True):
    """One ``per`` field; ``by_type`` lists (type pattern, field of that type's events), first that fits."""

    name: str
    by_type: tuple[tuple[str, str], ...] = ()


Limit = FieldRef | bool | int | float | str
"""What a number (or, by ``is``, a text or a flag) is compared with."""


class Level(Struct, frozen=True, omit_defaults=True):
    """One of ``levels``: every comparison of ``compare`` (``above``, …) holds."""

    compare: dict[str, Limit]
    severity: str


class SequenceStep(Struct, frozen=True, omit_defaults=True):
    """One step of ``sequence``: an event that comes, or with ``negated`` must not come, ``within`` microseconds."""

    match: Match
    within: int | FieldRef | None = None
    negated: bool = False


class When(Struct, frozen=True, omit_defaults=True):
    """The ``when`` of a rule: its word, that word's parameters, and what may stand beside any word.

    ``match`` says which events the word hears. ``incident``: ``of`` is a rule id; elsewhere ``of`` is a field.
    ``compare`` maps ``above``, ``at_least``, ``below``, ``at_most`` and ``is`` to limits. ``samples`` 0 is the word's
    own number. ``change``: ``moves`` is ``rises`` or ``falls`` with ``compare`` at_least, "" for ``from``/``to``, of
    which None is any value. ``expected`` is ``seen`` or a list's ``name.column``. ``near`` is metres.
    Durations are microseconds.
    """

    word: str
    match: Match = Match()
    member: tuple[str, ...] = ()
    of: str = ""
    for_: int | FieldRef | None = None
    at_least: int | FieldRef = 0
    within: int | FieldRef | None = None
    distinct: str = ""
    compare: dict[str, Limit] = {}
    levels: tuple[Level, ...] = ()
    holds: Match | None = None
    stale_after: int | FieldRef | None = None
    over: int | FieldRef | None = None
    samples: int = 0
    moves: str = ""
    changes_from: Limit | None = None
    changes_to: Limit | None = None
    steps: tuple[SequenceStep, ...] = ()
    named: dict[str, Match] = {}
    expected: str = ""
    near: float | None = None


class Clear(Struct, frozen=True, omit_defaults=True):
    """``clear`` at the rule: what adds to, or with ``only`` replaces, the word's own way of clearing."""

    when: Match | None = None
    after: int | FieldRef | None = None
    at: str = ""
    hold: int | FieldRef | None = None
    only: bool = False
    closes: bool = False
    compare: dict[str, Limit] = {}


class Gate(Struct, frozen=True, omit_defaults=True):
    """One alternative of ``during`` or ``unless``; exactly one of the three is set."""

    calendar: str | FieldRef = ""
    operation: str = ""
    active: str = ""
    same: tuple[str, ...] = ()


class SeverityBy(Struct, frozen=True, omit_defaults=True):
    """Severity by the value of a field; unmapped or absent is medium."""

    field: str
    mapping: dict[str, str]


class RuleTest(Struct, frozen=True, omit_defaults=True):
    """A test beside its rule.

    ``events`` are (offset in microseconds from the test's start, the event as written). ``expect`` is None for
    ``expect: nothing``, else the expectations as written, each a mapping. ``starts`` is the instant (RFC 3339) or
    local date-time of the site at which the test starts, "" for any.
    """

    name: str
    events: tuple[tuple[int, dict[str, Any]], ...]
    expect: tuple[dict[str, Any], ...] | None
    where: Location = Location("")
    starts: str = ""


class Rule(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A rule; ``escalate_to`` is () for a state, policy names, ("board",), or a mapping severity → name."""

    id: str
    say: str
    when: When
    per: tuple[PerKey, ...] = ()
    during: tuple[Gate, ...] = ()
    unless: tuple[Gate, ...] = ()
    clear: Clear = Clear()
    severity: str | SeverityBy = "medium"
    escalate_to: tuple[str, ...] | dict[str, str] = ()
    advice: str = ""
    labels: dict[str, str] = {}
    limits: dict[str, int] = {}
    enabled: bool = True
    tests: tuple[RuleTest, ...] = ()
    where: Location = Location("")
