"""The word of a rule that concludes from silence, with what the rule knows of its start and of its pauses."""

import msgspec

from tocsin.core.board import BESIDE
from tocsin.core.draft import Draft
from tocsin.rules.listening import Listening
from tocsin.rules.meaning import Meaning
from tocsin.rules.operators.window import WindowWord

PLACE = f"{BESIDE}listening"
_decode = msgspec.json.Decoder(Listening).decode


def listening_of(draft: Draft, rule: str) -> Listening | None:
    """What the rule knows; None before its start."""
    found = draft.window(rule, PLACE)
    return found if isinstance(found, Listening) or found is None else _decode(found)


def informed(draft: Draft, meaning: Meaning, rule: str) -> WindowWord | None:
    """The word of a rule that listens, with what it knows; None for any other rule."""
    word = meaning.words.get(rule)
    if not isinstance(word, WindowWord) or not word.listens:
        return None
    listening = listening_of(draft, rule)
    return word if listening is None else word.hearing(listening)
