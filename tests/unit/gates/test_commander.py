"""The commander: of the operation in whose hours and area the incident lies."""

from typing import Any

from tests.support.city import content, event_rule, policy, step
from tests.support.gates import operation, running
from tests.support.play import START, Play

from tocsin.domain.event import Place
from tocsin.domain.notification import PAGE, Notification
from tocsin.domain.time import MINUTE
from tocsin.reports.asked import steps_of
from tocsin.reports.told import Told

POLICIES = (policy("police", step("commander:"), step("ivan")),)
NORTH: dict[str, Any] = {"location": Place(1.0, 1.0), "areas": ("north",)}


def city(*rules: Any, **operations: Any) -> Play:
    return Play(*(rules or (event_rule(),)), policies=POLICIES, operations=operations)


def test_the_place_says_whose_operation_it_is() -> None:
    it = city(match=operation("+0s", "+1h", area="centre", commander={"person": "olena"}),
              fair=operation("+0s", "+1h", area="north", commander={"person": "taras"}))
    it.event("+1m", type="alarm.panic", site="a", **NORTH)
    assert it.paged() == ["taras"]


def test_without_a_place_every_operation_that_runs_hears_of_it() -> None:
    it = city(match=operation("+0s", "+1h", area="centre", commander={"person": "olena"}),
              fair=operation("+0s", "+1h", area="north", commander={"person": "taras"}),
              later=operation("+2h", "+3h", commander={"person": "ivan"}))
    it.event("+1m", type="alarm.panic", site="a")
    assert sorted(it.paged()) == ["olena", "taras"]


def test_the_operation_in_the_key_is_the_one() -> None:
    """Whatever else runs at the place."""
    it = city(event_rule(during=(running("any"),)), match=operation("+0s", "+1h", commander={"person": "olena"}),
              fair=operation("+0s", "+1h", commander={"person": "taras"}))
    it.event("+1m", type="alarm.panic", site="a")
    assert {it.incident(number).key["operation"]: it.pages(number)[0][1] for number in (1, 2)} == {
        "match": "olena", "fair": "taras"}


def test_where_no_operation_runs_the_next_step_begins_at_once() -> None:
    """Nor where the one that runs has no commander."""
    it = city(later=operation("+2h", "+3h", commander={"person": "olena"}), now=operation("+0s", "+1h"))
    it.event("+1m", type="alarm.panic", site="a")
    assert it.pages() == [("+1m", "ivan", "telegram")]


def test_it_is_explained_by_who_was_meant() -> None:
    """The report knows the people of the step; whom no other target names was the commander."""
    of = content(event_rule(), policies=POLICIES)
    told = [Told(Notification(id=1, incident=1, activation=1, kind=PAGE, policy="police", round=1, step=1,
                              person="olena", channel="telegram", severity="critical", created=START + MINUTE,
                              expires=START + 9 * MINUTE), "sent")]
    asked, = steps_of(told, lambda at: of, of.policies.get)
    assert [(one.target, one.people) for one in asked.meant] == [("commander", ("olena",))]
    assert asked.beyond == ()
