"""Messages: what a person reads, by each channel, in each language, whatever the event says."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.support.contacts import SECRET, content, rule

from tocsin.book.template import TemplateError, parse
from tocsin.delivery import templates
from tocsin.delivery.codes import full_code
from tocsin.delivery.render import Message, Renderer, Site
from tocsin.delivery.segments import segments
from tocsin.delivery.templates import fill
from tocsin.delivery.words import WORDS
from tocsin.domain.notification import Notification
from tocsin.domain.time import HOUR, MINUTE, SECOND, parse_instant
from tocsin.emulators.telegram_html import parse_html
from tocsin.ports import Rendered

NOW = parse_instant("2026-11-22T19:15:00Z")
KINDS = ("page", "raised", "joined", "cleared", "closed", "remind", "handover", "notice")
PUBLIC = Site(SECRET, "https://alarm.example.org")
CHANNELS = ("telegram", "sms", "email", "webhook")


def told(kind: str = "page", channel: str = "telegram", *, person: str = "olena", now: int = NOW, repeat: bool = False,
         where: Site = PUBLIC, broken: list[tuple[str, str]] | None = None,
         book: dict[str, Any] | None = None, earlier: tuple[int, ...] = (),
         number: int = 7, **values: Any) -> Rendered:
    made = content(**(book or {}))
    given_values = {"site": "school-12", "guard_phone": "+380 44 123 45 67", "since": NOW, "count": 2, **values}
    notification = Notification(id=number, kind=kind, person=person, channel=channel, created=NOW, incident=0 if kind ==
                                "notice" else 3, rule="panic-button", policy="police", step=1, severity="critical",
                                values=given_values)
    heard: list[tuple[str, str]] = [] if broken is None else broken
    return Renderer(where, lambda place, why: heard.append((place, why))).render(Message(
        notification=notification, content=made, rule=made.rules[0] if made.rules else None,
        person=made.people[person], now=now, repeat=repeat, earlier=earlier))


def test_a_telegram_page_says_hazard_place_severity_time_and_offers_answers() -> None:
    """Hazard and place stand first, the time has its zone, the three buttons have opaque tokens."""
    message = told()
    shown, _ = parse_html(message.text)
    assert shown.startswith("КРИТИЧНО: Тривожна кнопка: school-12")
    assert "Контакт охорони: +380 44 123 45 67" in shown
    assert "Краматорськ, 21:15 EET" in shown
    assert [(label, word) for label, word, _ in message.buttons] == [
        ("Беру", "accept"), ("Не можу", "decline"), ("Хибна тривога", "false_alarm")]
    assert all(len(token.encode()) <= 64 for _, _, token in message.buttons)


def test_an_sms_page_has_hazard_and_place_first_and_the_code_last() -> None:
    """Hazard and place lie within the first 67 characters; the code says how to answer."""
    message = told(channel="sms")
    assert "Тривожна кнопка: school-12" in message.text[:67]
    assert re.search(r"Відповідь \d{4} = прийняв$", message.text)
    assert message.code in message.text
    assert "\n" not in message.text


def test_an_email_page_has_a_link_and_a_subject_of_one_line() -> None:
    """The link leads to the answer page; text and HTML say the same; nothing can break a header."""
    message = told(channel="email")
    assert message.link.startswith("https://alarm.example.org/answer/")
    assert message.link in message.text
    assert message.link in message.html
    assert message.subject == "КРИТИЧНО: Тривожна кнопка: school-12"
    assert told(channel="email", site="a\r\nBcc: evil@example.org").subject.count("\n") == 0


def test_without_a_public_address_no_link_is_promised() -> None:
    """A page that nobody could open is not offered."""
    assert told(channel="email", where=Site(SECRET)).link == ""
    assert "answer" not in told(channel="email", where=Site(SECRET)).html


@pytest.mark.parametrize("language", ["uk", "ru", "en"])
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_shipped_template_says_what_it_is_about(kind: str, channel: str, language: str) -> None:
    """No shipped template is broken or prints a dash, in any language, by any channel."""
    broken: list[tuple[str, str]] = []
    book = {"people": {"olena": replace(content().people["olena"], language=language)}}
    message = told(kind, channel, broken=broken, book=book, text="Диск майже повний", how="resolved", who="taras")
    assert broken == []
    assert "—" not in message.text
    assert ("Диск майже повний" if kind == "notice" else "school-12") in message.text
    assert bool(message.buttons or message.code or message.link) == (
        kind in ("page", "raised", "remind", "handover"))
    severity = WORDS[language]["severity.critical"]
    assert kind not in ("page", "raised", "remind", "handover") or severity in message.text


def test_all_languages_have_the_same_words() -> None:
    """A word that one language lacks would break a message at night."""
    assert WORDS["uk"].keys() == WORDS["ru"].keys() == WORDS["en"].keys()
    for name, phrase in WORDS["en"].items():
        slots = sorted(re.findall(r"{\w+}", phrase))
        assert all(sorted(re.findall(r"{\w+}", words[name])) == slots for words in WORDS.values()), name


HOSTILE = "</b><a href='tg://x'>клік</a> & <script>alert(1)</script>\u202e\u200b\nBcc: a@b {{ 7 * 7 }} {% raw %}"


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("kind", KINDS)
def test_event_text_can_inject_nothing(kind: str, channel: str) -> None:
    """Tags are shown as text, template signs are text, lines stay one line, invisible letters are gone."""
    message = told(kind, channel, site=HOSTILE, text=HOSTILE, how=HOSTILE, who=HOSTILE, guard_phone=HOSTILE)
    if channel == "telegram":
        shown, entities = parse_html(message.text)
        assert "<script>" in shown
        assert {entity["type"] for entity in entities} <= {"bold", "italic"}
    if channel == "email":
        assert "<script>" not in message.html
        assert "href='tg" not in message.html
        assert "\n" not in message.subject
    assert "\u202e" not in message.text
    assert "\nBcc" not in message.text
    assert "49" not in message.text.replace(message.code or "·", "")


@given(st.dictionaries(st.sampled_from(["site", "guard_phone", "x", "say", "severity", "first", "answer"]),
                       st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3000),
                                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner,
                                                                                                max_size=3),
                                    max_leaves=8)), st.sampled_from(CHANNELS))
def test_any_values_make_a_message_that_fits_its_channel(values: dict[str, Any], channel: str) -> None:
    """Telegram's 4096, four SMS, and valid HTML hold for whatever an event carries."""
    message = told(channel=channel, **{name: value for name, value in values.items() if name != "site"},
                   **({"site": Site(SECRET)} if False else {}))
    assert message.text.strip()
    if channel == "telegram":
        assert len(parse_html(message.text)[0]) <= 4096
    if channel == "sms":
        assert segments(message.text) <= 4
        assert message.code in message.text


