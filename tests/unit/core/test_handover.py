"""Hand-overs: who is told when, once, whatever happened meanwhile; and what becomes of the open incidents."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from msgspec.structs import replace
from tests.support.city import content, event_rule, match, person, policy, step, targets
from tests.support.naive_roster import evening_of, rosters, walked
from tests.support.play import START, Play

from tocsin.book.book import Roles, number_book
from tocsin.book.contacts import Away, Override, Person, Rotation, Schedule, Service
from tocsin.core.handover import MOST
from tocsin.domain.change import NotificationSet
from tocsin.domain.input import Answer, OperatorAction, Started
from tocsin.domain.notification import HANDOVER, Notification
from tocsin.domain.time import DAY, HOUR, MINUTE, format_instant
from tocsin.matching.index import IndexMatcher
from tocsin.replay.run import Run
from tocsin.rules.meaning import Meaning
from tocsin.rules.tables import Tables

# The stories begin at 23:15 in Kyiv; the patrol hands over at 23:20, the desk never.
PEOPLE = tuple(person(name, "telegram") for name in ("olena", "taras", "ivan", "maria", "chief"))
DAILY = Rotation(("olena", "taras"), DAY, "2026-11-21 23:20")
PATROL = Schedule(id="patrol", time_zone="Europe/Kyiv", rotations=(DAILY,))
DESK = Schedule(id="desk", time_zone="Europe/Kyiv", rotations=(Rotation(("olena",), DAY, "2026-01-01 08:00"),))
POLICY = policy("police", step("on_call:patrol", within="2 min"), step("maria", within="10 min"),
                last=("on_call:patrol",), every="30 min")
SITE: dict[str, Any] = {"people": PEOPLE, "policies": (POLICY,), "schedules": (PATROL, DESK),
                        "roles": Roles(targets("chief"), targets("chief"), targets("chief"))}
PANIC = event_rule("panic", match(type="alarm.panic"), to="police", clear=replace(
    event_rule().clear, after=DAY))


def story(*rules: Any, **more: Any) -> Play:
    play = Play(*(rules or (PANIC,)), **{**SITE, **more})
    play.put(Started("1"))
    return play


def said(play: Play) -> list[tuple[str, str]]:
    """(offset, who begins or ends what)."""
    return [(at, text.partition(" at ")[0]) for at, _, text in play.notices()]


CHANGE = [("+5m", "patrol: the shift of olena ended"), ("+5m", "patrol: the shift of taras began")]


# -- who is told

def test_both_are_told_at_the_hand_over_and_nobody_before_it() -> None:
    """Each by the first way that they have for what is not urgent; when it begins, until when, who was before."""
    play = story().just_before("+5m")
    assert play.notices() == []
    play.until("+5m")
    assert said(play) == CHANGE
    ended, begun = play.messages
    assert (ended.person, ended.severity, ended.values["phrase"], ended.values["people"]) == (
        "olena", "low", "shift.ends", ["taras"])
    assert begun.values["until"] == begun.values["at"] + DAY
    assert (begun.person, begun.values["people"], begun.values["count"]) == ("taras", ["olena"], 0)
    play.until("+24h5m")
    assert said(play)[2:] == [("+1d5m", "patrol: the shift of taras ended"),
                              ("+1d5m", "patrol: the shift of olena began")]


def test_an_override_and_an_absence_are_hand_overs_too() -> None:
    """Who stands in is told, and whom they replace."""
    swapped = replace(PATROL, overrides=(Override("ivan", "2026-11-22 23:20", "2026-11-23 08:00", "taras"),))
    play = story(schedules=(swapped,)).until("+5m")
    assert said(play) == [CHANGE[0], ("+5m", "patrol: the shift of ivan began")]
    away = {one.id: one for one in PEOPLE} | {"olena": person("olena", "telegram", away=(
        Away("2026-11-22 23:17", "2026-11-22 23:18", "maria"),))}
    play = story(people=tuple(away.values()), schedules=(PATROL,)).until("+3m")
    assert said(play) == [("+2m", "patrol: the shift of olena ended"), ("+2m", "patrol: the shift of maria began"),
                          ("+3m", "patrol: the shift of maria ended"), ("+3m", "patrol: the shift of olena began")]


def test_a_shift_that_lasts_for_months_names_no_end() -> None:
    """The search for it would take long while others wait; a month ahead it is found."""
    for turn, until in ((31 * DAY, START + 31 * DAY + 5 * MINUTE), (60 * DAY, None)):
        begins = Rotation(("olena", "taras"), turn, format_instant(START + 2 * HOUR + 5 * MINUTE - turn)[:16])
        play = story(schedules=(replace(PATROL, rotations=(begins,)),)).until("+5m")
        assert [one.values["until"] for one in play.messages if one.person == "taras"] == [until]


def test_where_nobody_comes_the_shift_head_is_told() -> None:
    ends = replace(PATROL, rotations=(replace(DAILY, end="2026-11-22 23:20"),))
    play = story(schedules=(ends,)).until("+1d")
    assert [(at, who, text) for at, who, text in play.notices() if who == "chief"] == [
        ("+5m", "chief", "patrol: nobody is on duty since 2026-11-22T21:20:00Z")]
    assert play.messages[0].values["people"] == []


def test_a_changed_roster_is_told_at_once_and_once() -> None:
    """A reload puts somebody else on duty now; one that changes nothing now tells nobody."""
    play = story()
    play.book(PANIC, at="+1m", **SITE | {"schedules": (PATROL, replace(DESK, id="other"))})
    assert (play.notices(), play.timers("shift")) == ([], ["shift +5m", "shift +32d1m"])
    swapped = replace(PATROL, overrides=(Override("ivan", "2026-11-22 23:00", "2026-11-23 08:00"),))
    play.book(PANIC, at="+2m", **SITE | {"schedules": (swapped,)})
    assert said(play) == [("+2m", "patrol: the shift of olena ended"), ("+2m", "patrol: the shift of ivan began")]
    play.until("+8h44m")
    assert len(play.notices()) == 2
    play.until("+8h45m")
    assert said(play)[2:] == [("+8h45m", "patrol: the shift of ivan ended"),
                              ("+8h45m", "patrol: the shift of taras began")]
    play.book(PANIC, at="+9h", **SITE | {"schedules": ()})
    assert play.timers("shift") == []


def test_hand_overs_during_a_downtime_are_told_once_with_their_times() -> None:
    """Five of them were missed: only what came of them is told, to one message a person; a whole circle to nobody."""
    three = replace(PATROL, rotations=(Rotation(("olena", "taras", "ivan"), DAY, "2026-11-21 23:20"),))
    play = story(schedules=(three,))
    down = 4 * DAY + HOUR
    play.run.restart(Started("1", down), START + down)
    play.until("+4d1h1m")
    assert said(play) == [("+4d1h", "patrol: the shift of olena ended"), ("+4d1h", "patrol: the shift of ivan began")]
    assert [one.values["at"] - START for one in play.messages] == [3 * DAY + 5 * MINUTE, 4 * DAY + 5 * MINUTE]
    play = story(schedules=(three,))
    play.run.restart(Started("1", 3 * DAY), START + 3 * DAY)
    play.until("+3d1m")
    assert play.notices() == []


def test_turns_of_a_minute_over_a_month_of_downtime_end_the_search() -> None:
    quick = replace(PATROL, rotations=(Rotation(("olena", "taras"), MINUTE, "2026-11-21 23:20"),))
    play = story(schedules=(quick,))
    down = 30 * DAY + MINUTE
    play.run.restart(Started("1", down), START + down)
    play.run.run_timers(before=START + down + 1)
    assert len(play.notices()) == 2


@settings(max_examples=25, deadline=None)
@given(rosters())
def test_every_hand_over_of_both_nights_is_told_in_its_minute(roster: tuple[str, Schedule, dict[str, Person]]) -> None:
    """Against somebody who looks at the clock every minute; also when the engine starts again at any of them."""
    night, schedule, people = roster
    people = {name: replace(one, addresses={"telegram": name}) for name, one in people.items()}
    begin = evening_of(night)
    end = begin + 13 * HOUR
    seen = walked(schedule, people, begin, end)
    expected = set()
    for number, (before, after) in enumerate(pairwise(seen), 1):
        at = begin + number * MINUTE
        expected |= {(at, one, "shift.ends") for one in before if one not in after}
        expected |= {(at, one, "shift.begins") for one in after if one not in before}
    told = [one for one in messages_of(schedule, people, begin, end) if one.values["phrase"] != "shift.gap"]
    assert {(one.created, one.person, one.values["phrase"]) for one in told} == expected
    assert len(told) == len(expected)
    assert all(one.values["at"] == one.created for one in told)


def messages_of(schedule: Schedule, people: dict[str, Person], begin: int, end: int) -> list[Notification]:
    book = content(people=tuple(people.values()), policies=(), schedules=(schedule,), roles=Roles())
    found: list[Notification] = []

    def hear(now: int, item: Any, changes: Iterable[Any]) -> None:
        found.extend(change.notification for change in changes if isinstance(change, NotificationSet))

    run = Run(Meaning(number_book(1, book)), IndexMatcher((), Tables.of(book)), hear)
    for number in range(13):
        run.put(Started("1"), begin + number * HOUR)
    run.run_until(end)
    return found


# -- the open incidents

def handed(play: Play) -> list[tuple[str, str, int]]:
    return [(at, who, one.incident) for (at, who, _), one in zip(
        play.news(HANDOVER), [one for one in play.messages if one.kind == HANDOVER], strict=True)]


def test_an_alarm_in_the_minute_of_the_hand_over_reaches_both() -> None:
    """The old shift is asked half a minute before; the new one gets it at the hand-over, and may take it at once."""
    play = story()
    play.event("+4m30s", type="alarm.panic", site="school-12")
    play.until("+5m")
    assert play.pages() == [("+4m30s", "olena", "telegram")]
    assert handed(play) == [("+5m", "taras", 1)]
    begun = next(one for one in play.messages if one.values.get("phrase") == "shift.begins")
    assert (begun.values["count"], begun.values["shown"]) == (1, 1)
    play.answer("taras", "accept", at="+5m20s")
    assert play.incident().response == "acknowledged"
    play.until("+1h")
    assert play.pages() == [("+4m30s", "olena", "telegram")]
    play.answer("taras", "resolve")
    assert {who for _, who, _ in play.news("closed")} == {"olena", "taras"}


def test_an_alarm_at_the_instant_of_the_hand_over_asks_the_new_shift_alone() -> None:
    play = story()
    play.event("+5m", type="alarm.panic", site="school-12")
    play.until("+6m")
    assert play.paged() == ["taras"]


def test_the_steps_go_on_in_their_time_and_ask_who_is_on_duty_then() -> None:
    """A hand-over answers nothing: unanswered, the next step comes, and the last resort asks the new shift."""
    play = story()
    play.event("+4m", type="alarm.panic", site="school-12")
    play.until("+17m")
    assert play.pages() == [("+4m", "olena", "telegram"), ("+6m", "maria", "telegram"), ("+16m", "taras", "telegram")]


def test_what_somebody_has_is_handed_on_with_their_name() -> None:
    """The one who goes keeps it; when they cannot any more, the new one's word counts."""
    play = story()
    play.event("+1m", type="alarm.panic", site="school-12")
    play.answer("olena", "accept", at="+2m")
    play.until("+5m")
    one = next(one for one in play.messages if one.kind == HANDOVER)
    assert (one.person, one.values["who"], one.values["word"]) == ("taras", "olena", "accept")
    play.answer("taras", "accept", at="+6m")
    play.answer("olena", "decline", at="+7m")
    assert play.incident().response == "acknowledged"


