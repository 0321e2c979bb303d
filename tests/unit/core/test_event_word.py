"""The word ``event``: firing, joining, members, keys, severity, late reports."""

from msgspec.structs import replace
from tests.support.city import event_rule, match
from tests.support.play import Play

from tocsin.book.match import Expect, Match
from tocsin.book.rule import PerKey, SeverityBy
from tocsin.domain.time import HOUR

ALARM = {"type": "alarm.panic", "site": "school"}
FIRING = {"type": "alarm.smoke", "site": "school", "status": "firing"}
RESOLVED = {"type": "alarm.smoke", "site": "school", "status": "resolved"}
SMOKE = event_rule("smoke", match(type="alarm.smoke"))
SCALED = SeverityBy("urgency", {"Extreme": "critical", "Severe": "high", "Minor": "low"})


# -- firing and joining

def test_an_event_opens_an_incident_and_pages_the_first_step() -> None:
    play = Play(event_rule())
    play.event("+0s", **ALARM)
    assert play.periods() == [("+0s", None, 1)]
    assert play.pages() == [("+0s", "olena", "telegram")]


def test_further_firings_join_and_nobody_is_paged_again() -> None:
    """While an incident of (rule, key) is active, further firings join it."""
    play = Play(event_rule())
    play.event("+0s", **ALARM)
    play.event("+5s", **ALARM)
    play.event("+9s", **ALARM)
    assert play.periods() == [("+0s", None, 3)]
    assert len(play.incidents) == 1
    assert play.pages() == [("+0s", "olena", "telegram")]


def test_an_event_that_does_not_match_changes_nothing() -> None:
    play = Play(event_rule(when=match(type="alarm.panic", zone="A")))
    play.event("+0s", **ALARM, zone="B")
    play.event("+0s", type="alarm.other", site="school", zone="A")
    assert play.incidents == {}


def test_each_value_of_per_has_its_own_incident() -> None:
    play = Play(event_rule())
    play.event("+0s", **ALARM)
    play.event("+1s", type="alarm.panic", site="hospital")
    assert [one.key for one in play.incidents.values()] == [{"site": "school"}, {"site": "hospital"}]


def test_without_per_a_rule_has_one_incident() -> None:
    play = Play(event_rule(per=()))
    play.event("+0s", **ALARM)
    play.event("+1s", type="alarm.panic", site="hospital")
    assert play.incident(1).key == {}
    assert play.periods() == [("+0s", None, 2)]


def test_a_list_valued_field_gives_one_key_per_element() -> None:
    play = Play(event_rule(per=("rooms",)))
    play.event("+0s", **ALARM, rooms=["101", 102, " 101 "])
    assert [one.key for one in play.incidents.values()] == [{"rooms": "101"}, {"rooms": "102"}]


def test_two_list_valued_fields_give_every_pair() -> None:
    play = Play(event_rule(per=("floor", "rooms")))
    play.event("+0s", **ALARM, floor=[1, 2], rooms=["a"])
    assert [one.key for one in play.incidents.values()] == [{"floor": "1", "rooms": "a"}, {"floor": "2", "rooms": "a"}]


def test_keys_compare_as_trimmed_nfc_text() -> None:
    """12 and "12" are the same key; so are a letter and its composed form, and blanks do not count."""
    play = Play(event_rule(per=("unit",)))
    play.event("+0s", **ALARM, unit=12)
    play.event("+1s", **ALARM, unit=" 12 ")
    play.event("+2s", **ALARM, unit="Кии\u0306в")
    play.event("+3s", **ALARM, unit="Київ".replace("ї", "\u0456\u0308").replace("й", "\u0438\u0306"))
    play.event("+4s", **ALARM, unit="Кий" + "в")
    assert play.incident(1).key == {"unit": "12"}
    assert play.periods(1) == [("+0s", None, 2)]
    assert play.incident(2).key == {"unit": "Кийв"}
    assert play.periods(2) == [("+2s", None, 2)]


