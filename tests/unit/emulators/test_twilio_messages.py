"""Segments and signatures as Twilio counts and computes them."""

import gsm0338
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from tocsin.emulators.twilio_messages import segments
from tocsin.emulators.twilio_webhooks import signature, twiml_replies


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("я" * 70, 1),
        ("я" * 71, 2),
        ("я" * 134, 2),
        ("я" * 135, 3),
        ("🔥" * 35, 1),
        ("🔥" * 36, 2),
        ("a" * 159 + "’", 3),
    ],
)
def test_segments_at_the_borders(body: str, expected: int) -> None:
    """GSM-7 160/153 with doubled extension characters, UCS-2 70/67 with surrogate pairs."""
    assert segments(body) == expected


@given(st.text(max_size=400))
def test_segments_agree_with_the_gsm_codec(body: str) -> None:
    """The emulator's alphabet is the standard's: an independent codec counts the same septets."""
    try:
        length, single, several = len(gsm0338.Codec().encode(body)[0]), 160, 153
    except UnicodeError:
        length, single, several = len(body.encode("utf-16-be", "surrogatepass")) // 2, 70, 67
    assert segments(body) == (1 if length <= single else -(-length // several))


@given(st.dictionaries(st.text(min_size=1, max_size=9), st.text(max_size=9)))
def test_twilios_own_validator_accepts_the_signature(form: dict[str, str]) -> None:
    """Any form, signed, is valid; with one more field it is not."""
    url, validator = "https://city.example:8443/sms?site=1", RequestValidator("secret")
    signed = signature("secret", url, form)
    assert validator.validate(url, form, signed)
    assert not validator.validate(url, {**form, "one more field": "1"}, signed)


def test_twiml_that_is_none_means_no_reply() -> None:
    """Broken or foreign XML sends nothing."""
    assert twiml_replies("OK") == []
    assert twiml_replies("<html><Message>x</Message></html>") == []
