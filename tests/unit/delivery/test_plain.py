"""Event text becomes one harmless line before any template."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tocsin.delivery.latin import latin
from tocsin.delivery.markup import cut_html, width
from tocsin.delivery.plain import harmless, one_line
from tocsin.delivery.segments import folded, is_gsm, segments
from tocsin.emulators.telegram_html import parse_html
from tocsin.emulators.twilio_messages import segments as twilio_segments


@given(st.text(max_size=300))
def test_one_line_has_no_control_bidi_or_zero_width_characters(text: str) -> None:
    """Whatever came, the line is one line, carries nothing invisible and can be written as UTF-8."""
    line = one_line(text)
    assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") for letter in line)
    assert line == line.strip()
    line.encode("utf-8")
    assert one_line(line) == line


def test_one_line_keeps_what_people_write() -> None:
    """Words, punctuation and accents stay; breaks become spaces and direction marks go."""
    assert one_line("Пожежа\r\n\tвул. Миру, 5") == "Пожежа вул. Миру, 5"
    assert one_line("safe\u202eevil\u200b\ufeff") == "safeevil"
    assert one_line("a" * 50, 10) == "a" * 9 + "…"
    assert one_line("e" + "\u0301" * 40).count("\u0301") <= 3


def test_values_become_texts_lists_and_mappings_of_texts() -> None:
    """Numbers read as people write them, flags as words, and nothing is deeper or longer than bounded."""
    assert harmless({"a": 3.0, "b": 0.93, "c": True, "d": None, "e": [1, "x\ny"]}, "так", "ні") == {
        "a": "3", "b": "0.93", "c": "так", "d": None, "e": ["1", "x y"]}
    assert len(harmless(list(range(1000)))) == 100


@given(st.text(alphabet="ab<>&;😀й\n", max_size=60), st.integers(2, 40))
def test_cut_html_never_breaks_a_tag_or_an_entity(text: str, limit: int) -> None:
    """What is cut still parses as Telegram's HTML, fits, and shows a beginning of the text."""
    source = f"<b>{text.replace('&', '&amp;').replace('<', '&lt;')}</b> <i>x&amp;y</i>"
    made = cut_html(source, limit)
    assert width(made) <= limit
    shown, _ = parse_html(made)
    assert len(shown) <= limit
    whole, _ = parse_html(source)
    assert whole.strip().startswith(shown.removesuffix("…").strip())


def test_a_text_that_fits_is_not_touched() -> None:
    """Only what is too long is cut; 4096 counts after the entities are parsed."""
    html = "<b>" + "&amp;" * 4094 + "</b>x"
    assert cut_html(html) == html
    assert cut_html(html + "yz").endswith("…")


@given(st.text(alphabet="abcЩйї€^{}[]~\\|— «»😀\n", max_size=400).filter(bool))
def test_segments_count_as_twilio_counts(text: str) -> None:
    """GSM-7 by 160/153 with two-septet extensions, else UCS-2 by 70/67."""
    assert segments(text) == twilio_segments(text)


def test_folding_keeps_a_latin_text_in_the_cheap_alphabet() -> None:
    """Typographic punctuation alone must not halve the room."""
    assert not is_gsm("“Fire” — hall…")
    assert is_gsm(folded("“Fire” — hall…"))


def test_transliteration_follows_the_ukrainian_table() -> None:
    """The table of 2010: first letters, зг, apostrophes, capitals."""
    assert latin("Згурський Щастя Знам'янка Єнакієве ПОЖЕЖА Яготин") == (
        "Zghurskyi Shchastia Znamianka Yenakiieve POZHEZHA Yahotyn")
    assert latin("АН1234ВС") == "AN1234VS"