def test_a_value_cannot_forge_another_field_of_the_key() -> None:
    """The separator of stored keys inside a value is a space: the incident keeps its key and clears."""
    play = Play(event_rule(per=("site", "zone")))
    play.event("+0s", type="alarm.panic", site="a\x1fzone=b", zone="c")
    play.until("+15m")
    assert play.incident(1).key == {"site": "a zone=b", "zone": "c"}
    assert play.periods() == [("+0s", "+15m", 1)]


def test_a_missing_per_field_opens_the_key_unknown_and_reports_it() -> None:
    play = Play(event_rule())
    play.event("+0s", type="alarm.panic")
    assert play.incident(1).key == {"site": "unknown"}
    assert play.pages() == [("+0s", "olena", "telegram")]
    assert len(play.notes("key_missing")) == 1


def test_differently_named_fields_join_by_type() -> None:
    """`per: [{site: {camera.read: location_code, "alarm.*": site}}]`: the first line that fits, else the plain name."""
    per = PerKey("site", (("camera.read", "location_code"), ("alarm.*", "place")))
    play = Play(event_rule(when=Match(), per=(per,)))
    play.event("+0s", type="camera.read", site="no", location_code="school")
    play.event("+1s", type="alarm.panic", site="no", place="school")
    play.event("+2s", type="other", site="school")
    assert play.periods() == [("+0s", None, 3)]
    assert len(play.incidents) == 1


def test_an_event_without_location_or_fields_never_breaks_another_rule() -> None:
    """A rule that errors on an event is counted, reported once, and never stops another rule."""
    play = Play(event_rule("broken"), event_rule("sound"))
    word = play.run._meaning.words["broken"]
    word.hear = lambda *_: 1 / 0  # type: ignore[method-assign, assignment, return-value]
    play.event("+0s", **ALARM)
    assert [one.rule for one in play.incidents.values()] == ["sound"]
    assert "ZeroDivisionError" in play.notes("rule_error")[0].detail


def test_nothing_of_a_rule_that_errors_holds() -> None:
    """It fails at its second key: the first is as if it had never been."""
    play = Play(event_rule("broken", per=("rooms",)), event_rule("sound"))
    word = play.run._meaning.words["broken"]
    sound = word.hear
    calls: list[object] = []

    def hear(*arguments: object) -> object:
        calls.append(arguments)
        return sound(*arguments) if len(calls) == 1 else 1 / 0  # type: ignore[arg-type]

    word.hear = hear  # type: ignore[method-assign, assignment]
    play.event("+0s", **ALARM, rooms=["a", "b"])
    assert {rule for rule, _ in play.run.board.windows} == {"sound"}
    assert {timer.rule for timer in play.run.board.timers.values() if timer.lane == "window"} == {"sound"}
    assert [one.rule for one in play.incidents.values()] == ["sound"]


# -- severity

def test_severity_by_field_and_medium_for_anything_unmapped() -> None:
    play = Play(event_rule(severity=SCALED))
    for site, urgency in (("a", "Extreme"), ("b", "Minor"), ("c", "never heard of"), ("d", None)):
        play.event(type="alarm.panic", site=site, urgency=urgency)
    assert [one.severity for one in play.incidents.values()] == ["critical", "low", "medium", "medium"]


def test_the_events_own_severity_is_never_the_incidents() -> None:
    play = Play(event_rule(severity="low"))
    play.event("+0s", **ALARM, severity="critical")
    assert play.incident().severity == "low"


def test_a_severity_rise_escalates_from_step_one_even_if_acknowledged() -> None:
    play = Play(event_rule(severity=SCALED))
    play.event("+0s", **ALARM, urgency="Minor")
    play.answer("olena", "acknowledge", at="+10s")
    play.event("+20s", **ALARM, urgency="Severe")
    assert play.incident().severity == "high"
    assert play.incident().response == "unanswered"
    assert play.pages(kind="raised") == [("+20s", "olena", "telegram")]
    play.until("+80s")
    assert play.pages(kind="raised") == [("+20s", "olena", "telegram"), ("+1m20s", "taras", "telegram")]


