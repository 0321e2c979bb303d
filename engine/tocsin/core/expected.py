"""The listed keys of ``absence``: those that begin to be expected start, those that are not any more clear."""

import msgspec
from msgspec import Struct

from tocsin.core.board import BESIDE, key_from, key_of
from tocsin.core.draft import Draft
from tocsin.core.windows import put
from tocsin.domain.change import Timer, WindowSet
from tocsin.rules.meaning import Meaning
from tocsin.rules.operators.absence import AbsenceWord
from tocsin.rules.operators.condition import TIMER_RANK
from tocsin.rules.signal import Signal

LISTED = "listed"
_PLACE = f"{BESIDE}{LISTED}"


class Listed(Struct, frozen=True):
    """The key texts that are expected now."""

    keys: tuple[str, ...] = ()


_decode = msgspec.json.Decoder(Listed).decode


def renewed(draft: Draft, meaning: Meaning, rule: str, now: int) -> tuple[Signal, ...]:
    """Look which keys the list of an ``absence`` rule expects from now on, and when to look again."""
    word = meaning.words.get(rule)
    if not isinstance(word, AbsenceWord) or word.expected is None:
        return ()
    found = draft.window(rule, _PLACE)
    known = found if isinstance(found, Listed) else Listed() if found is None else _decode(found)
    expected = {key_of(key): (key, row) for key, row in word.expected.at(now)}
    before = frozenset(known.keys)
    signals: tuple[Signal, ...] = ()
    for text in known.keys:
        window = draft.window(rule, text)
        if text not in expected and window is not None:
            key = key_from(text)
            signals += put(draft, meaning, rule, key, word.gone(window, key, now), now)
    for text, (key, row) in expected.items():
        if text not in before and draft.window(rule, text) is None:
            put(draft, meaning, rule, key, word.start(row, key, now), now)
    if found is None or before != expected.keys():
        draft.put(WindowSet(rule, _PLACE, Listed(tuple(expected))))
    timer = f"{TIMER_RANK[LISTED]}|{LISTED}|{rule}|{_PLACE}"
    due = word.expected.next_change(now)
    if due is None:
        draft.drop_timer(timer)
    else:
        draft.set_timer(Timer(timer, due, "window", LISTED, rule=rule, key=_PLACE))
    return signals
