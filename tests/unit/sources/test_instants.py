"""Instants as senders write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.time import from_datetime, parse_instant


@given(st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)),  # noqa: DTZ001 - made aware below
       st.integers(-1439, 1439), st.sampled_from("TtZ ").filter(lambda c: c != "Z"), st.booleans())
def test_every_rfc_3339_instant_is_read(moment: datetime, minutes: int, middle: str, whole: bool) -> None:
    """Any offset, with or without a fraction, gives the instant that Python gives."""
    zoned = moment.replace(microsecond=0 if whole else moment.microsecond,
                           tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse_instant(zoned.isoformat(middle)) == from_datetime(zoned)
    assert parse_instant(zoned.astimezone(UTC).isoformat().replace("+00:00", "Z")) == from_datetime(zoned)


@pytest.mark.parametrize("text", [
    "2026-W47-7T21:15:03Z", "2026-11-22T21:15:03", "2026-11-22T21:15Z", "20261122T211503Z", "2026-11-22T24:15:03Z",
    "2026-02-30T21:15:03Z", "2026-11-22T21:15:60Z", "٢026-11-22T21:15:03Z", "2026-11-22x21:15:03Z",
    "2026-11-22T21:15:03+25:00", "1795377600", "",
])
def test_anything_else_is_a_value_error(text: str) -> None:
    """Weeks, missing zones, impossible dates and other digits are refused."""
    with pytest.raises(ValueError, match=r"."):
        parse_instant(text)
