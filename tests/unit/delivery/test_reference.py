"""A reference says which incident it is about and nothing of what happened, in every message, channel and language."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.contacts import SECRET, TARAS, content
from tests.support.post import Box, police_book, post
from tests.unit.delivery.test_inbound import desk_of, page_of, press

from tocsin.book.book import Content
from tocsin.book.contacts import Service
from tocsin.delivery.render import Message, Renderer, Site
from tocsin.delivery.samples import sample_findings
from tocsin.domain.event import Event
from tocsin.domain.notification import CHANNELS, KINDS, TAKEN, Notification
from tocsin.domain.time import MINUTE, parse_instant
from tocsin.ports import Rendered

NOW = parse_instant("2026-11-22T19:15:00Z")
PUBLIC = Site(SECRET, "https://alarm.example.org")
NUMBER = 4711
SECRETS = {"site": "school-12", "guard_phone": "+380 44 123 45 67", "plate": "АН1234ВС", "who": "taras",
           "how": "false_alarm by taras", "word": "accept", "text": "Двері відчинено", "eta": 600_000_000, "at": NOW}
SAID = (*(str(value) for name, value in SECRETS.items() if isinstance(value, str) and name != "word"),
        "Тривожна", "Виїзд", "Taras", "Шевч", "panic")
REFERRING = {"police": Service(id="police", name="Police", members=("olena",),
                               channels={channel: {"content": "reference"} for channel in CHANNELS})}


def told(kind: str, channel: str, language: str, *, where: Site = PUBLIC, broken: list[Any] | None = None,
         **changed: Any) -> Rendered:
    made: Content = content(**changed)
    olena = replace(made.people["olena"], language=language)
    notification = Notification(id=7, kind=kind, person="olena", channel=channel, created=NOW, rule="panic-button",
                                incident=0 if kind == "notice" else NUMBER, policy="police", step=1,
                                severity="critical", values=SECRETS, content="reference")
    heard: list[Any] = [] if broken is None else broken
    return Renderer(where, lambda place, why: heard.append((place, why))).render(Message(
        notification=notification, content=made, rule=made.rules[0], person=olena, now=NOW))


@pytest.mark.parametrize("language", ["uk", "ru", "en"])
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != TAKEN])
def test_no_message_says_what_happened(kind: str, channel: str, language: str) -> None:
    """The number stands in it (a notice has none); no value, sentence, advice or name does; nothing is reported."""
    broken: list[Any] = []
    message = told(kind, channel, language, broken=broken)
    shown = "\n".join((message.text, message.subject, message.html))
    assert [said for said in SAID if said in shown] == []
    assert (str(NUMBER) in message.text) == (kind != "notice")
    assert broken == []


def test_it_can_be_answered_as_any_other() -> None:
    """Buttons, code and link are there; number and hint lie in one SMS."""
    assert len(told("page", "telegram", "uk").buttons) == 3
    sms = told("page", "sms", "uk")
    assert sms.code
    assert sms.code in sms.text
    assert len(sms.text.partition(".")[0]) <= 67
    assert told("page", "email", "uk").link


@pytest.mark.parametrize("template", [
    "{{ site }} {{ guard_phone }} {{ plate }} {{ say }} {{ advice }} {{ who }} {{ how }} {{ rule }} {{ happened }}",
    "{{ first.site }}", "{% for x in plate %}{{ x }}{% endfor %}", "{{ plate | plural }}"])
def test_a_template_of_the_site_cannot_say_more(template: str) -> None:
    """It is filled with names that know nothing; where nothing is left or it fails, the fixed text says no more."""
    text = told("page", "sms", "uk", templates={"page/sms.uk": template}).text
    assert [said for said in SAID if said in text] == []
    assert str(NUMBER) in text


def test_the_copy_that_shows_who_took_it_names_nobody_but_its_reader() -> None:
    """Taras took it: Olena's copy says a colleague, his own says Taras."""
    made = content()
    row = Notification(id=9, kind=TAKEN, person="", channel="telegram", created=NOW, incident=NUMBER,
                       rule="panic-button", severity="critical", values=SECRETS, content="reference")
    renderer = Renderer(PUBLIC, lambda place, why: None)
    texts = [renderer.taken(Message(notification=row, content=made, rule=made.rules[0], person=made.people[person],
                                    now=NOW), "before", answers=7, taker=person == "taras", over=False).text
             for person in ("olena", "taras")]
    assert "Взято: колега, 21:15 EET" in texts[0]
    assert "Taras" not in texts[0]
    assert "Taras Shevchuk" in texts[1]


async def test_replies_say_no_more_than_the_message(tmp_path: Path) -> None:
    """Who took it by a reference is told its number; the second learns of a colleague; the page was a reference."""
    police = Service(id="police", name="P", members=("olena", "taras"), channels={"telegram": {"content": "reference"}})
    async with post(tmp_path / "tocsin.db", police_book(services={"police": police})) as office:
        box = Box(office.clock)
        office.serve(box)
        await office.loop.submit_events([Event(id="1", source="gateway", type="alarm.panic", time=office.clock.now(),
                                               received=office.clock.now(), site="school-12")])
        await office.advance(3 * MINUTE)
        assert box.sent
        assert all("school-12" not in sent.message.text for _, sent in box.sent)
        desk = desk_of(office)
        first = await desk(press(page_of(office)))
        assert first.text == "Ви прийняли: Інцидент № 1, подробиці у чергового"
        second = await desk(press(page_of(office, "taras"), sender=TARAS, reference="1001"))
        assert second.text.startswith("Already taken by a colleague at ")


def test_check_fills_templates_with_a_reference_where_a_service_has_one() -> None:
    """A template that has nothing to say without the values of the event is named."""
    texts = {"page/sms.uk": "{{ site }}"}
    assert sample_findings(content(templates=texts, rules=())) == ()
    (finding,) = sample_findings(content(templates=texts, rules=(), services=REFERRING))
    assert finding.text.startswith("this template says nothing where content: is reference")
