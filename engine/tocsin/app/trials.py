"""Rule tests with the matcher, the normaliser and the renderer that the engine itself uses."""

from collections.abc import Sequence
from typing import Any

from tocsin.book.book import Content
from tocsin.delivery.samples import sample_findings
from tocsin.delivery.say import say_of
from tocsin.domain.errors import Finding
from tocsin.domain.event import TOP_LEVEL, Event
from tocsin.matching.index import IndexMatcher
from tocsin.replay.coverage import Coverage, coverage_of
from tocsin.replay.trial import Outcome
from tocsin.replay.trials import failures, run_trials
from tocsin.rules.tables import Tables
from tocsin.sources.normal import Normaliser


def try_content(content: Content, only: str | None = None) -> list[Outcome]:
    """Run the rule tests of a content."""
    tables = Tables.of(content)

    def normalise(source: str, raw: dict[str, Any], received: int, believed: bool) -> Event:
        return Normaliser(source, buffers=believed, areas=tables.areas.names).event(_nested(raw), received)

    return run_trials(content, IndexMatcher(content.rules, tables), normalise, say_of, only)


def covered(content: Content, outcomes: Sequence[Outcome], only: str | None = None) -> Coverage:
    """What the tests have tried of every rule, or of one."""
    return coverage_of(content, outcomes, Tables.of(content), only)


def try_findings(content: Content) -> tuple[Finding, ...]:
    """A finding for each template that fails on a sample, and each rule test that fails: no such book comes to hold."""
    unusable = tuple(finding for finding in sample_findings(content) if finding.level == "error")
    return (*unusable, *failures(try_content(content)))


def _nested(raw: dict[str, Any]) -> dict[str, Any]:
    """An event as people write it in a test: fields that are not an event's own are keys of ``data``."""
    own = {name: value for name, value in raw.items() if name in TOP_LEVEL}
    loose = {name: value for name, value in raw.items() if name not in TOP_LEVEL}
    return {**own, "data": {**loose, **own.get("data", {})}} if loose else own
