"""``unless``: asked at a firing and at each rise; what it keeps back and what lasts fires a minute after it ends."""

from msgspec.structs import replace

from tocsin.core.board import key_of
from tocsin.core.draft import Draft
from tocsin.core.gates import fired_now, kept_back, set_timer, with_kept
from tocsin.core.overflow import OVERFLOW_KEY
from tocsin.domain.change import GatedDropped, GatedSet, Suppressed
from tocsin.domain.gated import UNLESS, Gated, Which
from tocsin.domain.incident import ACTIVE, RANK, Incident
from tocsin.domain.time import MINUTE
from tocsin.rules.gates import Gates
from tocsin.rules.meaning import Meaning
from tocsin.rules.signal import Cleared, Fired, Signal

FREE = "free"
AFTERWARDS = MINUTE
"""A condition that is active still fires this long after its inhibition has ended."""


def asked(draft: Draft, meaning: Meaning, signal: Fired, now: int) -> Fired | None:
    """The firing with which to go on: itself, one that rises no more, or none."""
    unless = unless_of(meaning, signal.rule)
    if unless is None:
        return signal
    which = (signal.rule, key_of(signal.key), UNLESS)
    number = draft.open_incident(*which[:2])
    incident = draft.incident(number) if number is not None else None
    running = incident if incident is not None and incident.condition == ACTIVE else None
    if running is not None and RANK[signal.severity] <= RANK[running.severity] and not signal.rises:
        return signal
    known = draft.gated(which)
    instant = min(now, signal.happened + signal.wait)
    why = reason(draft, unless, signal.key, signal.values, instant)
    if not why:
        if known is not None:
            forget(draft, which)
            signal = with_kept(signal, known, instant)
        return signal
    draft.put(Suppressed(now, signal.rule, signal.key, why, signal.severity, running.id if running is not None else 0))
    if signal.key != OVERFLOW_KEY and meaning.words[signal.rule].lasting(draft.window(*which[:2])):
        kept = kept_back(signal, UNLESS, unless.places(signal.key, signal.values), known, reason=why)
        hours = unless.hours(signal.key, signal.values)
        ended = hours.next_change(instant) if hours.open_at(instant) else instant
        _keep(draft, unless, replace(kept, events=0) if running is not None else kept, now, ended or now)
    return None if running is None else replace(signal, severity=running.severity, rises=False)


def unless_of(meaning: Meaning, rule: str) -> Gates | None:
    gates = meaning.gates.get(rule)
    return None if gates is None else gates.unless


def reason(draft: Draft, unless: Gates, key: dict[str, str], values: dict[str, object], instant: int) -> str:
    """Why a condition may not fire at this instant, "" when it may."""
    if why := unless.why(key, values, instant):
        return f"inhibited by {why}"
    for place in unless.places(key, values):
        for other in draft.active(place):
            if inhibits(other):
                fields = ", ".join(f"{name}: {value}" for name, value in other.key.items())
                return f"inhibited by {other.rule}" + (f" {{{fields}}}" if fields else "")
    return ""


def inhibits(incident: Incident) -> bool:
    """An incident whose own notices are silenced does not; a state does."""
    return not incident.quiet


def forget(draft: Draft, which: Which) -> None:
    """Nothing is kept back of this condition any more."""
    draft.put(GatedDropped(*which))
    set_timer(draft, which, FREE, None)


def cleared(draft: Draft, signal: Cleared) -> None:
    """The condition is over: what was kept back of it will not fire."""
    which = (signal.rule, key_of(signal.key), UNLESS)
    if draft.gated(which) is not None:
        forget(draft, which)


def look(draft: Draft, meaning: Meaning, which: Which, now: int) -> tuple[Signal, ...]:
    """What is kept back may have become free: it will be looked at again when its minute is over."""
    gated, unless = draft.gated(which), unless_of(meaning, which[0])
    if gated is None:
        return ()
    if unless is None:
        set_timer(draft, which, FREE, now + AFTERWARDS)
    else:
        _keep(draft, unless, replace(gated, asks=unless.places(gated.key, gated.values)), now, now)
    return ()


def _keep(draft: Draft, unless: Gates, gated: Gated, now: int, ended: int) -> None:
    """Remember it and when to look again; ``ended`` is when its inhibition ended, should it be over."""
    which = (gated.rule, key_of(gated.key), UNLESS)
    if draft.gated(which) != gated:
        draft.put(GatedSet(gated))
    hours = unless.hours(gated.key, gated.values)
    if hours.open_at(now):
        shuts = hours.next_change(now)
        due = None if shuts is None else shuts + AFTERWARDS
    elif reason(draft, unless, gated.key, gated.values, now):
        due = None if not hours.inside(now) else now + AFTERWARDS
    else:
        due = max(now, ended + AFTERWARDS)
    set_timer(draft, which, FREE, due)


def due(draft: Draft, meaning: Meaning, which: Which, now: int) -> tuple[Signal, ...]:
    """The minute is over: what lasts still and is not inhibited anew fires, saying when it happened."""
    gated, unless = draft.gated(which), unless_of(meaning, which[0])
    if gated is None:
        return ()
    if not meaning.words[gated.rule].lasting(draft.window(*which[:2])):
        forget(draft, which)
        return ()
    if unless is not None and (why := reason(draft, unless, gated.key, gated.values, now)):
        _keep(draft, unless, replace(gated, reason=why), now, now)
        return ()
    forget(draft, which)
    return (fired_now(gated, now),)
