"""The code of a link: for one person of one site, made at one instant, unforgeable, short enough for Telegram."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.delivery.codes import read_start, start_token

SECRET = b"s" * 32
PEOPLE = ("olena", "taras")


@settings(max_examples=50)
@given(st.sampled_from(PEOPLE), st.integers(0, 2**62))
def test_a_code_names_its_person_and_its_instant(person: str, issued: int) -> None:
    """Telegram takes 64 letters, digits, _ and - behind start=."""
    code = start_token(SECRET, person, issued)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", code)
    assert read_start(SECRET, code, PEOPLE) == (person, issued)
    assert read_start(b"t" * 32, code, PEOPLE) is None
    assert read_start(SECRET, code, [one for one in PEOPLE if one != person]) is None


@settings(max_examples=100)
@given(st.text(max_size=70))
def test_nonsense_is_no_code(text: str) -> None:
    assert read_start(SECRET, text, PEOPLE) is None


def test_a_changed_code_is_refused() -> None:
    code = start_token(SECRET, "olena", 10**15)
    for place in range(len(code)):
        other = "A" if code[place] != "A" else "B"
        assert read_start(SECRET, code[:place] + other + code[place + 1:], PEOPLE) is None
