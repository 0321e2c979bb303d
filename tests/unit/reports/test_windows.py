"""What a window held when it fired, made again from the journal: by word, sealed or hot, whole or not."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.small_site import NOON, content, event, running

from tocsin.app.past import past_of
from tocsin.book.book import Content, number_book
from tocsin.book.match import Expect, Match
from tocsin.book.rule import Gate, PerKey, Rule, SequenceStep, When
from tocsin.clock import VirtualClock
from tocsin.delivery.say import say_of
from tocsin.domain.input import Answer
from tocsin.domain.time import DAY, MINUTE, SECOND
from tocsin.loop import Loop
from tocsin.matching.index import IndexMatcher
from tocsin.reports.as_json import as_json
from tocsin.reports.explain import Explained, explain
from tocsin.reports.explain_text import explain_text
from tocsin.rules.tables import Tables
from tocsin.store import Store, journal
from tocsin.store.journal import Sealer
from tocsin.store.reader import book_at, rows_at
from tocsin.store.retention import Keep, Retention

A, B = (Match((Expect("type", "is", name),)) for name in ("a", "b"))
Came = tuple[int, str, Any]
"""Seconds from noon, type, value."""


def rule(word: str, **when: Any) -> Rule:
    return Rule(id="rule", say="rule", when=When(word, **when), per=(PerKey("site"),), escalate_to=("patrol",))


def explained(store: Store, number: int = 1) -> Explained:
    with store.reading() as connection:
        found = explain(connection, number, rows_at=rows_at, book_at=book_at, say=say_of, past=past_of(store.reading))
    assert found is not None
    return found


def running_with(path: Path, book: Content, clock: VirtualClock | None = None) -> Any:
    numbered = number_book(1, book)
    return running(path, clock, book=numbered, matcher=IndexMatcher(book.rules, Tables.of(book)))


async def come(loop: Loop, clock: VirtualClock, *came: Came) -> None:
    """Events of the site ``s``, each at its time, and as many of another site that must not be counted."""
    for second, type_, value in came:
        await clock.advance(NOON + second * SECOND - clock.now())
        await loop.submit_events([event(f"{second}{type_}{site}", at=clock.now(), site=site, type=type_,
                                        data={"v": value}) for site in ("other", "s")])


def held(store: Store, number: int = 1) -> list[tuple[int, str]]:
    """(seconds from noon, what) of the newest window of the incident of site ``s``."""
    window = explained(store, number).windows[-1]
    return [((one.time - NOON) // SECOND, one.what) for one in window.held]


WORDS: dict[str, tuple[Rule, list[Came], list[tuple[int, str]]]] = {
    "count": (rule("count", match=A, at_least=3, within=MINUTE),
              [(0, "a", 1), (50, "a", 2), (70, "a", 3), (75, "b", 9), (80, "a", 4)], [(50, ""), (70, ""), (80, "")]),
    "distinct": (rule("count", match=A, at_least=2, within=MINUTE, distinct="v"),
                 [(0, "a", 1), (5, "a", 1), (9, "a", 2)], [(0, "1"), (5, "1"), (9, "2")]),
    "average": (rule("average", match=A, of="v", over=MINUTE, compare={"above": 10}),
                [(0, "a", 1), (50, "a", 1), (70, "a", 30)], [(50, "1"), (70, "30")]),
    "sum": (rule("sum", match=A, of="v", over=MINUTE, compare={"above": 10}),
            [(0, "a", 5), (50, "a", 4), (59, "a", 6)], [(0, "5"), (50, "4"), (59, "6")]),
    "slope": (rule("change", match=A, of="v", moves="rises", compare={"at_least": 5}, within=MINUTE),
              [(0, "a", 1), (60, "a", 6)], [(0, "1"), (60, "6")]),
    "turn": (rule("change", match=A, of="v", changes_from="shut", changes_to="open"),
             [(0, "a", "open"), (60, "a", "shut"), (900, "a", "open")], [(60, "shut"), (900, "open")]),
    "new": (rule("new", match=A, of="v", over=MINUTE),
            [(0, "a", "x"), (50, "a", "x"), (70, "a", "x"), (75, "a", "y")], [(70, "x"), (75, "y")]),
    "level": (rule("level", match=A, of="v", compare={"above": 10}, for_=MINUTE),
              [(0, "a", 11), (20, "a", 12), (61, "b", 0)], [(0, "in the level medium"), (20, "newest sample")]),
    "absence": (rule("absence", match=A, for_=MINUTE, expected="seen"), [(0, "a", 1), (30, "a", 1), (100, "b", 0)],
                [(30, "last heard, or expected since")]),
    "sequence": (rule("sequence", steps=(SequenceStep(A), SequenceStep(B, MINUTE))),
                 [(0, "a", 1), (10, "a", 1), (20, "b", 1)], [(10, "step1"), (20, "step2")]),
    "together": (rule("together", named={"x": A, "y": B}, within=MINUTE),
                 [(0, "b", 1), (30, "b", 1), (40, "a", 1)], [(30, "y"), (40, "x")]),
    "event": (Rule(id="rule", say="rule", when=When("event", match=A), per=(PerKey("site"),), escalate_to=("patrol",)),
              [(0, "a", 1)], [(0, "")])}


@pytest.mark.parametrize("name", WORDS)
async def test_each_word_shows_what_its_window_held(name: str, tmp_path: Path) -> None:
    """Of the incident's own key, and not what came before or after; with the events themselves."""
    asked, came, expected = WORDS[name]
    async with running_with(tmp_path / "t.db", content(asked)) as (loop, store, clock):
        await come(loop, clock, *came)
        number = next(number for number in (1, 2) if explained(store, number).key == {"site": "s"})
        assert held(store, number) == expected
        window = explained(store, number).windows[-1]
        assert window.whole
        for one in window.held:
            assert one.event is not None
            assert (one.event.time, one.event.site) == (one.time, "s")
            assert one.position
        await clock.advance(SECOND)
        await loop.submit(Answer("olena", number, "false_alarm", "telegram"))
        assert held(store, number) == expected, "what a person does later changes nothing of what was"