def test_only_what_was_asked_by_way_of_this_schedule_is_handed_on() -> None:
    """Olena leaves the patrol and stays at the desk: what the desk was asked about stays there."""
    desk = policy("desk", step("on_call:desk", within="10 min"), last=("maria",))
    mine = event_rule("desk-bell", match(type="bell"), to="desk")
    play = story(PANIC, mine, policies=(POLICY, desk))
    play.event("+1m", type="bell", site="a")
    play.event("+1m", type="alarm.panic", site="b")
    play.until("+5m")
    assert handed(play) == [("+5m", "taras", 2)]


def test_a_service_by_its_schedule_hands_on_and_closed_or_silenced_incidents_do_not() -> None:
    by_service = policy("police", step("service:patrol", within="1h"), last=("maria",))
    play = story(policies=(by_service,), services=(Service(id="patrol", name="P", schedule="patrol"),))
    for number, site in enumerate(("a", "b", "c"), 1):
        play.event(f"+{number}s", type="alarm.panic", site=site)
    play.answer("olena", "resolve", at="+10s", incident=1)
    play.put(OperatorAction("op", "silence", {"rule": "panic", "key": {"site": "b"}, "reason": "test", "until":
                                              format_instant(START + HOUR)}), "+20s")
    play.until("+5m")
    assert handed(play) == [("+5m", "taras", 3)]