def test_a_long_text_is_cut_and_the_code_survives() -> None:
    """However long the advice, the SMS keeps hazard, place and code."""
    made = {"rules": (replace(rule(), advice="{{ guard_phone }} " * 40),)}
    message = told(channel="sms", book=made, guard_phone="дуже довгий текст " * 20)
    assert segments(message.text) <= 4
    assert message.text.startswith("Тривожна кнопка: school-12")
    assert message.text.endswith(f"Відповідь {message.code} = прийняв")


@pytest.mark.parametrize("channel", CHANNELS)
def test_practice_repeat_and_lateness_stand_in_every_message(channel: str) -> None:
    """The template cannot forget them: they are added outside of it."""
    book = {"templates": {"default/any.uk": "{{ say }}"}}
    message = told(channel=channel, book=book, repeat=True, now=NOW + 3 * MINUTE,
                   where=Site(SECRET, "https://a.example", practice=True))
    assert message.text.lstrip("<b>").startswith("НАВЧАННЯ")
    assert "ПОВТОР" in message.text
    assert "запізнилося: створено 21:15 EET" in message.text
    assert channel != "email" or message.subject.startswith("НАВЧАННЯ. ПОВТОР.")
    plain = told(channel=channel, book=book)
    assert not any(mark in plain.text for mark in ("НАВЧАННЯ", "ПОВТОР", "запізнилося"))


def test_a_template_that_forgets_the_code_or_link_still_sends_it() -> None:
    """A site's own template must not take away the way to answer."""
    book = {"templates": {"page/any.uk": "Увага!"}}
    sms, email = told(channel="sms", book=book), told(channel="email", book=book)
    assert sms.code in sms.text
    assert email.link in email.text


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("source", ["{{ say", "{{ 7 * 7 }}", "{{ say.upper() }}",
                                    "{% for x in say %}{{ x() }}{% endfor %}", "{{ cycler }}{{ say | nope }}",
                                    "{{ say | plural }}"])
