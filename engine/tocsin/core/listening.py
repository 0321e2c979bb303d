"""What each rule that concludes from silence knows of its start and of the times when nothing could be heard."""

from tocsin.core import expected
from tocsin.core.draft import Draft
from tocsin.core.informed import PLACE, listening_of
from tocsin.domain.change import WindowSet
from tocsin.rules.listening import Listening
from tocsin.rules.meaning import Meaning
from tocsin.rules.operators.window import WindowWord
from tocsin.rules.signal import Signal

Said = tuple[str, tuple[Signal, ...]]


def begins(draft: Draft, meaning: Meaning, now: int) -> list[Said]:
    """A book holds: rules that are new in it listen from now on, and lists may expect other keys than before."""
    said: list[Said] = []
    for rule, word in meaning.words.items():
        if isinstance(word, WindowWord) and word.listens:
            if listening_of(draft, rule) is None:
                draft.put(WindowSet(rule, PLACE, Listening(now)))
            said.append((rule, expected.renewed(draft, meaning, rule, now)))
    return said


def paused(draft: Draft, meaning: Meaning, gap: int, now: int) -> list[Said]:
    """The engine listens again after ``gap`` microseconds."""
    for rule, word in meaning.words.items():
        if isinstance(word, WindowWord) and word.listens:
            known = listening_of(draft, rule) or Listening(now - gap)
            after = known.paused(max(now - gap, known.begun), now)
            if after != known or listening_of(draft, rule) is None:
                draft.put(WindowSet(rule, PLACE, after))
    return begins(draft, meaning, now)
