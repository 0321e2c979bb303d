"""Putting what a word has decided for a key: its window, deadlines and notes."""

from tocsin.core.board import BESIDE, key_of
from tocsin.core.draft import Draft
from tocsin.core.gates import pace
from tocsin.core.resting import minute_of
from tocsin.domain.change import Noted, Timer, WindowDropped, WindowSet
from tocsin.domain.time import MINUTE
from tocsin.rules.meaning import Meaning
from tocsin.rules.operators.condition import TIMER_RANK
from tocsin.rules.operators.window import RESTS, packed
from tocsin.rules.signal import Signal, Verdict


def put(draft: Draft, meaning: Meaning, rule: str, key: dict[str, str], verdict: Verdict,
        now: int) -> tuple[Signal, ...]:
    """Put a verdict's window, timers and notes; its signals are the caller's."""
    pace(draft, meaning, rule, key, verdict, now)
    text = key_of(key)
    if verdict.window is not None:
        draft.put(WindowSet(rule, text, packed(verdict.window)))
    elif draft.window(rule, text) is not None:
        draft.put(WindowDropped(rule, text))
    for kind, at in verdict.timers.items():
        if at is None:
            draft.drop_timer(_name(rule, text, kind))
        else:
            draft.set_timer(timer_of(rule, text, kind, at))
    for what, detail in verdict.notes:
        draft.put(Noted(now, what, detail, rule=rule))
    return verdict.signals


def timer_of(rule: str, key: str, kind: str, due: int) -> Timer:
    """A deadline of one key; of those that wait to be forgotten, the one of all keys in the same minute."""
    if kind == RESTS:
        minute = minute_of(due)
        key, due = f"{BESIDE}{minute}", minute * MINUTE
    return Timer(_name(rule, key, kind), due, "window", kind, rule=rule, key=key)


def _name(rule: str, key: str, kind: str) -> str:
    return f"{TIMER_RANK[kind]}|{kind}|{rule}|{key}"