def test_the_same_person_can_acknowledge_again_after_a_rise() -> None:
    """The same word by the same person is a new answer once the incident has risen."""
    play = Play(event_rule(severity=SCALED))
    play.event("+0s", **ALARM, urgency="Minor")
    play.answer("olena", "acknowledge", at="+10s")
    play.event("+20s", **ALARM, urgency="Extreme")
    play.answer("olena", "acknowledge", at="+30s")
    assert play.incident().response == "acknowledged"
    play.until("+10m")
    assert play.paged("+30s") == []


def test_somebody_not_asked_can_take_it_again_at_the_console_after_a_rise() -> None:
    play = Play(event_rule(severity=SCALED))
    play.event("+0s", **ALARM, urgency="Minor")
    play.answer("chief", "acknowledge", at="+10s", channel="console", notification=0)
    play.event("+20s", **ALARM, urgency="Extreme")
    play.answer("chief", "acknowledge", at="+30s", channel="console", notification=0)
    assert play.incident().response == "acknowledged"


def test_severity_never_falls_within_an_activation() -> None:
    play = Play(event_rule(severity=SCALED))
    play.event("+0s", **ALARM, urgency="Extreme")
    play.event("+5s", **ALARM, urgency="Minor")
    assert play.incident().severity == "critical"
    assert play.pages() == [("+0s", "olena", "telegram")]


def test_the_next_activation_of_an_answered_incident_has_its_own_severity() -> None:
    play = Play(event_rule(severity=SCALED))
    play.event("+0s", **ALARM, urgency="Extreme")
    play.answer("olena", "accept", at="+10s")
    play.event("+20m", **ALARM, urgency="Minor")
    assert play.incident().severity == "low"
    assert len(play.periods()) == 2


# -- members and resolved

def test_resolved_clears_when_all_members_that_fired_have_resolved() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.event("+1s", **FIRING, device="d2")
    play.event("+2s", **RESOLVED, device="d1")
    assert play.periods() == [("+0s", None, 2)]
    play.event("+3s", **RESOLVED, device="d2")
    assert play.periods() == [("+0s", "+3s", 2)]
    assert play.how() == "resolved"


def test_the_rest_of_the_match_is_not_asked_of_a_resolved_event() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke", level="high")))
    play.event("+0s", **FIRING, device="d1", level="high")
    play.event("+1s", **RESOLVED, device="d1")
    assert play.periods() == [("+0s", "+1s", 1)]


def test_a_resolved_of_another_type_or_key_clears_nothing() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.event("+1s", **{**RESOLVED, "site": "hospital"}, device="d1")
    play.event("+2s", **{**RESOLVED, "type": "alarm.gas"}, device="d1")
    assert play.periods() == [("+0s", None, 1)]


def test_members_of_different_types_are_different_members() -> None:
    play = Play(event_rule("any", match(type="alarm.*")))
    play.event("+0s", **FIRING, device="d1")
    play.event("+1s", **{**FIRING, "type": "alarm.gas"}, device="d1")
    play.event("+2s", **RESOLVED, device="d1")
    assert play.periods() == [("+0s", None, 2)]


def test_member_defaults_to_device_else_id() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, id="x")
    play.event("+1s", **RESOLVED, id="y")
    assert play.periods() == [("+0s", None, 1)]
    play.event("+2s", **RESOLVED, id="x")
    assert play.periods() == [("+0s", "+2s", 1)]


def test_member_fields_replace_the_device() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), member=("panel", "zone")))
    play.event("+0s", **FIRING, device="d1", panel="p", zone=1)
    play.event("+1s", **FIRING, device="d1", panel="p", zone=2)
    play.event("+2s", **RESOLVED, device="d9", panel="p", zone="1")
    assert play.periods() == [("+0s", None, 2)]
    play.event("+3s", **RESOLVED, device="d9", panel="p", zone="2")
    assert play.periods() == [("+0s", "+3s", 2)]


def test_a_resolved_event_never_fires_unless_the_match_names_status() -> None:
    play = Play(SMOKE, event_rule("all-clear", match(type="alarm.smoke", status="resolved")))
    play.event("+0s", **RESOLVED, device="d1")
    assert [one.rule for one in play.incidents.values()] == ["all-clear"]


