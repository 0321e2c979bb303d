"""``during`` gates firing, not observing: what lasts is kept back while it is shut, and fires when it opens."""

from msgspec.structs import replace

from tocsin.core.board import key_of, which_of
from tocsin.core.draft import Draft
from tocsin.core.informed import informed
from tocsin.core.overflow import OVERFLOW_KEY
from tocsin.domain.change import GatedDropped, GatedSet, Timer, WindowSet
from tocsin.domain.gated import DURING, Gated, Place, Which
from tocsin.domain.incident import RANK
from tocsin.rules.gates import Gates
from tocsin.rules.meaning import Meaning
from tocsin.rules.operators.condition import TIMER_RANK
from tocsin.rules.signal import Cleared, Fired, Signal, Verdict

SHUTS, OPENS = "shuts", "opens"
_MOST_TURNS = 1_000
"""Times at which other rules' incidents opened and shut the gate of one waiting key; an even number."""


def admit(draft: Draft, meaning: Meaning, signal: Signal, now: int) -> tuple[Signal, ...]:
    """What the rule's ``during`` lets through of what its word says."""
    during = during_of(meaning, signal.rule)
    if during is None:
        return (signal,)
    which = (signal.rule, key_of(signal.key), DURING)
    known = draft.gated(which)
    if isinstance(signal, Cleared):
        if known is not None and not known.waits:
            forget(draft, which)
        return (signal,)
    if known is not None and known.waits:
        known = None
    hours, places = during.hours(signal.key, signal.values), during.places(signal.key, signal.values)
    instant = min(now, signal.happened + signal.wait)
    by_others = any_active(draft, places)
    was_open = by_others or hours.inside(instant)
    if signal.key == OVERFLOW_KEY:
        return (signal,) if was_open else ()
    still_open = by_others or hours.inside(now)
    lasting = meaning.words[signal.rule].lasting(draft.window(*which[:2]))
    passes = was_open or (lasting and still_open)
    if not passes and known is not None and known.told:
        return ()
    gated = kept_back(signal, DURING, places, known, told=passes and still_open)
    if gated.told or lasting:
        at_the_end = gated.told and hours.inside(now) and not hours.open_at(now)
        keep(draft, gated, now if at_the_end else hours.next_change(now))
    if not passes:
        return ()
    if known is not None and not known.told:
        signal = with_kept(signal, known, instant)
    if still_open:
        return (signal,)
    end = (hours.next_change(instant) or now) if hours.open_at(instant) else instant
    return (signal, Cleared(signal.rule, signal.key, "over", end, meaning.rules[signal.rule].clear.closes))


def during_of(meaning: Meaning, rule: str) -> Gates | None:
    gates = meaning.gates.get(rule)
    return None if gates is None else gates.during


def any_active(draft: Draft, places: tuple[Place, ...]) -> bool:
    """Whether an incident is active at any of the places."""
    return any(next(draft.active(place), None) is not None for place in places)


def kept_back(signal: Fired, gate: str, asks: tuple[Place, ...], known: Gated | None, *, told: bool = False,
              reason: str = "") -> Gated:
    """What a gate remembers of a firing, joined with what it kept of the same condition before."""
    more = known is not None and not known.told
    return Gated(
        rule=signal.rule, key=signal.key, gate=gate, told=told, asks=asks, reason=reason, wait=signal.wait,
        happened=signal.happened if known is None else min(known.happened, signal.happened),
        severity=signal.severity if known is None else max(known.severity, signal.severity, key=RANK.__getitem__),
        events=signal.events + (known.events if known is not None and more else 0),
        values=signal.values or ({} if known is None else known.values))


def with_kept(signal: Fired, known: Gated, instant: int) -> Fired:
    """A firing that brings along what was kept back; it counts as active from ``instant``."""
    happened = min(signal.happened, known.happened)
    return replace(signal, happened=happened, events=signal.events + known.events, wait=max(0, instant - happened))


def fired_now(gated: Gated, now: int) -> Fired:
    """The firing of what was kept back: it counts as active from now, and says when it happened."""
    return Fired(gated.rule, gated.key, gated.happened, gated.severity, gated.events, "", gated.values,
                 now - gated.happened)


