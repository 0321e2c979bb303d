"""The answer page: looking answers nothing, the button's POST does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace
from tests.support.contacts import SECRET, people
from tests.support.post import NOON, Box, Post, police_book, post

from tocsin.api.answers import answer_routes
from tocsin.api.server import build_app
from tocsin.book.book import Book
from tocsin.book.contacts import LastResort, Person, Policy, Step, Target
from tocsin.delivery.answer_page import AnswerPage
from tocsin.delivery.codes import link_token
from tocsin.delivery.inbound import InboundDesk
from tocsin.delivery.shelf import Shelf
from tocsin.domain.errors import StoreError
from tocsin.domain.event import Event
from tocsin.domain.time import DAY, MINUTE

BY_MAIL = Policy(id="police", steps=(Step((Target("person", "olena"),), 5 * MINUTE, by=(("email",),)),),
                 last_resort=LastResort((Target("person", "taras"),), 5 * MINUTE, by=(("email",),)))
HOSTILE = "<script>alert(1)</script>"


class Browser:
    """A paged person's browser on the page of the e-mail's link."""

    def __init__(self, office: Post, desk: InboundDesk, http: httpx.AsyncClient, mail: Box) -> None:
        self.office, self.desk, self.http, self.mail = office, desk, http, mail
        self.link = mail.sent[0][1].message.link.removeprefix("https://alarm.example.org")

    @property
    def response(self) -> str:
        return str(self.office.rows("SELECT response FROM incidents")[0][0])


@asynccontextmanager
async def browser(path: Path, practice: bool = False, channel: str = "email",
                  book: Book | None = None) -> AsyncIterator[Browser]:
    async with post(path, book or police_book(policy=BY_MAIL)) as office:
        mail = Box(office.clock, channel)
        office.serve(mail)
        await office.loop.submit_events([Event(id="1", source="g", type="alarm.panic", time=NOON, received=NOON,
                                               site=f"school-12 {HOSTILE}")])
        await office.advance()
        shelf = Shelf(lambda: office.loop.book, office.store.book)
        desk = InboundDesk(clock=office.clock, reading=office.store.reading, run_work=office.loop.run_work,
                           submit=office.loop.submit, shelf=shelf, secret=SECRET)
        page = AnswerPage(clock=office.clock, reading=office.store.reading, shelf=shelf, secret=SECRET, desk=desk,
                          practice=practice)
        transport = httpx.ASGITransport(build_app(answer_routes(page)))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            yield Browser(office, desk, http, mail)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tocsin.db"


async def test_looking_answers_nothing(path: Path) -> None:
    """Mail scanners fetch links: GET and HEAD change nothing, however often."""
    async with browser(path) as person:
        for _ in range(3):
            answer = await person.http.get(person.link)
            assert answer.status_code == 200
            assert (await person.http.head(person.link)).status_code == 200
        assert person.response == "unanswered"
        assert person.office.rows("SELECT count(*) FROM journal WHERE kind = 'answer'") == [(0,)]
        assert '<form method="post">' in answer.text
        assert "Тривожна кнопка: school-12" in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"


async def test_the_buttons_post_answers(path: Path) -> None:
    """The answer is committed when the page thanks for it; afterwards the page offers what comes next."""
    async with browser(path) as person:
        answer = await person.http.post(person.link, data={"word": "accept"})
        assert answer.status_code == 200
        assert "Ви прийняли" in answer.text
        assert person.response == "acknowledged"
        again = (await person.http.get(person.link)).text
        assert 'value="resolve"' in again
        assert 'value="accept"' not in again
        await person.http.post(person.link, data={"word": "resolve"})
        assert "Вже закрито: Олена Коваленко" in (await person.http.get(person.link)).text


async def test_a_system_that_answers_by_its_webhooks_link_hears_more_by_its_webhook(path: Path) -> None:
    """The way of the answer is the way of the message: what comes next goes there too."""
    dispatch = Person(id="olena", name="Dispatch", addresses={"webhook": "https://dispatch.example.org/a"})
    book = police_book(policy=replace(BY_MAIL, steps=(Step((Target("person", "olena"),), 5 * MINUTE),)),
                       people={"olena": dispatch, "taras": people()["taras"]})
    async with browser(path, channel="webhook", book=book) as system:
        await system.http.post(system.link, data={"word": "accept"})
        assert system.response == "acknowledged"
        await system.http.post(system.link, data={"word": "resolve"})
        await system.office.advance()
        assert system.office.rows("SELECT DISTINCT channel FROM outbox WHERE person = 'olena'") == [("webhook",)]
        assert system.office.rows("SELECT kind, channel FROM outbox WHERE kind = 'closed'") == [("closed", "webhook")]


async def test_event_text_is_text_on_the_page(path: Path) -> None:
    """Nothing of an event becomes markup, and nothing is loaded or run."""
    async with browser(path) as person:
        answer = await person.http.get(person.link)
        assert HOSTILE not in answer.text
        assert "&lt;script&gt;" in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("word, status", [("explode", 400), ("", 400)])
async def test_an_unknown_answer_changes_nothing(path: Path, word: str, status: int) -> None:
    """Only the words of the buttons count."""
    async with browser(path) as person:
        assert (await person.http.post(person.link, data={"word": word})).status_code == status
        assert person.response == "unanswered"


async def test_a_link_that_is_forged_or_too_old_is_gone(path: Path) -> None:
    """A changed token, and any token after seven days."""
    async with browser(path) as person:
        for link in ("/answer/x", person.link[:-1] + ("A" if person.link[-1] != "A" else "B")):
            assert (await person.http.get(link)).status_code == 410
            assert (await person.http.post(link, data={"word": "accept"})).status_code == 410
        (number,), = person.office.rows("SELECT id FROM outbox WHERE kind = 'page'")
        old = "/answer/" + link_token(SECRET, "olena", number, NOON - 7 * DAY)
        assert (await person.http.post(old, data={"word": "accept"})).status_code == 410
        assert person.response == "unanswered"


async def test_while_the_store_cannot_commit_the_page_says_so(path: Path) -> None:
    """Nobody is thanked for an answer that is not recorded."""
    async with browser(path) as person:
        async def refused(item: object) -> int:
            raise StoreError("the disk is full")

        person.desk._submit = refused
        answer = await person.http.post(person.link, data={"word": "accept"})
        assert answer.status_code == 503
        assert "записати відповідь не вдалося" in answer.text


async def test_the_page_of_practice_says_practice(path: Path) -> None:
    """The mode stands on every page."""
    async with browser(path, practice=True) as person:
        assert "НАВЧАННЯ" in (await person.http.get(person.link)).text
