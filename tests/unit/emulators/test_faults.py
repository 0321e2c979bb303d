"""Fault rules: which request they strike, and how often."""

import asyncio

import pytest

from tocsin.emulators.faults import FaultError, Faults


def test_a_rule_strikes_only_what_matches_and_only_so_often() -> None:
    """Facts are compared as text, so 5 and "5" are the same chat."""
    faults = Faults()
    rule = faults.add({"method": "sendMessage", "chat_id": 5}, times=2)
    assert faults.take({"method": "sendMessage", "chat_id": "6"}) is None
    assert faults.take({"method": "getMe"}) is None
    assert [faults.take({"method": "sendMessage", "chat_id": "5"}) for _ in range(3)] == [rule, rule, None]
    assert rule.hits == 2


def test_a_list_of_facts_matches_by_any_of_them() -> None:
    """A mail to several recipients is struck by a rule for one of them."""
    faults = Faults()
    faults.add({"recipients": "b@x"}, times=None)
    assert faults.take({"recipients": ["a@x"]}) is None
    assert faults.take({"recipients": ["a@x", "b@x"]}) is not None


def test_the_first_rule_wins_and_a_removed_one_is_gone() -> None:
    """Rules are tried in the order in which they were added."""
    faults = Faults()
    first, second = faults.add(times=None), faults.add(times=None)
    assert faults.take({}) is first
    faults.remove(first.id)
    assert faults.take({}) is second
    faults.clear()
    assert faults.take({}) is None


@pytest.mark.parametrize(("given", "named"), [({"kind": "explode"}, "explode"), ({"times": 0}, "times is 0")])
def test_a_rule_that_makes_no_sense_is_refused(given: dict[str, object], named: str) -> None:
    """The sentence names what is wrong."""
    with pytest.raises(FaultError, match=named):
        Faults().add(**given)  # type: ignore[arg-type]  # wrong on purpose


async def test_clearing_releases_what_hangs_even_when_its_rule_is_used_up() -> None:
    """A rule for one time leaves the list when it strikes; what hangs on it can still be let go."""
    faults = Faults()
    rule = faults.add(kind="hang")
    assert faults.take({}) is rule
    hanging = asyncio.create_task(faults.hang(rule))
    await asyncio.sleep(0)
    faults.clear()
    await asyncio.wait_for(hanging, 5)
