"""Codes and tokens answer for exactly one notification, and nobody can make one up."""

from hypothesis import given
from hypothesis import strategies as st

from tocsin.delivery import codes
from tocsin.domain.time import DAY

SECRET, OTHER = b"a" * 32, b"b" * 32
numbers = st.integers(1, 2**50)


@given(numbers, st.sampled_from(codes.WORDS))
def test_a_button_says_its_notification_and_word(number: int, word: str) -> None:
    """The token fits callback_data, reads back, and is worthless under another secret."""
    token = codes.button_token(SECRET, number, word)
    assert len(token.encode()) <= 64
    assert codes.read_button(SECRET, token) == (number, word)
    assert codes.read_button(OTHER, token) is None


@given(numbers, st.integers(0, 33), st.sampled_from("ABCxyz019-_"))
def test_a_changed_button_is_refused(number: int, place: int, letter: str) -> None:
    """No single change of a token makes another valid one."""
    token = codes.button_token(SECRET, number, "accept")
    changed = token[:place] + letter + token[place + 1:]
    if changed != token:
        found = codes.read_button(SECRET, changed)
        assert found is None or found == (number, "accept")  # unused bits of the last letter


@given(st.text(max_size=80))
def test_nonsense_is_no_button_code_or_link(text: str) -> None:
    """Anything may be sent to us; it means nothing."""
    assert codes.read_button(SECRET, text) is None
    assert codes.read_link(SECRET, text, 0) is None


@given(st.sets(st.integers(1, 5000), min_size=1, max_size=300))
def test_every_shown_code_finds_its_own_notification(open_ones: set[int]) -> None:
    """With many notifications open, each person's message shows digits that mean this message and no other."""
    for number in open_ones:
        shown = codes.shown_code(SECRET, number, open_ones)
        assert 4 <= len(shown) <= 6
        if len(shown) < 6:
            assert codes.find_code(SECRET, shown, open_ones) == number


def test_codes_differ_between_sites_and_notifications() -> None:
    """A code is nothing that can be counted on from another one."""
    assert len({codes.full_code(SECRET, number) for number in range(1000)}) > 990
    assert codes.full_code(SECRET, 7) != codes.full_code(OTHER, 7)
    assert codes.find_code(SECRET, "12", [1]) is None
    assert codes.find_code(SECRET, "٤٨٢١", [1]) is None


def test_a_link_is_for_one_person_and_ends() -> None:
    """After seven days, or under another secret, a link says nothing."""
    token = codes.link_token(SECRET, "olena", 7, 1000)
    assert codes.read_link(SECRET, token, 1000) == ("olena", 7)
    assert codes.read_link(SECRET, token, 1000 + 7 * DAY) is None
    assert codes.read_link(OTHER, token, 1000) is None
