"""Rules over time, per (rule, key): events and timers in, firings and clearings out."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tocsin.book.rule import Rule
from tocsin.core import expected
from tocsin.core.board import BESIDE, key_from, key_of
from tocsin.core.draft import Draft
from tocsin.core.gates import during_of
from tocsin.core.informed import informed
from tocsin.core.overflow import OVERFLOW_KEY, too_many_keys
from tocsin.core.windows import put
from tocsin.domain.change import Noted, Timer, WindowDropped, WindowSet
from tocsin.domain.event import Event
from tocsin.domain.input import Arrival
from tocsin.domain.time import MINUTE
from tocsin.rules.gates import place_of_event
from tocsin.rules.key import MOST_KEYS, keys_of
from tocsin.rules.meaning import Meaning
from tocsin.rules.near import NEAR, Spot, nearest, reach, spot_of
from tocsin.rules.operators.incident import IncidentWord
from tocsin.rules.operators.window import RESTS, WindowWord
from tocsin.rules.signal import Cleared, Fired, Signal, Verdict

Signals = tuple[Signal, ...]
_MOST_AT_A_TIME = 200
"""Keys that one deadline looks at before others have their turn."""


def hear(draft: Draft, meaning: Meaning, rule: str, slots: frozenset[str], item: Arrival, now: int) -> list[Signals]:
    """An event that has hits for this rule: what its keys say, one group of signals a key."""
    word = informed(draft, meaning, rule) or meaning.words[rule]
    keys, missing = keys_of(item.event, word.rule.per)
    if len(keys) > MOST_KEYS:
        draft.put(Noted(now, "too_many_keys", f"event {item.event.id} of {item.event.source} is of more than "
                        f"{MOST_KEYS} keys at once: the rest are left out", rule=rule))
        keys = keys[:MOST_KEYS]
    if missing and isinstance(word, WindowWord) and not word.takes_unknown:
        if slots - {"clear"}:
            draft.put(Noted(now, "key_missing", f"event {item.event.id} of {item.event.source} has no "
                            f"{', '.join(missing)}: left out", rule=rule))
        return []
    if missing and slots & {"event"}:
        draft.put(Noted(now, "key_missing", f"event {item.event.id} of {item.event.source} has no "
                        f"{', '.join(missing)}: its incident is kept under \"unknown\"", rule=rule))
    said: list[Signals] = []
    whole = _whole_keys(draft, meaning, rule, keys, place_of_event(item.event), item.event.time, now)
    near = word.rule.when.near is not None
    for key in _placed(draft, meaning, word.rule, whole, slots, item.event, now) if near else whole:
        text = key_of(key)
        verdict = word.hear(draft.window(rule, text), item.event, slots, key, now)
        if too_many_keys(draft, word.rule, text) and not _critical(verdict.signals):
            fired = tuple(replace(signal, key=OVERFLOW_KEY) for signal in verdict.signals if isinstance(signal, Fired))
            if verdict.window is not None and not fired:
                draft.put(Noted(now, "too_many_keys", f"event {item.event.id} of {item.event.source} is of a key more "
                                "than limits.keys allows: left out", rule=rule))
            said.append(fired)
        else:
            said.append(put(draft, meaning, rule, key, verdict, now))
    return said


def _whole_keys(draft: Draft, meaning: Meaning, rule: str, keys: Iterable[dict[str, str]], values: dict[str, Any],
                instant: int, now: int) -> list[dict[str, str]]:
    """The keys with the operation, where the rule's ``during`` says ``operation: any``."""
    during = during_of(meaning, rule)
    if during is None:
        return list(keys)
    near = meaning.rules[rule].when.near is not None

    def known(key: dict[str, str]) -> bool:
        text = key_of(key)
        return _remembered(draft, meaning, rule, text, now) or (
            near and bool(_standing(draft, meaning, rule, key, draft.board.near(rule, text, -91, 91), now)))
    return during.keys(keys, values, instant, known)


def _remembered(draft: Draft, meaning: Meaning, rule: str, text: str, now: int) -> bool:
    """Whether the rule remembers anything of a key."""
    window, word = draft.window(rule, text), meaning.words[rule]
    return window is not None and not (isinstance(word, WindowWord) and word.forgotten(window, now))


def _standing(draft: Draft, meaning: Meaning, rule: str, key: dict[str, str], spots: list[Spot],
              now: int) -> list[Spot]:
    """Those of the places at which the key has an incident or is remembered."""
    texts = [(spot, key_of({**key, NEAR: spot.text})) for spot in spots]
    return [spot for spot, text in texts if draft.open_incident(rule, text) is not None
            or _remembered(draft, meaning, rule, text, now)]


