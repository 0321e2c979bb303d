"""Putting what a word has decided for a key: its window, deadlines and notes."""

from tocsin.core.board import key_of
from tocsin.core.draft import Draft
from tocsin.core.gates import pace
from tocsin.domain.change import Noted, Timer, WindowDropped, WindowSet
from tocsin.rules.meaning import Meaning
from tocsin.rules.operators.condition import TIMER_RANK
from tocsin.rules.operators.window import packed
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
        timer = f"{TIMER_RANK[kind]}|{kind}|{rule}|{text}"
        if at is None:
            draft.drop_timer(timer)
        else:
            draft.set_timer(Timer(timer, at, "window", kind, rule=rule, key=text))
    for what, detail in verdict.notes:
        draft.put(Noted(now, what, detail, rule=rule))
    return verdict.signals
