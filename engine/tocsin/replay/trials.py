"""All rule tests of a book, as ``check``, ``test`` and a reload run them."""

from tocsin.book.book import Content, number_book
from tocsin.domain.errors import Finding
from tocsin.ports import Matcher
from tocsin.replay.trial import Normalise, Outcome, Say, run_trial
from tocsin.rules.meaning import Meaning


def run_trials(content: Content, matcher: Matcher, normalise: Normalise, say: Say,
               only: str | None = None) -> list[Outcome]:
    """Every test of every enabled rule, or of one rule, in file order."""
    meaning = Meaning(number_book(1, content))
    return [run_trial(meaning, matcher, normalise, say, rule, test)
            for rule in content.rules if rule.enabled and only in (None, rule.id) for test in rule.tests]


def failures(outcomes: list[Outcome]) -> tuple[Finding, ...]:
    """A finding for each test that did not pass."""
    return tuple(Finding(outcome.test.where, f"the test \"{outcome.test.name}\" of {outcome.rule.id} fails: "
                         + "; ".join(outcome.problems)) for outcome in outcomes if outcome.problems)
