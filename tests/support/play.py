"""Stories about the core: what comes in at ``"+5s"``, and what people are told; over ``replay.Run``."""

from typing import Any

from msgspec.structs import replace
from tests.support.city import content as city
from tests.support.city import micros

from tocsin.book.book import Content, number_book
from tocsin.core.rebuild import Closing
from tocsin.domain.change import ActivationSet, Change, IncidentSet, Noted, NotificationSet, Suppressed
from tocsin.domain.event import TOP_LEVEL, Event
from tocsin.domain.incident import Activation, Incident
from tocsin.domain.input import Answer, Arrival, Input, OperatorAction, Receipt
from tocsin.domain.notification import NOTICE, TAKEN, WANTS_ANSWER, Notification
from tocsin.domain.time import format_duration, parse_instant
from tocsin.matching.index import IndexMatcher
from tocsin.replay.ledger import Ledger
from tocsin.replay.run import Run
from tocsin.rules.meaning import Meaning
from tocsin.rules.tables import Tables

START = parse_instant("2026-11-22T21:15:00Z")


def offset(instant: int | None) -> str | None:
    """An instant of a story as ``+5s``."""
    return None if instant is None else "+" + format_duration(instant - START)


def events_of(at: str, *, n: int, happened: str | None = None, **fields: Any) -> tuple[Event, int]:
    """An event and its arrival; ``happened`` is its own time, else it came at once. Unknown names go into data."""
    arrival = START + micros(at)
    time = arrival if happened is None else START + micros(happened)
    data = {name: value for name, value in fields.items() if name not in TOP_LEVEL}
    top = {name: value for name, value in fields.items() if name in TOP_LEVEL}
    top.setdefault("id", f"event-{n}")
    return Event(source="gateway", time=time, received=arrival, data={**top.pop("data", {}), **data}, **top), arrival


