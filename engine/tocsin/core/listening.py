"""What each rule that concludes from silence knows of its start and of the times when nothing could be heard."""

import msgspec

from tocsin.core import expected
from tocsin.core.board import BESIDE
from tocsin.core.draft import Draft
from tocsin.domain.change import WindowSet
from tocsin.rules.listening import Listening
from tocsin.rules.meaning import Meaning
from tocsin.rules.operators.window import WindowWord
from tocsin.rules.signal import Signal

Said = tuple[str, tuple[Signal, ...]]
_PLACE = f"{BESIDE}listening"
_decode = msgspec.json.Decoder(Listening).decode


def listening_of(draft: Draft, rule: str) -> Listening | None:
    """What the rule knows; None before its start."""
    found = draft.window(rule, _PLACE)
    return found if isinstance(found, Listening) or found is None else _decode(found)


def informed(draft: Draft, meaning: Meaning, rule: str) -> WindowWord | None:
    """The word of a rule that listens, with what it knows; None for any other rule."""
    word = meaning.words.get(rule)
    if not isinstance(word, WindowWord) or not word.listens:
        return None
    listening = listening_of(draft, rule)
    return word if listening is None else word.hearing(listening)


def begins(draft: Draft, meaning: Meaning, now: int) -> list[Said]:
    """A book holds: rules that are new in it listen from now on, and lists may expect other keys than before."""
    said: list[Said] = []
    for rule, word in meaning.words.items():
        if isinstance(word, WindowWord) and word.listens:
            if listening_of(draft, rule) is None:
                draft.put(WindowSet(rule, _PLACE, Listening(now)))
            said.append((rule, expected.renewed(draft, meaning, rule, now)))
    return said


def paused(draft: Draft, meaning: Meaning, gap: int, now: int) -> list[Said]:
    """The engine listens again after ``gap`` microseconds."""
    for rule, word in meaning.words.items():
        if isinstance(word, WindowWord) and word.listens:
            known = listening_of(draft, rule) or Listening(now - gap)
            after = known.paused(max(now - gap, known.begun), now)
            if after != known or listening_of(draft, rule) is None:
                draft.put(WindowSet(rule, _PLACE, after))
    return begins(draft, meaning, now)