def test_many_open_incidents_are_no_flood() -> None:
    """The ten most severe singly, the newest of these first, and how many there are."""
    low = event_rule("low", match(type="low"), to="police", severity="low", clear=PANIC.clear)
    play = story(PANIC, low)
    for number in range(1, 9):
        play.event(f"+{number}s", type="alarm.panic", site=f"s{number}")
        play.event(f"+{number}s", type="low", site=f"s{number}")
    play.until("+5m")
    assert len(handed(play)) == MOST
    assert [play.incident(number).rule for _, _, number in handed(play)] == ["panic"] * 8 + ["low"] * 2
    begun = next(one for one in play.messages if one.values.get("phrase") == "shift.begins")
    assert (begun.values["count"], begun.values["shown"]) == (16, MOST)


def test_who_has_no_way_left_is_recorded() -> None:
    mute = tuple(replace(one, addresses={}) if one.id == "taras" else one for one in PEOPLE)
    play = story(people=mute)
    play.event("+1m", type="alarm.panic", site="school-12")
    play.until("+5m")
    assert "handover to taras: no usable address" in play.suppressed()
    assert [change.detail for change in play.notes("nobody_told")]


def test_a_person_who_was_asked_already_is_not_asked_again_by_the_hand_over() -> None:
    play = story(policies=(policy("police", step("on_call:patrol", "taras", within="1h"), last=("maria",)),))
    play.event("+1m", type="alarm.panic", site="school-12")
    play.put(Answer("olena", 1, "acknowledge", "telegram", 1), "+2m")
    play.until("+5m")
    assert handed(play) == []
