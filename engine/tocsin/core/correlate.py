"""Rules over time, per (rule, key): events and timers in, firings and clearings out."""

from typing import Any

from msgspec.structs import replace

from tocsin.core.board import key_of
from tocsin.core.draft import Draft
from tocsin.core.overflow import OVERFLOW_KEY, too_many_keys
from tocsin.domain.change import Noted, Timer, WindowDropped, WindowSet
from tocsin.domain.input import Arrival
from tocsin.rules.key import keys_of
from tocsin.rules.meaning import Meaning
from tocsin.rules.operators.condition import TIMER_RANK
from tocsin.rules.operators.incident import IncidentWord
from tocsin.rules.signal import Cleared, Fired, Signal, Verdict

Signals = tuple[Signal, ...]


def hear(draft: Draft, meaning: Meaning, rule: str, slots: frozenset[str], item: Arrival, now: int) -> list[Signals]:
    """An event that has hits for this rule: what its keys say, one group of signals a key."""
    word = meaning.words[rule]
    keys, missing = keys_of(item.event, word.rule.per)
    if missing and slots & {"event"}:
        draft.put(Noted(now, "key_missing", f"event {item.event.id} of {item.event.source} has no "
                        f"{', '.join(missing)}: its incident is kept under \"unknown\"", rule=rule))
    said: list[Signals] = []
    for key in keys:
        text = key_of(key)
        verdict = word.hear(draft.window(rule, text), item.event, slots, key, now)
        if too_many_keys(draft, word.rule, text) and not _critical(verdict.signals):
            said.append(tuple(replace(signal, key=OVERFLOW_KEY) for signal in verdict.signals
                              if isinstance(signal, Fired)))
        else:
            said.append(put(draft, rule, key, verdict, now))
    return said


def _critical(signals: Signals) -> bool:
    return any(isinstance(signal, Fired) and signal.severity == "critical" for signal in signals)


def due(draft: Draft, meaning: Meaning, timer: Timer, now: int) -> Signals:
    """A window timer came due."""
    word = meaning.words.get(timer.rule)
    window = draft.window(timer.rule, timer.key)
    if word is None or window is None:
        return ()
    state = word.state(window)
    verdict = Verdict(state)
    key = key_from(timer.key)
    word.due(state, timer.kind, key, now, verdict)
    return put(draft, timer.rule, key, verdict, now)


def follow(draft: Draft, meaning: Meaning, signal: Signal, now: int) -> list[tuple[str, Signals]]:
    """What the ``incident`` rules that follow this signal's rule say, by rule."""
    said: list[tuple[str, Signals]] = []
    for rule in meaning.followers.get(signal.rule, ()):
        word = meaning.words[rule]
        assert isinstance(word, IncidentWord)
        other = key_of(signal.key)
        key = word.key(signal, _values(draft, signal))
        if key is None:
            draft.put(Noted(now, "key_missing", f"the incident of {signal.rule} has no value for the `per` of {rule}: "
                            "left out", rule=rule))
            continue
        window = draft.window(rule, key_of(key))
        if window is None and isinstance(signal, Cleared):
            continue
        said.append((rule, put(draft, rule, key, word.follow(window, signal, other, key, now), now)))
    return said


def _values(draft: Draft, signal: Signal) -> dict[str, Any]:
    if isinstance(signal, Fired):
        return signal.values
    number = draft.open_incident(signal.rule, key_of(signal.key))
    incident = draft.incident(number) if number is not None else None
    return incident.values if incident is not None else {}


def closed(draft: Draft, meaning: Meaning, rule: str, key: dict[str, str], now: int) -> Signals:
    """A person closed the incident of (rule, key)."""
    word = meaning.words.get(rule)
    window = draft.window(rule, key_of(key))
    if word is None or window is None:
        return ()
    return put(draft, rule, key, word.close(window, key, now), now)


def reopen(draft: Draft, meaning: Meaning, rule: str, key: dict[str, str], now: int) -> Signals:
    """The time of ``reopen`` is over: a firing when the condition is active still."""
    word = meaning.words.get(rule)
    window = draft.window(rule, key_of(key))
    if word is None or window is None:
        return ()
    return put(draft, rule, key, word.reopen(window, key, now), now)


def put(draft: Draft, rule: str, key: dict[str, str], verdict: Verdict, now: int) -> Signals:
    """Put a verdict's window, timers and notes; its signals are the caller's."""
    text = key_of(key)
    if verdict.window is not None:
        draft.put(WindowSet(rule, text, verdict.window))
    else:
        draft.put(WindowDropped(rule, text))
    for kind, at in verdict.timers.items():
        timer = f"{TIMER_RANK[kind]}|{kind}|{rule}|{text}"
        if at is None:
            draft.drop_timer(timer)
        else:
            draft.set_timer(Timer(timer, at, "window", kind, rule=rule, key=text))
    for what, detail in verdict.notes:
        draft.put(Noted(now, what, detail, rule=rule))
    return verdict.signals


def key_from(text: str) -> dict[str, str]:
    """The key of a canonical key text."""
    return dict(part.split("=", 1) for part in text.split("\x1f")) if text else {}