def keep(draft: Draft, gated: Gated, due: int | None) -> None:
    """Remember it, and look again when calendars and operations may have opened or shut it."""
    if gated.told:
        gated = replace(gated, events=0)
    which = which_of(gated)
    if draft.gated(which) != gated:
        draft.put(GatedSet(gated))
    set_timer(draft, which, SHUTS if gated.told else OPENS, due)
    set_timer(draft, which, OPENS if gated.told else SHUTS, None)


def set_timer(draft: Draft, which: Which, kind: str, due: int | None) -> None:
    """Set or drop one deadline of a gate."""
    rule, key, _ = which
    timer = f"{TIMER_RANK[kind]}|{kind}|{rule}|{key}"
    if due is None:
        draft.drop_timer(timer)
    else:
        draft.set_timer(Timer(timer, due, "window", kind, rule=rule, key=key))


def forget(draft: Draft, which: Which) -> None:
    """Nothing more is to be remembered of this condition here."""
    draft.put(GatedDropped(*which))
    for kind in (SHUTS, OPENS):
        set_timer(draft, which, kind, None)


def look(draft: Draft, meaning: Meaning, which: Which, now: int) -> tuple[Signal, ...]:
    """Whether the gate has opened or shut for a condition: the firing or clearing that this makes."""
    gated, during = draft.gated(which), during_of(meaning, which[0])
    if gated is None:
        return ()
    if during is None:
        forget(draft, which)
        lasting = not gated.told and not gated.waits and _lasting(draft, meaning, which)
        return (fired_now(gated, now),) if lasting else ()
    asks = during.places(gated.key, gated.values)
    if asks != gated.asks:
        gated = replace(gated, asks=asks)
    if gated.waits:
        _turn(draft, meaning, gated, now)
        return ()
    hours = during.hours(gated.key, gated.values)
    is_open, due = hours.open_at(now) or any_active(draft, asks), hours.next_change(now)
    if is_open == gated.told:
        keep(draft, gated, due)
        return ()
    if is_open:
        if not _lasting(draft, meaning, which):
            forget(draft, which)
            return ()
        keep(draft, replace(gated, told=True), due)
        return (fired_now(gated, now),)
    if _lasting(draft, meaning, which):
        keep(draft, replace(gated, told=False, events=1), due)
    else:
        forget(draft, which)
    return (Cleared(gated.rule, gated.key, "over", now, meaning.rules[gated.rule].clear.closes),)


def _lasting(draft: Draft, meaning: Meaning, which: Which) -> bool:
    return meaning.words[which[0]].lasting(draft.window(*which[:2]))


def pace(draft: Draft, meaning: Meaning, rule: str, key: dict[str, str], verdict: Verdict, now: int) -> None:
    """A key whose ``for``, silence or ``not`` runs while other rules' incidents open and shut its gate is remembered,
    so that its time runs only while one of them is active.
    """
    during = during_of(meaning, rule)
    if during is None or not during.others:
        return
    which = (rule, key_of(key), DURING)
    known, state, word = draft.gated(which), verdict.window, meaning.words[rule]
    if state is None or not word.waiting(state):
        if known is not None and known.waits:
            forget(draft, which)
        return
    values = word.waits_with(state)
    places = during.places(key, values)
    if known is None or not known.waits or known.asks != places:
        draft.put(GatedSet(Gated(rule=rule, key=key, gate=DURING, waits=True, values=values, asks=places)))
        for kind in (SHUTS, OPENS):
            set_timer(draft, which, kind, None)
        begun = [incident.activation.at for place in places for incident in draft.active(place)]
        state.turns = (min(begun),) if begun else ()
        verdict.timers.update(word.paced(state, key, now + word.settle))


def _turn(draft: Draft, meaning: Meaning, gated: Gated, now: int) -> None:
    """The gate may have opened or shut for a condition that waits."""
    draft.put(GatedSet(gated))
    text = key_of(gated.key)
    word = informed(draft, meaning, gated.rule) or meaning.words[gated.rule]
    state = word.state(draft.window(gated.rule, text))
    if not word.waiting(state):
        return
    if any_active(draft, gated.asks) != len(state.turns) % 2:
        state.turns = (*state.turns, now)[-_MOST_TURNS:] if len(state.turns) % 2 else (
            *state.turns, now)[-_MOST_TURNS + 1:]
    dues = word.paced(state, gated.key, now)
    draft.put(WindowSet(gated.rule, text, state))
    for kind, due in dues.items():
        set_timer(draft, (gated.rule, text, DURING), kind, due)
