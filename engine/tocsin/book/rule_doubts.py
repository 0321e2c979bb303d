"""Rules that can be read and will probably disappoint: entries that never match, ends that may never come, windows
longer than anything is kept.
"""

from collections.abc import Iterator, Mapping

from tocsin.book.book import Table
from tocsin.book.catalogue import PLATE
from tocsin.book.contradictions import fitting
from tocsin.book.lists import TIME_COLUMNS
from tocsin.book.match import AnyOf, Expect, FieldRef, Match, NoneOf, fields_of
from tocsin.book.report import Report
from tocsin.book.rule import Rule, When
from tocsin.domain.plate import fold_plate
from tocsin.domain.time import format_duration

OWN_TYPES = "tocsin."
"""Types of the engine itself, which always says when something is over."""
SHOWN = 3


def matches_of(rule: Rule) -> Iterator[Match]:
    """Every match that a rule asks, nested ones inside theirs."""
    when = rule.when
    yield when.match
    yield from (step.match for step in when.steps)
    yield from when.named.values()
    yield from (match for match in (when.holds, rule.clear.when) if match is not None)


def check_doubts(rules: tuple[Rule, ...], lists: Mapping[str, Table], keep: int, report: Report) -> None:
    """Warnings about every rule; ``keep`` is how long the journal is kept (microseconds)."""
    for rule in rules:
        for match in matches_of(rule):
            _check_entries(rule, match, lists, report)
        if rule.enabled and _may_never_end(rule):
            report.warn(rule.where, f'the rule "{rule.id}" hears firing and resolved, and an end that is lost on its '
                        "way would leave its incident active for ever: add clear: {after: 24 h}, or another time after "
                        "which it is surely over")
        longest = max(_durations(rule.when), default=0)
        if longest > keep:
            report.warn(rule.where, f'"{rule.id}" looks {format_duration(longest)} back, but the journal is '
                        f"kept for {format_duration(keep)} (journal.keep in config.yaml): after a change of this rule "
                        "what is older would be missing")


def _durations(when: When) -> Iterator[int]:
    for value in (when.within, when.over, when.for_, *(step.within for step in when.steps)):
        if isinstance(value, int):
            yield value


def _may_never_end(rule: Rule) -> bool:
    if rule.when.word != "event" or rule.clear.after is not None or rule.clear.at:
        return False
    types = [value for clause in rule.when.match.clauses if isinstance(clause, Expect) and clause.field == "type"
             for value in (clause.value if isinstance(clause.value, tuple) else (clause.value,))]
    if types and all(isinstance(value, str) and value.startswith(OWN_TYPES) for value in types):
        return False
    told = {event.get("status") for test in rule.tests for _, event in test.events}
    return "status" in fields_of(rule.when.match) or bool(told & {"firing", "resolved"})


def _check_entries(rule: Rule, match: Match, lists: Mapping[str, Table], report: Report) -> None:
    """A warning for a list of which no entry, or not every one, can fit what else the match says of the field."""
    expects = [clause for clause in match.clauses if isinstance(clause, Expect)]
    for expect in expects:
        if expect.operator not in ("in", "not_in") or not isinstance(expect.value, str):
            continue
        name, _, column = expect.value.partition(".")
        table = lists.get(name)
        if table is None:
            continue
        column = column or next((one for one in table.columns if one not in TIME_COLUMNS), "")
        entries = [row[column] for row in table.rows if row.get(column)]
        if not entries:
            report.warn(rule.where, f"the list {expect.value} has no entries, so {expect.field} of \"{rule.id}\" is in "
                        "it never")
            continue
        others = [one for one in expects if one.field == expect.field and one is not expect
                  and not isinstance(one.value, FieldRef)]
        if expect.operator == "not_in" or not others:
            continue
        lost = [entry for entry in entries if not fitting(
            expect.field, fold_plate(entry) if expect.kind == PLATE else entry, others)]
        if lost:
            shown = ", ".join(lost[:SHOWN]) + (f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else "")
            report.warn(rule.where, f"of the list {expect.value} {shown} can never match in \"{rule.id}\": what else "
                        f"the rule says of {expect.field} excludes it")
    for clause in match.clauses:
        if isinstance(clause, AnyOf | NoneOf):
            for inner in clause.matches:
                _check_entries(rule, inner, lists, report)
