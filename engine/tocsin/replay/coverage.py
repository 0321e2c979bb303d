"""What the rule tests have tried: rules that fire in their own tests, and the branches of their matches."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from tocsin.book.book import Content
from tocsin.book.rule import Rule
from tocsin.domain.event import Event
from tocsin.replay.trial import Outcome
from tocsin.rules.branches import Branch, branches_of
from tocsin.rules.match import compile_match
from tocsin.rules.tables import Tables


class Untried(Struct, frozen=True):
    """A branch that no test of its rule goes; ``branch`` None: the rule never fires in its tests."""

    rule: Rule
    branch: Branch | None

    @property
    def said(self) -> str:
        """What was never seen, in words."""
        if self.branch is not None:
            return f"{self.branch.said} never matches in the tests of {self.rule.id}"
        return f"{self.rule.id} never fires in its tests" if self.rule.tests else f"{self.rule.id} has no tests"


class Coverage(Struct, frozen=True):
    """How many rules and branches there are, and those that are untried, in file order; of a rule without tests only
    the rule is named.
    """

    rules: int
    rules_fired: int
    branches: int
    branches_exercised: int
    untried: tuple[Untried, ...]

    @property
    def percent(self) -> int:
        """The share of rules and branches that are tried, rounded down; 100 when there is nothing to try."""
        whole = self.rules + self.branches
        return 100 * (self.rules_fired + self.branches_exercised) // whole if whole else 100


def coverage_of(content: Content, outcomes: Sequence[Outcome], tables: Tables, only: str | None = None) -> Coverage:
    """What the tests of each enabled rule, or of one rule, have tried of it."""
    rules = [rule for rule in content.rules if rule.enabled and only in (None, rule.id)]
    own: dict[str, list[Outcome]] = {rule.id: [] for rule in rules}
    for outcome in outcomes:
        if outcome.rule.id in own:
            own[outcome.rule.id].append(outcome)
    fired = branches = exercised = 0
    untried: list[Untried] = []
    for rule in rules:
        tests, ways = own[rule.id], branches_of(rule)
        has_fired = any(rule.id in outcome.fired for outcome in tests)
        left = _left(ways, [event for outcome in tests for event in outcome.events], tables)
        fired, branches, exercised = fired + has_fired, branches + len(ways), exercised + len(ways) - len(left)
        if not has_fired:
            untried.append(Untried(rule, None))
        if rule.tests:
            untried += [Untried(rule, branch) for branch in left]
    return Coverage(len(rules), fired, branches, exercised, tuple(untried))


def _left(ways: Iterable[Branch], events: Sequence[Event], tables: Tables) -> list[Branch]:
    left = []
    for branch in ways:
        holds = compile_match(branch.match, tables)
        if not any(branch.asks(event) and holds(event) for event in events):
            left.append(branch)
    return left
