"""``new``: a value that the key has not shown for a while."""

from hashlib import blake2b
from typing import Any, ClassVar

from tocsin.book.rule import Rule
from tocsin.domain.event import Event, lookup
from tocsin.rules.held import Held
from tocsin.rules.operators.window import FEW, WindowState, WindowWord
from tocsin.rules.signal import Verdict
from tocsin.rules.text import key_text

_LONGEST = 64


class NewState(WindowState, omit_defaults=True, kw_only=True, tag_field="word", tag="new"):
    """``seen`` maps each value to the newest time at which it was shown."""

    seen: dict[str, int] = {}

    def is_small(self) -> bool:
        return len(self.seen) <= FEW


class NewWord(WindowWord):
    """The word ``new``. It is silent about what it could not have seen: before the rule listened, and too long ago."""

    kept: ClassVar[type[WindowState]] = NewState
    momentary: ClassVar[bool] = True
    listens = True

    def __init__(self, rule: Rule, names: tuple[str, ...]) -> None:
        super().__init__(rule, names)
        self.over_ = rule.when.over

    def take(self, state: Any, event: Event, slots: frozenset[str], key: dict[str, str], now: int,
             verdict: Verdict) -> None:
        texts = [text if len(text) <= _LONGEST else "#" + blake2b(
            text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
            for text in key_text(lookup(event, self.rule.when.of))]
        if not texts:
            self.left_out(event, f"has no {self.rule.when.of}", "field_missing", verdict)
            return
        width = self.width(self.over_, state, event, verdict)
        if width is None:
            return
        keep = self._keep(state)
        if self.too_late(event, keep, now, verdict):
            return
        seen = {text: time for text, time in state.seen.items() if time >= now - keep}
        unseen = [text for text in texts if seen.get(text, event.time - width) <= event.time - width]
        for text in texts:
            seen[text] = max(event.time, seen.pop(text, event.time))
        for text in list(seen)[:self.bounded(state, len(seen), verdict)]:
            del seen[text]
        state.seen = seen
        if unseen and self.listening.begun <= event.time - width and event.time >= now - self.late_of(event):
            self.true(state, self.report(state, event, key, value=unseen[0]), key, now, verdict)
        else:
            self.stir(state, now, verdict)

    def held(self, window: Any, about: int) -> list[Held]:
        """The values shown within the time, each when it was last shown."""
        state = self.state(window)
        width = self.over_ if isinstance(self.over_, int) else state.span
        return sorted((Held(time, text) for text, time in state.seen.items() if about - width < time <= about),
                      key=lambda held: held.time)

    def _keep(self, state: Any) -> int:
        return (self.over_ if isinstance(self.over_, int) else state.span) + self.late

    def useful_until(self, state: Any) -> int:
        return max(state.seen.values(), default=0) + self._keep(state)