def test_a_broken_template_falls_back_to_a_fixed_text(source: str, channel: str) -> None:
    """Severity, sentence, rule and key go out whatever the template does, and the break is reported once."""
    broken: list[tuple[str, str]] = []
    message = told(channel=channel, broken=broken, book={"templates": {"page/any.uk": source}})
    shown = parse_html(message.text)[0] if channel == "telegram" else message.text
    assert "КРИТИЧНО: Тривожна кнопка: school-12" in shown
    assert "panic-button" in shown
    assert [place for place, _ in broken] == ["templates/page/any.uk.j2"]
    assert message.buttons or message.code in message.text or message.link in message.text


def test_a_rule_that_is_gone_still_makes_a_message() -> None:
    """Without its rule a message says the rule's name and the key."""
    assert "panic-button" in told(book={"rules": ()}).text


def test_a_missing_name_prints_a_dash_and_is_reported() -> None:
    """A name that nothing has is shown as missing, never left out silently."""
    broken: list[tuple[str, str]] = []
    message = told(guard_phone=None, broken=broken)
    assert "Контакт охорони: —" in message.text
    assert broken == [("rule panic-button", "nothing has the name guard_phone: printed as —")]


def test_an_event_long_before_its_message_says_when_it_happened() -> None:
    """A late event's message says "happened at …"."""
    assert "Сталося: 20:15 EET" in told(since=NOW - HOUR).text
    assert "Сталося" not in told(since=NOW - SECOND).text
    assert "Сталося: 20:15 EET." in told(channel="sms", since=NOW - HOUR).text
    assert "Сталося" not in told(channel="sms", since=NOW - SECOND).text


def test_the_code_grows_where_an_earlier_one_begins_alike() -> None:
    """A second open message of the same person gets more digits instead of the same ones."""
    begun: dict[str, int] = {}
    for number in range(1, 10**5):
        twin = begun.setdefault(full_code(SECRET, number)[:4], number)
        if twin != number:
            break
    assert len(told(channel="sms", number=number).code) == 4
    assert len(told(channel="sms", number=number, earlier=(twin,)).code) == 5


@pytest.mark.parametrize("source", [
    "{{ x() }}", "{{ x.y() }}", "{{ x['y'] }}", "{{ 1 + 1 }}", "{{ 'a' * 9 }}", "{% macro m() %}{% endmacro %}",
    "{% set x = 1 %}", "{% include 'a' %}", "{% import 'a' as b %}", "{% extends 'a' %}", "{{ x is defined }}",
    "{{ x | attr('y') }}", "{{ x | tojson }}", "{{ a ~ b }}", "{{ x if y else z }}", "{{ x == 1 }}", "{{ [1, 2] }}",
    "{% for a in b %}{% for c in d %}{% for e in f %}{% endfor %}{% endfor %}{% endfor %}",
    "{% for a, b in c %}{% endfor %}", "{% for a in b recursive %}{% endfor %}", "{% call x() %}{% endcall %}",
    "{{ x | default(other=1) }}", "{% filter upper %}x{% endfilter %}", "{% block a %}{% endblock %}", "{{ -x }}",
])
def test_templates_have_names_filters_if_and_for_only(source: str) -> None:
    """Everything else is refused when the template is read, with the line."""
    with pytest.raises(TemplateError, match=r"^line 1: "):
        parse(source)


def test_dots_reach_keys_and_never_attributes() -> None:
    """``first.x`` is a key of the first event, given flat or nested; Python's own attributes are missing."""
    assert fill("{{ first.site }} {{ a.b.c }}", {"first.site": "x", "a": {"b": {"c": "y"}}}, html=False) == "x y"
    missing: list[str] = []
    names = {"x": "text", "d": {"k": "v"}}
    text = fill("{{ x.__class__ }}{{ d.keys }}{{ d.items }}{{ x.upper }}", names, html=False, missing=missing)
    assert text == "————"
    assert len(missing) == 4


def test_loops_and_filters() -> None:
    """Lists can be walked and joined; plural forms follow the number."""
    names = {"list": ["a", "b"], "n": "3"}
    loop = "{% for x in list %}{{ x | upper }};{% endfor %}{{ list | join(' + ') }}"
    assert fill(loop, names, html=False) == "A;B;a + b"
    forms = [fill("{{ n | plural('подія', 'події', 'подій') }}", {"n": n}, html=False) for n in (1, 3, 5, 11, 21)]
    assert forms == ["подія", "події", "подій", "подій", "подія"]


def test_output_is_capped() -> None:
    """No template can produce more than the cap, however it loops."""
    names = {"list": ["x" * 1000] * 100}
    source = "{% for a in list %}{% for b in list %}{{ b }}{% endfor %}{% endfor %}"
    assert len(fill(source, names, html=False)) == templates.LONGEST
