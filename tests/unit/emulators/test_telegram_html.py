"""Telegram's HTML parse mode in the emulator."""

from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.emulators.telegram_html import EntitiesError, parse_html, units

TAGS = st.sampled_from(["b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "tg-spoiler"])


@given(st.text())
def test_an_escaped_text_comes_back_without_entities(text: str) -> None:
    """html.escape is enough: the chat shows what was escaped, trimmed at both ends."""
    assert parse_html(escape(text, quote=False)) == (text.strip(), [])


@given(st.text(), TAGS, st.text(min_size=1).filter(lambda text: not text.isspace()), st.text())
def test_offsets_count_utf_16_units(before: str, tag: str, inner: str, after: str) -> None:
    """An entity covers its text and nothing else, also behind characters of two units."""
    source = f"x{escape(before)}<{tag}>{escape(inner)}</{tag}>{escape(after)}x"
    text, (entity,) = parse_html(source)
    encoded = text.encode("utf-16-le", "surrogatepass")
    covered = encoded[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])]
    assert covered.decode("utf-16-le", "surrogatepass") == inner


@given(st.text(alphabet='<>/&;"= abp\n\U0001f525'))
def test_any_text_is_parsed_or_refused(source: str) -> None:
    """No markup, however broken, makes the parser fail in another way."""
    try:
        text, entities = parse_html(source)
    except EntitiesError:
        return
    assert all(e["offset"] >= 0 and e["offset"] + e["length"] <= units(text) for e in entities)


def test_nested_entities_are_listed_from_the_outside() -> None:
    """Bold around italic around a link."""
    text, entities = parse_html('<b>а<i>б<a href="https://x.example/?a=1&amp;b=2">в</a></i></b>')
    assert text == "абв"
    assert [(e["type"], e["offset"], e["length"]) for e in entities] == [
        ("bold", 0, 3),
        ("italic", 1, 2),
        ("text_link", 2, 1),
    ]
    assert entities[2]["url"] == "https://x.example/?a=1&b=2"


@pytest.mark.parametrize("source", ['<span class="tg-spoiler">x</span>', "<blockquote expandable>x</blockquote>"])
def test_tags_with_attributes(source: str) -> None:
    """Spoilers and expandable quotations are allowed."""
    assert parse_html(source)[0] == "x"


@pytest.mark.parametrize("source", ["<p>x</p>", "<br>", "<b>x", "x</b>", "<b>x</i>", "<b", "1 <2", "<a href>x</a>"])
def test_what_is_no_telegram_html_is_refused(source: str) -> None:
    """Unknown tags, wrong nesting, open ends."""
    with pytest.raises(EntitiesError):
        parse_html(source)


def test_only_telegrams_own_entities_are_decoded() -> None:
    """&nbsp; and &apos; stay as they are; numbers are decoded."""
    assert parse_html("&nbsp;&apos;&#39;&#x27;&quot;&lt;")[0] == "&nbsp;&apos;''\"<"
