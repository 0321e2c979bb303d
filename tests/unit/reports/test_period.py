"""The report of a period: from committed rows, for a spreadsheet and for a reader."""

import csv
import io
from pathlib import Path

import pytest
from tests.support.site import START, site_of
from tests.support.town import PANIC, town

from tocsin.book.groups import called
from tocsin.book.rule import Rule
from tocsin.delivery.say import say_of
from tocsin.domain.time import DAY, MINUTE, SECOND
from tocsin.reports.period import Report, of_one, of_period
from tocsin.reports.period_forms import csv_of, html_of, lasted, plain, text_of

RULES: dict[str, Rule] = {"panic-button": PANIC}
NAMES = called(town())


@pytest.fixture
async def report(tmp_path: Path) -> Report:
    """One panic accepted after two minutes and reached after ten, one false alarm, one that nobody answers."""
    async with site_of(tmp_path) as site:
        await site.event(site="school-12")
        await site.advance(minutes=2)
        page = site.telegram("taras").expects("school-12")
        await page.presses("Беру")
        await site.advance(minutes=8)
        await page.presses("На місці")
        await site.event(site="=2+2")
        await site.advance(seconds=30)
        await site.telegram("olena").expects("=2+2").presses("Хибна тривога")
        await site.event(site="<b>school-13</b>")
        await site.advance(minutes=1)
        site.forget_what_was_told()
        with site.engine.store.reading() as connection:
            assert of_one(connection, 99, RULES, say_of) is None
            one = of_one(connection, 1, RULES, say_of)
            assert one is not None
            assert [course.incident for course in one.courses] == [1]
            assert of_period(connection, START + DAY, START + 2 * DAY, RULES, say_of).courses == ()
            return of_period(connection, START, START + DAY, RULES, say_of)


async def test_how_long_everything_took(report: Report) -> None:
    """From the opening to the first message, to the answer, to arrival; a refusal is no answer."""
    first, false, open_ = report.courses
    assert (first.to_send, first.to_answer, first.to_arrival) == (0, 2 * MINUTE, 10 * MINUTE)
    assert (first.answered_by, first.false_alarm, first.unanswered) == ("taras", False, False)
    assert (false.to_answer, false.false_alarm) == (30 * SECOND, True)
    assert (open_.unanswered, open_.to_send) == (True, 0)


async def test_sums_by_rule_service_and_person(report: Report) -> None:
    """What a rule, a policy and a person came to; the median of an even number lies between."""
    rule, = report.rules
    assert (rule.name, rule.count, rule.unanswered, rule.false_alarms) == ("panic-button", 3, 1, 1)
    assert rule.to_answer == 75 * SECOND
    assert [(one.name, one.count) for one in report.services] == [("patrol", 3)]
    people = {one.name: (one.count, one.unanswered, one.to_answer) for one in report.people}
    assert people["olena"] == (3, 2, 30 * SECOND)
    assert people["taras"] == (1, 0, 0)


async def test_who_was_told_by_which_channel_with_which_receipt(report: Report) -> None:
    """Every message, those that were withdrawn with their reason."""
    told = {(one.person, one.channel, one.kind, one.receipt) for one in report.courses[0].messages}
    assert {("olena", "telegram", "page", "sent"), ("olena", "sms", "page", "sent"),
            ("taras", "telegram", "page", "sent")} <= told


async def test_as_csv_nothing_is_a_formula(report: Report) -> None:
    """One line a message, readable by spreadsheets."""
    text = csv_of(report, NAMES, "Europe/Kyiv")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) == sum(len(one.messages) for one in report.courses)
    assert rows[0]["person"] == "Олена Коваленко"
    assert rows[0]["opened"] == "24.11.2026 12:00:00"
    assert rows[0]["to_answer_s"] == "120.0"
    assert not [field for row in rows for field in row.values() if field.startswith("=")]


async def test_as_json(report: Report) -> None:
    """Instants in RFC 3339, durations in seconds."""
    said = plain(report)
    assert said["incidents"][0]["to_arrival_s"] == 600
    assert said["incidents"][2]["unanswered"] is True
    assert said["incidents"][0]["messages"][0]["sent"] == "2026-11-24T10:00:00Z"


@pytest.mark.parametrize("language, title, nobody", [
    ("uk", "Звіт", "ніхто"), ("ru", "Отчёт", "никто"), ("en", "Report", "nobody"), ("de", "Report", "nobody")])
async def test_as_a_page(report: Report, language: str, title: str, nobody: str) -> None:
    """In the site's language, escaped, and nothing in it is loaded from elsewhere."""
    page = html_of(report, NAMES, "Europe/Kyiv", language, "Краматорськ")
    assert f"<h1>{title}: Краматорськ</h1>" in page
    assert nobody in page
    assert "<b>school-13</b>" not in page
    assert "&lt;b&gt;school-13&lt;/b&gt;" in page
    assert not [word for word in ("http:", "https:", "<script", "url(") if word in page]


async def test_as_text(report: Report) -> None:
    """For the duty officer at a terminal."""
    text = text_of(report, NAMES, "Europe/Kyiv")
    assert text.startswith("Incidents: 3, unanswered 1, false alarms 1; to the first message 0 s, to the answer 1 min")
    assert "answered by Тарас Бондаренко after 2 min 00 s" in text
    assert "nobody has answered" in text


def test_durations_as_people_say_them() -> None:
    """Seconds, minutes, hours, and a dash."""
    assert [lasted(one) for one in (None, 45 * SECOND, 200 * SECOND, 125 * MINUTE)] == [
        "—", "45 s", "3 min 20 s", "2 h 05 min"]
