"""What each rule costs is measured in the loop and stands in the metrics."""

from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from tests.support.small_site import PANIC, event, running

from tocsin.api.metrics import RuleCosts
from tocsin.loop.costs import Costs


def test_the_time_of_an_input_is_shared_by_the_rules_that_heard_it() -> None:
    costs = Costs(lambda: 0.0)
    costs.add(("a", "b"), 0.5)
    costs.add(("a",), 0.25)
    assert costs.dearest(9) == [("a", 2, 0.5), ("b", 1, 0.25)]
    assert costs.dearest(1) == [("a", 2, 0.5)]


async def test_events_and_deadlines_count_for_the_rules_that_hear_them(tmp_path: Path) -> None:
    """An event that no rule hears costs nobody anything."""
    async with running(tmp_path / "t.db") as (loop, _, _):
        await loop.submit_events([event(1), event(2), event(3, type="nothing.at.all")])
        assert [(rule, inputs) for rule, inputs, _ in loop.stats.costs.dearest(9)] == [(PANIC.id, 2)]


def test_the_metrics_name_the_dearest_rules() -> None:
    registry, costs = CollectorRegistry(), Costs(lambda: 0.0)
    RuleCosts(registry, costs.dearest)
    for number in range(150):
        costs.add((f"rule-{number}",), number)
    text = generate_latest(registry).decode()
    assert 'tocsin_rule_inputs_total{rule="rule-149"} 1.0' in text
    assert 'tocsin_rule_seconds_total{rule="rule-149"} 149.0' in text
    assert "rule-49" not in text