async def test_members_that_fire_are_named(tmp_path: Path) -> None:
    """One had resolved before."""
    async with running_with(tmp_path / "t.db", content(WORDS["event"][0])) as (loop, store, clock):
        for second, device, status in ((0, "x", "firing"), (1, "x", "resolved"), (2, "y", "firing")):
            await clock.advance(NOON + second * SECOND - clock.now())
            await loop.submit_events([event(second, at=clock.now(), type="a", device=device, status=status)])
        assert [one.what for one in explained(store).windows[-1].held] == ["a|y"]


async def test_sealed_and_hot_rows_tell_the_same(tmp_path: Path) -> None:
    asked, came, expected = WORDS["count"]
    async with running_with(tmp_path / "t.db", content(asked)) as (loop, store, clock):
        await come(loop, clock, *came[:3])
        await Sealer(store, loop.run_work, clock).seal_due(now=clock.now() + 2 * MINUTE)
        await come(loop, clock, *came[3:])
        assert held(store, 2) == expected
        await Sealer(store, loop.run_work, clock).seal_due(now=clock.now() + 2 * MINUTE)
        assert held(store, 2) == expected


async def test_each_activation_has_its_window(tmp_path: Path) -> None:
    """The second one begins with other events, whatever joined the first."""
    asked = rule("count", match=A, at_least=2, within=MINUTE)
    async with running_with(tmp_path / "t.db", content(asked)) as (loop, store, clock):
        await come(loop, clock, (0, "a", 1), (10, "a", 1), (20, "a", 1), (600, "a", 1), (620, "a", 1))
        windows = explained(store, 2).windows
        assert [[(one.time - NOON) // SECOND for one in window.held] for window in windows] == [[0, 10], [600, 620]]
        assert [window.activation for window in windows] == [1, 2]


async def test_a_rule_that_follows_another_shows_whose_incident_was_active(tmp_path: Path) -> None:
    """Of its own site only."""
    first = Rule(id="raid", say="raid", when=When("event", match=A), per=(PerKey("site"),))
    long = Rule(id="long", say="long", when=When("incident", of="raid", for_=MINUTE), per=(PerKey("site"),),
                escalate_to=("patrol",))
    async with running_with(tmp_path / "t.db", content(first, long)) as (loop, store, clock):
        await come(loop, clock, (0, "a", 1), (100, "b", 1))
        found = next(found for number in (3, 4) if (found := explained(store, number)).key == {"site": "s"})
        assert [one.what for one in found.windows[0].held] == ["incident 2: raid (site s)"]


async def test_the_text_and_the_json_name_the_events(tmp_path: Path) -> None:
    asked, came, _ = WORDS["average"]
    async with running_with(tmp_path / "t.db", content(asked)) as (loop, store, clock):
        await come(loop, clock, *came)
        found = explained(store, 2)
        said = explain_text(found)
        assert "What the window held" in said
        assert "30 a from gateway id 70as site s" in " ".join(said.split())
        window = as_json(found)["windows"][0]
        assert (window["word"], window["held"][1]["what"], window["held"][1]["event"]["data"]) == (
            "average", "30", {"v": 30})
        assert window["held"][1]["time"].endswith("Z")


async def test_what_the_journal_does_not_keep_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a thinned segment only what fired is left: more may have been in the window."""
    monkeypatch.setattr(journal, "ROWS", 10)
    asked, came, _ = WORDS["count"]
    async with running_with(tmp_path / "t.db", content(asked)) as (loop, store, clock):
        await come(loop, clock, *came)
        for number in (1, 2):
            await loop.submit(Answer("olena", number, "resolve", "telegram"))
        await clock.advance(31 * DAY)
        await loop.submit_events([event(n, type="x", at=clock.now()) for n in range(20)])
        sealer = Sealer(store, loop.run_work, clock)
        while await sealer.seal_due(now=clock.now() + 2 * MINUTE):
            pass
        await Retention(store, loop.run_work, clock, Keep(30 * DAY, 10**9, 1000 * DAY)).run()
        window = explained(store, 2).windows[0]
        assert not window.whole
        assert "not kept whole" in explain_text(explained(store, 2))


async def test_firings_that_opened_no_incident_are_shown_with_it(tmp_path: Path) -> None:
    """Those of the same rule and key since the incident before; not those of another site."""
    busy = Rule(id="busy", say="busy", when=When("event", match=B), per=(PerKey("site"),))
    gated = replace(rule("event", match=A), unless=(Gate(active="busy", same=("site",)),))
    async with running_with(tmp_path / "t.db", content(busy, gated)) as (loop, store, clock):
        await come(loop, clock, (0, "b", 1), (10, "a", 1), (20, "a", 2), (2000, "a", 3))
        found = next(found for number in (3, 4) if (found := explained(store, number)).key == {"site": "s"})
        assert [((one.at - NOON) // SECOND, one.key) for one in found.kept_back] == [(10, "site=s"), (20, "site=s")]
        assert "no incident: " in explain_text(found)
        await loop.submit(Answer("olena", found.incident, "resolve", "telegram"))
        await clock.advance(MINUTE)
        await come(loop, clock, (3000, "a", 4))
        newest = next(found for number in (5, 6) if (found := explained(store, number)).key == {"site": "s"})
        assert newest.kept_back == ()
