"""``near`` beside ``count``, ``sequence`` and ``together``: what lies close together belongs together."""

from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.checked_run import restored
from tests.support.city import incident_rule, match
from tests.support.play import Play
from tests.support.words import word_rule

from tocsin.book.match import Match
from tocsin.book.rule import Clear, Rule, SequenceStep
from tocsin.domain.event import Place
from tocsin.domain.time import MINUTE
from tocsin.rules.changed import reach
from tocsin.rules.near import nearest, spot_from, spot_of

SHOTS = word_rule("count", at_least=2, within="10 min", near=150.0, per=())
BY_SITE = replace(SHOTS, id="by-site", per=word_rule("count").per)


def metres_north(metres: float, **more: Any) -> Place:
    return Place(48.7 + metres / 111_195, 37.5, **more)


def shots(play: Play, *heard: tuple[str, float | None], **fields: Any) -> Play:
    """(arrival, metres north of the corner; None for no location)."""
    for at, metres in heard:
        play.event(at, **{"type": "x", "location": None if metres is None else metres_north(metres), **fields})
    return play


def keys(play: Play) -> list[dict[str, str]]:
    return [one.key for one in play.incidents.values()]


def test_events_close_to_the_first_are_one_incident_and_its_place_is_in_the_key() -> None:
    play = shots(Play(SHOTS), ("+0s", 0), ("+1m", 149))
    assert keys(play) == [{"near": "48.7,37.5"}]
    assert play.periods() == [("+1m", None, 2)]


def test_farther_ones_are_another_incident() -> None:
    play = shots(Play(SHOTS), ("+0s", 0), ("+1m", 151), ("+2m", 151), ("+3m", 0))
    assert keys(play) == [{"near": "48.70136,37.5"}, {"near": "48.7,37.5"}]


def test_closeness_is_to_the_first_and_not_to_the_last() -> None:
    """A row of events does not creep through the city as one incident."""
    assert shots(Play(SHOTS), ("+0s", 0), ("+1m", 200), ("+2m", 400)).incidents == {}


def test_of_two_places_the_nearer_one_is_meant() -> None:
    play = shots(Play(SHOTS), ("+0s", 0), ("+1m", 200), ("+2m", 120))
    assert keys(play) == [{"near": "48.7018,37.5"}]


def test_the_accuracy_of_an_event_may_make_it_near() -> None:
    play = shots(Play(SHOTS), ("+0s", 0))
    play.event("+1m", type="x", location=metres_north(200, accuracy_m=60))
    assert keys(play) == [{"near": "48.7,37.5"}]


def test_an_event_without_a_location_is_left_out_and_reported() -> None:
    play = shots(Play(SHOTS), ("+0s", None), ("+1m", None), ("+2m", 0))
    assert play.incidents == {}
    assert len(play.notes("place_missing")) == 2


def test_the_place_joins_the_other_fields_of_the_key() -> None:
    play = shots(Play(BY_SITE), ("+0s", 0), site="a")
    shots(play, ("+1m", 0), ("+2m", 10), site="b")
    assert keys(play) == [{"near": "48.7,37.5", "site": "b"}]


def test_an_open_incident_keeps_its_place_although_its_events_are_forgotten() -> None:
    """Two hours later the shots are told to those who answer for that corner, under the same incident."""
    play = shots(Play(SHOTS), ("+0s", 0), ("+1m", 0), ("+3h", 100), ("+3h1m", 100))
    assert play.periods() == [("+1m", "+11m", 2), ("+3h1m", None, 2)]


def test_a_place_of_which_nothing_is_remembered_is_forgotten() -> None:
    play = shots(Play(SHOTS), ("+0s", 0), ("+2h", 100), ("+2h1m", 100))
    assert keys(play) == [{"near": "48.7009,37.5"}]


def test_clear_when_ends_what_is_near_to_it() -> None:
    cleared = replace(SHOTS, clear=Clear(when=match(type="calm")))
    play = shots(Play(cleared), ("+0s", 0), ("+1m", 0), ("+2m", 500), ("+3m", 500))
    play.event("+4m", type="calm", location=metres_north(20))
    play.event("+5m", type="calm")
    play.event("+5m", type="calm", location=metres_north(900))
    assert (play.periods(1), play.periods(2)) == ([("+1m", "+4m", 2)], [("+3m", None, 2)])
    assert not [place for place in play.run.board.windows if "48.708" in place[1]]


def test_more_places_than_the_rule_may_have_keys_are_left_out_and_reported() -> None:
    play = shots(Play(replace(SHOTS, limits={"keys": 2})), ("+0s", 0), ("+1m", 500), ("+2m", 1000), ("+3m", 1000))
    assert play.incidents == {}
    assert len(play.notes("too_many_keys")) == 2


def steps(*types: str) -> tuple[SequenceStep, ...]:
    return tuple(SequenceStep(match(type=one), 5 * MINUTE if number else None) for number, one in enumerate(types))


@pytest.mark.parametrize("rule", [
    word_rule("sequence", Match(), steps=steps("door", "motion"), near=150.0, per=()),
    word_rule("together", Match(), named={"a": match(type="door"), "b": match(type="motion")}, within="5 min",
              near=150.0, per=())], ids=lambda rule: rule.when.word)
def test_sequence_and_together_ask_for_events_close_together(rule: Rule) -> None:
    play = Play(rule)
    play.event("+0s", type="door", location=metres_north(0))
    play.event("+1m", type="motion", location=metres_north(200))
    assert play.incidents == {}
    play.event("+2m", type="motion", location=metres_north(90))
    assert keys(play) == [{"near": "48.7,37.5"}]


def test_another_rule_may_follow_by_the_place() -> None:
    play = shots(Play(SHOTS, incident_rule("follows", "rule", per=("near",))), ("+0s", 0), ("+1m", 0))
    assert [(one.rule, one.key) for one in play.incidents.values()] == [
        ("rule", {"near": "48.7,37.5"}), ("follows", {"near": "48.7,37.5"})]


def test_what_a_restart_reads_back_knows_the_places() -> None:
    play = shots(Play(SHOTS), ("+0s", 0))
    play.run.board = restored(play.run.board)
    assert keys(shots(play, ("+1m", 100))) == [{"near": "48.7,37.5"}]


def test_a_changed_rule_is_made_anew_from_all_that_the_journal_holds() -> None:
    """The first event of a place may be as old as the place is busy."""
    assert reach(SHOTS) is None


@pytest.mark.parametrize("place, text", [
    (Place(48.7389, 37.5562), "48.7389,37.5562"), (Place(48.0, -0.0000001), "48,0"),
    (Place(-0.5, 179.999999), "-0.5,180"), (Place(48.123456, 37.1), "48.12346,37.1")])
def test_a_place_is_written_to_about_a_metre_and_read_back(place: Place, text: str) -> None:
    assert spot_of(place).text == text
    assert spot_from(text) == spot_of(place)


def test_a_key_that_names_no_place_is_near_to_nothing() -> None:
    assert [spot_from(text) for text in ("the market", "1", "1,2,3", "")] == [None] * 4


def test_across_the_date_line_near_is_near() -> None:
    assert nearest(Place(10.0, -179.9999), 150, [spot_of(Place(10.0, 179.9999))]) is not None