class Play:
    """One story. Offsets count from its start; every input must not be earlier than the one before.

    ``play.pages()`` and ``play.news()`` are (offset, person, channel) in order of their decision.
    """

    def __init__(self, *rules: Any, awaited: frozenset[str] = frozenset(), delivers: bool = True,
                 of: Content | None = None, **more: Any) -> None:
        self.ledger = Ledger()
        self.steps: list[tuple[int, Input, list[Change]]] = []
        self.incidents: dict[int, Incident] = {}
        self.activations: dict[int, dict[int, Activation]] = {}
        self.messages: list[Notification] = []
        self.awaited = awaited
        meaning, matcher = self._book(1, of if of is not None else city(*rules, **more))
        self.run = Run(meaning, matcher, self._witness, delivers=delivers)
        self.run.clock = START
        self._count = 0
        self._book_number = 1

    def _book(self, number: int, book: Content) -> tuple[Meaning, IndexMatcher]:
        book = replace(book, receipts=tuple(sorted(self.awaited)))
        return Meaning(number_book(number, book)), IndexMatcher(book.rules, Tables.of(book))

    def _witness(self, now: int, item: Input, changes: list[Change]) -> None:
        self.ledger(now, item, changes)
        self.steps.append((now, item, changes))
        for change in changes:
            if isinstance(change, IncidentSet):
                self.incidents[change.incident.id] = change.incident
            elif isinstance(change, ActivationSet):
                self.activations.setdefault(change.incident, {})[change.activation.number] = change.activation
            elif isinstance(change, NotificationSet):
                self.messages.append(change.notification)

    # -- what comes in

    def event(self, at: str = "", *, happened: str | None = None, **fields: Any) -> None:
        """An event that arrives; without ``at`` it arrives now."""
        self._count += 1
        event, arrival = events_of(at or self.now(), n=self._count, happened=happened, **fields)
        self.run.feed(event, arrival)

    def answer(self, person: str, word: str, *, at: str = "", incident: int = 1, channel: str = "telegram",
               notification: int | None = None, **more: Any) -> None:
        """A person's word; by default to the last message that asked them, by a press in Telegram."""
        if notification is None:
            asked = [one.id for one in self.messages
                     if one.person == person and one.incident == incident and one.kind in WANTS_ANSWER]
            notification = asked[-1] if asked else 0
        self.put(Answer(person, incident, word, channel, notification, **more), at)

    def receipt(self, person: str, channel: str, state: str, *, at: str = "", **more: Any) -> None:
        """What became of the last message to a person by a channel."""
        last = next(one for one in reversed(self.messages) if (one.person, one.channel) == (person, channel))
        self.put(Receipt(last.id, state, last.incident, person, channel, **more), at)

    def operator(self, action: str, *, at: str = "", **arguments: Any) -> None:
        self.put(OperatorAction("operator", action, arguments), at)

    def book(self, *rules: Any, at: str = "", **more: Any) -> None:
        """Another rule book holds from now on."""
        self._book_number += 1
        meaning, matcher = self._book(self._book_number, city(*rules, **more))
        heard = [(now, item.event) for now, item, _ in self.steps if isinstance(item, Arrival)]
        closings = [Closing(now, change.incident.rule, change.incident.key) for now, _, changes in self.steps
                    for change in changes if isinstance(change, IncidentSet) and change.incident.closed_by]
        self.run.renew(meaning, matcher, START + micros(at or self.now()), heard, closings)

    def put(self, item: Input, at: str = "") -> None:
        self.run.put(item, START + micros(at or self.now()))

    def until(self, at: str) -> "Play":
        """Time passes, the instant ``at`` with its timers included."""
        instant = START + micros(at)
        self.run.run_timers(before=instant + 1)
        self.run.clock = max(instant, self.run.clock or instant)
        return self

    def just_before(self, at: str) -> "Play":
        """Time passes up to ``at``, without the timers due exactly then."""
        self.run.run_until(START + micros(at))
        return self

    def advance(self, **units: int) -> "Play":
        """``advance(minutes=5)``."""
        (unit, number), = units.items()
        return self.until("+" + format_duration((self.run.clock or START) - START + micros(f"{number} {unit}")))

    def now(self) -> str:
        return "+" + format_duration((self.run.clock or START) - START)

    # -- what can be seen

    def pages(self, incident: int | None = None, kind: str = "") -> list[tuple[str, str, str]]:
        """Every message that asks for an answer; reminders left out unless asked for."""
        kinds = {kind} if kind else {"page", "raised"}
        return self._told(incident, kinds)

    def news(self, kind: str = "", incident: int | None = None) -> list[tuple[str, str, str]]:
        """Every message that asks for nothing, or those of one kind."""
        return self._told(incident, {kind} if kind else {"joined", "cleared", "closed"})

    def notices(self) -> list[tuple[str, str, str]]:
        """What the engine said about itself: (offset, person, text)."""
        return [(str(offset(one.created)), one.person, one.values["text"])
                for one in self.messages if one.kind == NOTICE]

    def _told(self, incident: int | None, kinds: set[str]) -> list[tuple[str, str, str]]:
        return [(str(offset(one.created)), one.person, one.channel) for one in self.messages
                if one.kind in kinds and one.kind != TAKEN and incident in (None, one.incident)]

    def paged(self, since: str = "+0s", incident: int | None = None) -> list[str]:
        """The people asked from an instant on, in order."""
        return [person for at, person, _ in self.pages(incident) if micros(at) >= micros(since)]

    def incident(self, number: int = 1) -> Incident:
        """The newest value of an incident, closed ones too."""
        return self.incidents[number]

    def periods(self, number: int = 1) -> list[tuple[str | None, str | None, int]]:
        """The activations of an incident: (at, cleared, events)."""
        return [(offset(one.at), offset(one.cleared), one.events)
                for _, one in sorted(self.activations.get(number, {}).items())]

    def how(self, number: int = 1) -> str:
        """Why the newest activation ended."""
        return self.incident(number).activation.how

    def notes(self, what: str) -> list[Noted]:
        """The lines of one kind in the timeline."""
        return [change for _, _, changes in self.steps for change in changes
                if isinstance(change, Noted) and change.what == what]

    def suppressed(self) -> list[str]:
        return [change.reason for _, _, changes in self.steps for change in changes if isinstance(change, Suppressed)]

    def timers(self, kind: str = "") -> list[str]:
        """The deadlines that stand: ``kind +5m`` in due order."""
        found = sorted((timer.due, timer.kind) for timer in self.run.board.timers.values())
        return [f"{name} {offset(due)}" for due, name in found if kind in ("", name)]
