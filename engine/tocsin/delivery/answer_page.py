"""The answer page behind the link of an e-mail or webhook: looking at it answers nothing, only its buttons do."""

from msgspec import Struct

from tocsin.book.contacts import Person
from tocsin.delivery import codes
from tocsin.delivery.inbound import InboundDesk
from tocsin.delivery.page import web_page
from tocsin.delivery.records import Records
from tocsin.delivery.render import ANSWERS, FOLLOW_UPS, REMINDED
from tocsin.delivery.replying import Replies, holder_of
from tocsin.delivery.shelf import Shelf
from tocsin.delivery.statement import Reading
from tocsin.delivery.words import word
from tocsin.domain.errors import StoreError
from tocsin.domain.incident import CLOSED, Incident
from tocsin.domain.notification import REMIND, Notification
from tocsin.ports import Clock


class Page(Struct, frozen=True):
    """An HTML page with its HTTP status."""

    status: int
    html: str


class AnswerPage:
    """Shows and takes answers; the link itself proves the person, for whom it was made."""

    def __init__(self, *, clock: Clock, reading: Reading, shelf: Shelf, secret: bytes, desk: InboundDesk,
                 practice: bool = False) -> None:
        self._clock = clock
        self._shelf = shelf
        self._secret = secret
        self._desk = desk
        self._practice = practice
        self._records = Records(reading, shelf)
        self._replies = Replies(shelf)

    def show(self, token: str) -> Page:
        """The page by GET or HEAD: what it is about and the buttons; changes nothing."""
        found = self._read(token)
        if found is None:
            return self._gone()
        person, notification = found
        members = self._records.members(notification.id)
        if members:
            return self._list(person, members)
        incident = self._records.incident(notification.incident)
        language = person.language
        severity = word(language, f"severity.{notification.severity}")
        lines = [f"{severity}: {self._replies.sentence(notification)}"]
        if incident is None or incident.response == CLOSED:
            if incident is not None:
                lines.append(self._replies.closed(person, incident, self._clock.now()))
            return self._page(200, language, word(language, "page.title"), lines)
        words: tuple[str, ...] = ANSWERS
        if _holds(incident, person):
            words = REMINDED if notification.kind == REMIND else FOLLOW_UPS
        buttons = tuple((name, word(language, f"button.{name}")) for name in words)
        return self._page(200, language, word(language, "page.title"), [*lines, word(language, "page.open")], buttons)

    def _list(self, person: Person, members: list[Notification]) -> Page:
        """The page of a list: buttons for everything that is open, and for each incident of it."""
        language, lines = person.language, list[str]()
        buttons: list[tuple[str, str]] = []
        for place, one in enumerate(members, 1):
            incident = self._records.incident(one.incident)
            lines.append(f"{place}. {word(language, f'severity.{one.severity}')}: {self._replies.say(one, language)}")
            if incident is None or incident.response == CLOSED:
                lines[-1] += f" {self._replies.closed(person, incident, self._clock.now())}" if incident else ""
                continue
            words = FOLLOW_UPS if _holds(incident, person) else ANSWERS
            buttons += [(f"{name} {one.id}", f"{word(language, f'button.{name}')} {place}") for name in words]
        every = [(name, word(language, "bundle.all", word=word(language, f"button.{name}")))
                 for name in ("accept", "decline", "resolve") if buttons]
        return self._page(200, language, word(language, "page.title"), lines, (*every, *buttons))

    async def answer(self, token: str, given: str) -> Page:
        """The page after a button was pressed (POST): the answer is committed, or it says that it is not."""
        found = self._read(token)
        if found is None:
            return self._gone()
        person, notification = found
        language, members = person.language, self._records.members(notification.id)
        given, _, named = given.partition(" ")
        one = next((member for member in members if str(member.id) == named), None if named else notification)
        if given not in (*ANSWERS, *FOLLOW_UPS) or one is None:
            return self._page(400, language, word(language, "page.title"), [word(language, "page.unknown")])
        try:
            if members and not named:
                reply = await self._desk.answer_all(person, notification.id, given, notification.channel)
            else:
                reply = await self._desk.answer(person, one, given, notification.channel)
        except StoreError:
            return self._page(503, language, word(language, "page.title"), [word(language, "page.trouble")])
        return self._page(200, language, word(language, "page.thanks"), [reply])

    def _read(self, token: str) -> tuple[Person, Notification] | None:
        meant = codes.read_link(self._secret, token, self._clock.now())
        found = self._records.notification(meant[1]) if meant is not None else None
        person = self._shelf.content.people.get(meant[0]) if meant is not None else None
        return (person, found[0]) if person is not None and found is not None else None

    def _gone(self) -> Page:
        language = self._shelf.content.site.language
        return self._page(410, language, word(language, "page.title"), [word(language, "page.gone")])

    def _page(self, status: int, language: str, title: str, lines: list[str],
              buttons: tuple[tuple[str, str], ...] = ()) -> Page:
        if self._practice:
            lines = [word(language, "practice"), *lines]
        return Page(status, web_page(language, title, lines, buttons))


def _holds(incident: Incident, person: Person) -> bool:
    holder = holder_of(incident)
    return holder is not None and holder.person == person.id
