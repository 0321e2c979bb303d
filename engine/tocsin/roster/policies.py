"""Which policies a severity starts."""

from tocsin.book.rule import Rule
from tocsin.book.severities import nearest


def policies_for(rule: Rule, severity: str) -> tuple[str, ...]:
    """The policies that a firing of this severity starts; () for a state and for ``board``."""
    chosen = rule.escalate_to
    if isinstance(chosen, dict):
        listed = nearest(severity, tuple(chosen))
        chosen = (chosen[listed],) if listed else ()
    return tuple(name for name in chosen if name != "board")
