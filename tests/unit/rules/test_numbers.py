"""Decimals as written, and the cheap ways that must never decide otherwise."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.rules.compare import Comparison
from tocsin.rules.numbers import difference, exact, highest, lowest, near_total, sample_of, shown, total

NUMBERS = st.lists(st.one_of(
    st.integers(-10**25, 10**25), st.floats(-1e30, 1e30, allow_nan=False), st.floats(-2, 2),
    st.decimals(-1000, 1000, places=2).map(float),
    st.sampled_from([2**53, 2.0**53, 2**53 + 1, -(2**53) - 1, 0.1, 5e-324]),
), min_size=1, max_size=30)


def written(value: int | float) -> Fraction:
    return Fraction(repr(value))


@given(NUMBERS)
def test_a_total_is_the_sum_of_what_was_written(values: list[int | float]) -> None:
    assert Fraction(total(values)) == sum(map(written, values), Fraction(0))


@example([5e-324])
@given(NUMBERS)
def test_the_cheap_sum_is_never_farther_off_than_it_says(values: list[int | float]) -> None:
    found, error = near_total(values)
    assert abs(Fraction(found) - Fraction(total(values))) <= Fraction(error)


@given(NUMBERS)
def test_lowest_and_highest_are_so_as_written(values: list[int | float]) -> None:
    assert written(lowest(values)) == min(map(written, values))
    assert written(highest(values)) == max(map(written, values))


@given(NUMBERS, st.sampled_from(["above", "at_least", "below", "at_most", "is"]), st.data())
def test_what_is_not_in_doubt_is_judged_as_the_exact_number(values: list[int | float], word: str, data: Any) -> None:
    limit = data.draw(st.one_of(NUMBERS.map(sum), st.just(shown(total(values)))))
    comparison = Comparison({word: limit})
    limits = comparison.limits(None)  # type: ignore[arg-type]  # a written limit asks no event
    assert limits is not None
    found, error = near_total(values)
    if not comparison.in_doubt(found, error, limits):
        assert comparison.holds(found, limits) == comparison.holds(total(values), limits)


def test_differences_are_decimal() -> None:
    assert difference(3.1, 2.1) == 1
    assert difference(0.3, 0.1) == Decimal("0.2")
    assert exact(0.1) == Decimal("0.1")


@pytest.mark.parametrize("value", [True, "1", None, [1], float("nan"), float("inf"), -float("inf"), 10**300, 1e300])
def test_what_is_no_sample(value: object) -> None:
    assert sample_of(value) is None


@pytest.mark.parametrize(("number", "text"), [
    (Decimal("10.50"), "10.5"), (Fraction(1, 3), "0.333333333333"), (Decimal(7), "7"), (5.0, "5"), (3, "3"),
    (Decimal("1e22"), "1e+22"), (0.1 + 0.2, "0.3")])
def test_numbers_are_shown_plainly(number: Any, text: str) -> None:
    assert str(shown(number)) == text