def _placed(draft: Draft, meaning: Meaning, rule: Rule, keys: Iterable[dict[str, str]], slots: frozenset[str],
            event: Event, now: int) -> list[dict[str, str]]:
    """The keys with the place that the event is near to, or with its own where none is known; what only clears has
    none of its own.
    """
    place, distance = event.location, rule.when.near or 0
    begins = bool(slots - {"clear"})
    if place is None:
        if begins:
            draft.put(Noted(now, "place_missing", f"event {event.id} of {event.source} has no location: left out",
                            rule=rule.id))
        return []
    found = []
    for key in keys:
        around = reach(place, distance)
        spots = draft.board.near(rule.id, key_of(key), place.lat - around, place.lat + around)
        known = _standing(draft, meaning, rule.id, key, spots, now)
        spot = nearest(place, distance, known) or (spot_of(place) if begins else None)
        if spot is not None:
            found.append({**key, NEAR: spot.text})
    return found


def _critical(signals: Signals) -> bool:
    return any(isinstance(signal, Fired) and signal.severity == "critical" for signal in signals)


def due(draft: Draft, meaning: Meaning, timer: Timer, now: int) -> Signals:
    """A window timer came due."""
    if timer.kind == expected.LISTED:
        return expected.renewed(draft, meaning, timer.rule, now)
    if timer.kind == RESTS:
        return _look_through(draft, meaning, timer, now)
    return _due(draft, meaning, timer, now)


def _look_through(draft: Draft, meaning: Meaning, timer: Timer, now: int) -> Signals:
    """Forget the keys of a minute that cannot matter any more, some at a time."""
    keys = draft.board.resting.at(timer.rule, timer.due // MINUTE, _MOST_AT_A_TIME)
    signals: Signals = ()
    for text in keys:
        signals += _due(draft, meaning, replace(timer, key=text), now)
    if len(keys) == _MOST_AT_A_TIME:
        draft.set_timer(timer)
    return signals


def _due(draft: Draft, meaning: Meaning, timer: Timer, now: int) -> Signals:
    word = informed(draft, meaning, timer.rule) or meaning.words.get(timer.rule)
    window = draft.window(timer.rule, timer.key)
    if word is None or window is None:
        return ()
    state = word.state(window)
    verdict = Verdict(state)
    key = key_from(timer.key)
    word.due(state, timer.kind, key, now, verdict)
    return put(draft, meaning, timer.rule, key, verdict, now)


class Under(Struct, frozen=True):
    """The keys of a following rule that an incident of the other rule holds active."""

    keys: tuple[str, ...]


_decode_under = msgspec.json.Decoder(Under).decode


def follow(draft: Draft, meaning: Meaning, rule: str, signal: Signal, now: int) -> list[Signals]:
    """What one ``incident`` rule says to a signal of the rule that it follows, one group of signals a key."""
    word = meaning.words[rule]
    assert isinstance(word, IncidentWord)
    other = key_of(signal.key)
    during = during_of(meaning, rule)
    if all(field.name in signal.key for field in word.rule.per) and (during is None or not during.any_operation):
        keys = [key for key in (word.key(signal, {}),) if key is not None]
    else:
        keys = _keys_by_values(draft, meaning, word, signal, other, now)
    said: list[Signals] = []
    for key in keys:
        window = draft.window(rule, key_of(key))
        if window is not None or isinstance(signal, Fired):
            said.append(put(draft, meaning, rule, key, word.follow(window, signal, other, key, now), now))
    return said


def _keys_by_values(draft: Draft, meaning: Meaning, word: IncidentWord, signal: Signal, other: str,
                    now: int) -> list[dict[str, str]]:
    """A key that rests on the other's event is noted, so that it ends with the other whatever later events said."""
    rule, place = word.rule.id, f"{BESIDE}under{BESIDE}{other}"
    known = draft.window(rule, place)
    under = known if isinstance(known, Under) else Under(()) if known is None else _decode_under(known)
    if isinstance(signal, Cleared):
        if known is not None:
            draft.put(WindowDropped(rule, place))
        return [key_from(text) for text in under.keys]
    key = word.key(signal, signal.values)
    if key is None:
        draft.put(Noted(now, "key_missing", f"the incident of {signal.rule} has no value for the `per` of {rule}: "
                        "left out", rule=rule))
        return []
    keys = _whole_keys(draft, meaning, rule, [key], signal.values, min(now, signal.happened + signal.wait), now)
    texts = tuple(dict.fromkeys([*under.keys, *map(key_of, keys)]))
    if texts != under.keys:
        draft.put(WindowSet(rule, place, Under(texts)))
    return keys


def closed(draft: Draft, meaning: Meaning, rule: str, key: dict[str, str], now: int) -> Signals:
    """A person closed the incident of (rule, key)."""
    word = meaning.words.get(rule)
    window = draft.window(rule, key_of(key))
    if word is None or window is None:
        return ()
    return put(draft, meaning, rule, key, word.close(window, key, now), now)


def reopen(draft: Draft, meaning: Meaning, rule: str, key: dict[str, str], now: int) -> Signals:
    """The time of ``reopen`` is over: a firing when the condition is active still."""
    word = meaning.words.get(rule)
    window = draft.window(rule, key_of(key))
    if word is None or window is None:
        return ()
    return put(draft, meaning, rule, key, word.reopen(window, key, now), now)
