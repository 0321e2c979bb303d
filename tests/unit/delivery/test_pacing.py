"""Pacing and backoff: never faster than the provider allows, never slower than needed."""

from hypothesis import given
from hypothesis import strategies as st

from tocsin.delivery.pacing import Pace
from tocsin.delivery.verdict import backoff
from tocsin.domain.time import SECOND
from tocsin.ports import Limits

LIMITS = Limits(per_address=((3, 3 * SECOND),), per_group=((20, 60 * SECOND),), overall=((5, SECOND),))


@given(st.lists(st.tuples(st.sampled_from(["1", "2", "-100"]), st.integers(0, 2 * SECOND)), max_size=120))
def test_no_window_ever_holds_more_than_its_limit(wishes: list[tuple[str, int]]) -> None:
    """Whoever sends at ``earliest`` never exceeds any limit, for one address, a group or all together."""
    pace, now, sent = Pace(LIMITS), 10**12, []
    for address, later in wishes:
        now = pace.earliest(address, now + later)
        pace.took(address, now)
        sent.append((address, now))
    for _, start in sent:
        inside = [(address, at) for address, at in sent if start <= at < start + SECOND]
        assert len(inside) <= 5
        for person in ("1", "2"):
            assert sum(start <= at < start + 3 * SECOND for address, at in sent if address == person) <= 3
        assert sum(start <= at < start + 60 * SECOND for address, at in sent if address == "-100") <= 20


def test_a_hold_is_for_one_address() -> None:
    """RetryAfter on one chat does not delay another."""
    pace = Pace(LIMITS)
    pace.hold("1", 50 * SECOND)
    assert pace.earliest("1", 0) == 50 * SECOND
    assert pace.earliest("2", 0) == 0


@given(st.integers(1, 2**40), st.integers(1, 60))
def test_backoff_doubles_up_to_thirty_seconds_with_a_fixed_spread(number: int, tries: int) -> None:
    """1, 2, 4, 8 … 30 s, each within 20 %, the same for the same try."""
    plain = min(30, 2 ** (tries - 1)) * SECOND
    assert 0.8 * plain <= backoff(number, tries) <= 1.2 * plain
    assert backoff(number, tries) == backoff(number, tries)
