"""A city for measuring: rules, people, events of about 400 bytes, one in a thousand of them an alarm."""

import msgspec

from tocsin.book.book import Content, number_book
from tocsin.book.contacts import LastResort, Person, Policy, Step, Target
from tocsin.book.match import Expect, Match
from tocsin.book.rule import PerKey, Rule, When
from tocsin.domain.event import Event
from tocsin.domain.time import MINUTE, SECOND, format_instant
from tocsin.matching.index import IndexMatcher
from tocsin.rules.tables import Tables
from tocsin.sources.normal import Normaliser

RULES = 100
FIRES = 1_000
TOKEN = b"bench-token-of-the-benchmarks"

_encode = msgspec.json.Encoder().encode


def content(rules: int = RULES) -> Content:
    """``rules`` event rules over 50 types, one of them the panic button that the alarms fit."""
    people = {"olena": Person(id="olena", name="Олена", addresses={"telegram": "1"}, by={"critical": (("telegram",),)}),
              "chief": Person(id="chief", name="Chief", addresses={"email": "c@example.org"},
                              by={"critical": (("email",),)})}
    policy = Policy(id="patrol", steps=(Step((Target("person", "olena"),), 60 * SECOND),),
                    last_resort=LastResort((Target("person", "chief"),), 5 * MINUTE, by=(("email",),)))
    panic = Rule(id="panic", say="{{ site }}", when=When("event", match=Match((Expect("type", "is", "alarm.panic"),))),
                 per=(PerKey("site"),), severity="critical", escalate_to=("patrol",), limits={
                     "keys": 1_000_000, "opened_per_minute": 10_000_000})
    others = tuple(
        Rule(id=f"rule-{i}", say="…", per=(PerKey("site"),), severity="low", escalate_to=("board",),
             when=When("event", match=Match((
                 Expect("type", "is", f"camera.kind-{i % 50}"), Expect("zone", "is", f"zone-{i // 50}"),
                 Expect("speed", "at_least", 200 + i))))) for i in range(rules - 1))
    return Content(rules=(panic, *others), people=people, policies={"patrol": policy})


def book_and_matcher(rules: int = RULES):  # type: ignore[no-untyped-def]  # a pair for Loop(...)
    book = number_book(1, content(rules))
    return book, IndexMatcher(book.content.rules, Tables.of(book.content))


def event_body(number: int, now: int) -> bytes:
    """One event as a camera gateway sends it."""
    alarm = number % FIRES == 0
    return _encode({
        "id": f"ev-{number:010d}", "type": "alarm.panic" if alarm else f"camera.kind-{number % 50}",
        "time": format_instant(now), "site": f"site-{number % 97}", "device": f"cam-{number % 300}",
        "severity": "info", "text": "vehicle passed the crossing at moderate speed heading north",
        "data": {"plate": f"AH{number % 9999:04d}BC", "confidence": 0.93, "zone": f"zone-{number % 3}",
                 "speed": number % 90, "lane": 2, "colour": "white", "make": "unknown", "track": number,
                 "image": f"images/2026/11/22/{number:012d}.jpg"}})


def event_of(number: int, now: int) -> Event:
    """The same event as the engine keeps it."""
    return Normaliser("gateway").event(msgspec.json.decode(event_body(number, now)), now)


def batch_body(first: int, count: int, now: int) -> bytes:
    """A JSON array of events."""
    return b"[" + b",".join(event_body(number, now) for number in range(first, first + count)) + b"]"