def test_a_resolved_that_resolves_nothing_is_counted_and_reported() -> None:
    play = Play(SMOKE)
    play.event("+0s", **RESOLVED, device="d1")
    assert play.incidents == {}
    assert len(play.notes("resolves_nothing")) == 1


def test_a_resolved_older_than_the_members_newest_firing_is_reported_and_ends_nothing() -> None:
    """Per member the newest event time decides."""
    play = Play(SMOKE)
    play.event("+60s", **FIRING, device="d1")
    play.event("+61s", happened="+30s", **RESOLVED, device="d1")
    assert play.periods() == [("+1m", None, 1)]
    assert len(play.notes("resolves_nothing")) == 1


def test_at_equal_event_times_arrival_decides() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.event("+1s", happened="+0s", **RESOLVED, device="d1")
    assert play.periods() == [("+0s", "+1s", 1)]
    play.event("+2s", happened="+0s", **FIRING, device="d1")
    assert play.periods() == [("+0s", "+1s", 1), ("+2s", None, 1)]


def test_an_old_firing_joins_but_a_newer_one_of_its_member_still_needs_its_resolved() -> None:
    play = Play(SMOKE)
    play.event("+60s", **FIRING, device="d1")
    play.event("+70s", happened="+10s", **FIRING, device="d1")
    play.event("+80s", happened="+30s", **RESOLVED, device="d1")
    assert play.periods() == [("+1m", None, 2)]


def test_a_firing_after_its_own_later_resolved_opens_an_incident_already_cleared_and_is_told() -> None:
    play = Play(SMOKE)
    play.event("+60s", **RESOLVED, device="d1")
    play.event("+70s", happened="+0s", **FIRING, device="d1")
    assert play.periods() == [("+1m10s", "+1m10s", 1)]
    assert play.how() == "late report"
    assert play.pages() == [("+1m10s", "olena", "telegram")]
    assert play.incident().response == "unanswered"


def test_a_late_report_joins_what_is_active_through_another_member() -> None:
    play = Play(SMOKE)
    play.event("+50s", **FIRING, device="d2")
    play.event("+60s", **RESOLVED, device="d1")
    play.event("+70s", happened="+0s", **FIRING, device="d1")
    assert play.periods() == [("+50s", None, 2)]
    play.event("+80s", **RESOLVED, device="d2")
    assert play.periods() == [("+50s", "+1m20s", 2)]


def test_a_repeated_resolved_is_reported_and_clears_nothing_twice() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.event("+1s", **RESOLVED, device="d1")
    play.event("+2s", **RESOLVED, device="d1")
    assert play.periods() == [("+0s", "+1s", 1)]
    assert len(play.notes("resolves_nothing")) == 1


def test_silence_never_clears_a_member_that_fires() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.until("+72 h")
    assert play.periods() == [("+0s", None, 1)]


# -- text

def test_names_are_the_keys_value_else_the_newest_contributing_events() -> None:
    rule = event_rule(say="{{ site }}: {{ zone }}, {{ first.zone }}, {{ missing }}")
    play = Play(rule)
    play.event("+0s", **ALARM, zone="A")
    play.event("+60s", **ALARM, zone="B")
    play.event("+70s", happened="+30s", **ALARM, zone="C")
    values = play.incident().values
    assert values == {"site": "school", "zone": "B", "first.zone": "A"}


def test_a_message_says_when_a_late_event_happened() -> None:
    play = Play(event_rule())
    play.event("+2h", happened="+0s", **ALARM)
    assert play.messages[0].values["since"] == play.messages[0].created - 2 * HOUR


def test_a_disabled_rule_is_silent() -> None:
    play = Play(replace(event_rule(), enabled=False))
    play.event("+0s", **ALARM)
    assert play.incidents == {}


def test_a_match_of_status_firing_alone_still_resolves() -> None:
    only = Match((Expect("type", "is", "alarm.smoke"), Expect("status", "is", "firing")))
    play = Play(event_rule("smoke", only))
    play.event("+0s", **FIRING, device="d1")
    play.event("+1m", **RESOLVED, device="d1")
    assert play.periods() == [("+0s", "+1m", 1)]
