"""Whether a rule's ``clear`` fits its word."""

from collections.abc import Mapping

from tocsin.book.compare import UPPER, overlap
from tocsin.book.rule import Rule, When


def clearing_problem(rule: Rule) -> str:
    """A sentence about what is wrong with the rule's ``clear``, "" when nothing is."""
    when, clear = rule.when, rule.clear
    if clear.compare:
        return _comparison_problem(when, clear.compare)
    ends = clear.when is not None or clear.after is not None or clear.at
    if when.word == "sum" and set(UPPER) & when.compare.keys() and not ends:
        return ("a sum that is low is not over because nothing comes any more: say in clear: how it ends, such as "
                "clear: {at_least: 5}")
    return ""


def tests_a_number(when: When) -> bool:
    """Whether the word holds a number (or by ``level`` a value) against a comparison."""
    return bool(when.compare or when.levels)


def _comparison_problem(when: When, clears: Mapping[str, object]) -> str:
    if not tests_a_number(when):
        return (f"a comparison in clear: belongs to level, average and the like, not to {when.word}"
                f"{' without a number' if when.word in ('level', 'change') else ''}: write when:, after: or at:")
    for fires in [level.compare for level in when.levels] or [when.compare]:
        if overlap(fires, clears):
            return ("the comparison in clear: overlaps with the one that fires, so that the same number would do both: "
                    "leave a gap between them, such as above: 10 and clear: {below: 8}")
    return ""
