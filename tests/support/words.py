"""Rules of the words over several events in one line each, for stories; ``city`` has those of event and incident."""

from typing import Any

from tests.support.city import OWN_WAY, match, micros, per_keys, policies
from tests.support.play import Play

from tocsin.book.match import Match
from tocsin.book.rule import Clear, Rule, SeverityBy, When

_DURATIONS = ("within", "over", "stale_after", "for_")


def word_rule(word: str, when: Match | None = None, *, id_: str = "rule", per: tuple[Any, ...] = ("site",),
              to: Any = "police", severity: str | SeverityBy = "high", clear: Clear = OWN_WAY, say: str = "",
              limits: dict[str, int] | None = None, **beside: Any) -> Rule:
    """``beside`` are the word's parameters; durations as ``"10 min"``."""
    named = {name: micros(value) if name in _DURATIONS and isinstance(value, str) else value
             for name, value in beside.items()}
    return Rule(id=id_, say=say or id_, when=When(word, match=when if when is not None else match(type="x"), **named),
                per=per_keys(*per), escalate_to=policies(to), severity=severity, clear=clear, limits=limits or {})


def told(play: Play, *heard: tuple[str, Any] | tuple[str, Any, str], of: str = "v", **fields: Any) -> Play:
    """Events of type ``x`` at ``site`` s: (arrival, value) or (arrival, value, when it happened)."""
    for at, value, *happened in heard:
        data = {} if value is None else {of: value}
        play.event(at, happened=happened[0] if happened else None, **{"type": "x", "site": "s", **data, **fields})
    return play
