"""The word ``event``: firing, joining, members, keys, clearing and late reports."""

from msgspec.structs import replace
from tests.support.city import event_rule, match, policy, step
from tests.support.play import Play

from tocsin.book.match import Expect, FieldRef, Match
from tocsin.book.rule import Clear, PerKey, SeverityBy
from tocsin.domain.time import HOUR, MINUTE

ALARM = {"type": "alarm.panic", "site": "school"}
FIRING = {"type": "alarm.smoke", "site": "school", "status": "firing"}
RESOLVED = {"type": "alarm.smoke", "site": "school", "status": "resolved"}
SMOKE = event_rule("smoke", match(type="alarm.smoke"))


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


# -- severity

SCALED = SeverityBy("urgency", {"Extreme": "critical", "Severe": "high", "Minor": "low"})


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


# -- clearing of what is momentary

def test_a_momentary_firing_clears_15_min_after_the_last_one() -> None:
    play = Play(event_rule())
    play.event("+0s", **ALARM)
    play.event("+10m", **ALARM)
    play.just_before("+25m")
    assert play.periods() == [("+0s", None, 2)]
    play.until("+25m")
    assert play.periods() == [("+0s", "+25m", 2)]
    assert play.how() == "quiet"


def test_momentary_and_member_hold_together() -> None:
    """An event without status counts 15 min; a member that fires keeps the incident active beyond."""
    play = Play(SMOKE)
    play.event("+0s", type="alarm.smoke", site="school")
    play.event("+1m", **FIRING, device="d1")
    play.until("+20m")
    assert play.periods() == [("+0s", None, 2)]
    play.event("+21m", **RESOLVED, device="d1")
    assert play.periods() == [("+0s", "+21m", 2)]


def test_a_resolved_does_not_prolong_the_15_min() -> None:
    """15 min after the last firing: a member's resolved is no firing."""
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.event("+1m", type="alarm.smoke", site="school")
    play.event("+10m", **RESOLVED, device="d1")
    play.until("+16m")
    assert play.periods() == [("+0s", "+16m", 2)]


def test_cleared_and_unanswered_stays_on_the_board_and_escalates() -> None:
    """Clearing stops nothing that is unanswered."""
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.event("+30s", **RESOLVED, device="d1")
    assert play.incident().response == "unanswered"
    play.until("+70s")
    assert play.paged() == ["olena", "taras"]


def test_acknowledged_it_closes_when_it_clears() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.answer("olena", "acknowledge", at="+10s")
    play.event("+30s", **RESOLVED, device="d1")
    assert play.incident().response == "closed"
    assert play.news() == [("+30s", "olena", "telegram")]


def test_cleared_it_closes_when_it_is_acknowledged() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.event("+30s", **RESOLVED, device="d1")
    play.answer("olena", "acknowledge", at="+40s")
    assert play.incident().response == "closed"


def test_accepted_it_stays_until_a_person_closes_it() -> None:
    for word in ("accept", "arrived"):
        play = Play(SMOKE)
        play.event("+0s", **FIRING, device="d1")
        play.answer("olena", word, at="+10s")
        play.event("+30s", **RESOLVED, device="d1")
        assert (play.incident().condition, play.incident().response) == ("cleared", "acknowledged")
        play.answer("olena", "resolve", at="+10m")
        assert play.incident().response == "closed"


def test_clearing_and_closing_are_told_once_to_everyone_notified() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.until("+60s")
    play.event("+70s", **RESOLVED, device="d1")
    assert play.news("cleared") == [("+1m10s", "olena", "telegram"), ("+1m10s", "taras", "telegram")]
    play.answer("taras", "acknowledge", at="+80s")
    assert play.news("closed") == [("+1m20s", "olena", "telegram"), ("+1m20s", "taras", "telegram")]
    play.until("+5h")
    assert len(play.news()) == 4


def test_a_state_is_off_the_board_and_closes_itself() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), to=None))
    play.event("+0s", **FIRING, device="d1")
    assert play.pages() == []
    assert not play.incident().board
    play.event("+30s", **RESOLVED, device="d1")
    assert play.incident().response == "closed"
    assert play.messages == []


def test_board_shows_an_incident_and_pages_nobody() -> None:
    play = Play(event_rule(to="board"))
    play.event("+0s", **ALARM)
    play.until("+1h")
    assert play.pages() == []
    assert (play.incident().board, play.incident().response) == (True, "unanswered")
    play.answer("chief", "acknowledge", channel="console")
    assert play.incident().response == "closed"


# -- clear at the rule

def smoke(clear: Clear, **more: object) -> object:
    return event_rule("smoke", match(type="alarm.smoke"), clear=clear, **more)  # type: ignore[arg-type]


OVER = match(type="all.clear")


def test_clear_when_ends_it_and_forgets_the_members() -> None:
    play = Play(smoke(Clear(when=OVER)))
    play.event("+0s", **FIRING, device="d1")
    play.event("+1m", type="all.clear", site="school")
    assert play.periods() == [("+0s", "+1m", 1)]
    play.event("+2m", **RESOLVED, device="d1")
    assert len(play.notes("resolves_nothing")) == 1
    play.event("+3m", **FIRING, device="d2")
    play.event("+4m", **RESOLVED, device="d2")
    assert play.periods() == [("+0s", "+1m", 1), ("+3m", "+4m", 1)]


def test_clear_when_older_than_the_newest_firing_ends_nothing() -> None:
    play = Play(smoke(Clear(when=OVER)))
    play.event("+60s", **FIRING, device="d1")
    play.event("+70s", happened="+50s", type="all.clear", site="school")
    assert play.periods() == [("+1m", None, 1)]


def test_a_firing_older_than_the_clearing_event_is_a_late_report() -> None:
    play = Play(smoke(Clear(when=OVER)))
    play.event("+60s", type="all.clear", site="school")
    play.event("+70s", happened="+30s", **FIRING, device="d1")
    assert play.periods() == [("+1m10s", "+1m10s", 1)]


def test_an_older_clearing_event_does_not_undo_a_newer_one() -> None:
    """The newest all-clear is the one that counts, in whatever order they come."""
    play = Play(smoke(Clear(when=OVER)))
    play.event("+60s", type="all.clear", site="school")
    play.event("+61s", happened="+10s", type="all.clear", site="school")
    play.event("+70s", happened="+30s", **FIRING, device="d1")
    assert play.periods() == [("+1m10s", "+1m10s", 1)]


def test_a_state_with_clear_when_has_no_15_min() -> None:
    play = Play(event_rule(to=None, clear=Clear(when=OVER)), event_rule("board", clear=Clear(when=OVER)))
    play.event("+0s", **ALARM)
    play.until("+3h")
    assert play.periods(1) == [("+0s", None, 1)]
    assert play.periods(2) == [("+0s", "+15m", 1)]
    play.event("+4h", type="all.clear", site="school")
    assert play.periods(1) == [("+0s", "+4h", 1)]


def test_clear_after_replaces_the_15_min_and_counts_from_the_last_matching_event() -> None:
    play = Play(event_rule(clear=Clear(after=2 * MINUTE)))
    play.event("+0s", **ALARM)
    play.event("+90s", **ALARM)
    play.just_before("+3m30s")
    assert play.periods() == [("+0s", None, 2)]
    play.until("+3m30s")
    assert play.periods() == [("+0s", "+3m30s", 2)]


def test_clear_after_longer_than_15_min_replaces_it_too() -> None:
    play = Play(event_rule(clear=Clear(after=4 * HOUR)))
    play.event("+0s", **ALARM)
    play.until("+4h")
    assert play.periods() == [("+0s", "+4h", 1)]


def test_clear_after_ends_members_that_still_fire() -> None:
    play = Play(smoke(Clear(after=2 * MINUTE)))
    play.event("+0s", **FIRING, device="d1")
    play.until("+2m")
    assert play.periods() == [("+0s", "+2m", 1)]
    play.event("+3m", **FIRING, device="d1")
    assert play.periods() == [("+0s", "+2m", 1), ("+3m", None, 1)]


def test_a_resolved_of_one_member_does_not_prolong_clear_after() -> None:
    play = Play(smoke(Clear(after=2 * MINUTE)))
    play.event("+0s", **FIRING, device="d1")
    play.event("+30s", **FIRING, device="d2")
    play.event("+60s", **RESOLVED, device="d1")
    play.until("+2m30s")
    assert play.periods() == [("+0s", "+2m30s", 2)]


def test_a_late_report_that_joins_is_a_matching_event_too() -> None:
    play = Play(smoke(Clear(after=2 * MINUTE)))
    play.event("+0s", **FIRING, device="d2")
    play.event("+10s", **RESOLVED, device="d1")
    play.event("+60s", happened="+5s", **FIRING, device="d1")
    play.until("+3m")
    assert play.periods() == [("+0s", "+3m", 2)]


def test_clear_at_replaces_the_15_min_by_the_events_own_time() -> None:
    play = Play(event_rule(clear=Clear(at="expires")))
    play.event("+0s", **ALARM, expires="2026-11-22T22:15:00Z")
    play.just_before("+1h")
    assert play.periods() == [("+0s", None, 1)]
    play.until("+1h")
    assert play.periods() == [("+0s", "+1h", 1)]
    assert play.how() == "time over"


def test_clear_at_of_the_last_member_counts() -> None:
    play = Play(smoke(Clear(at="expires")))
    play.event("+0s", **FIRING, device="d1", expires="2026-11-22T21:25:00Z")
    play.event("+1s", **FIRING, device="d2", expires="2026-11-22T21:35:00Z")
    play.until("+15m")
    assert play.periods() == [("+0s", None, 2)]
    play.event("+16m", **RESOLVED, device="d2")
    play.until("+16m")
    assert play.periods() == [("+0s", "+16m", 2)]


def test_without_the_time_field_clear_at_falls_back_to_15_min() -> None:
    play = Play(event_rule(clear=Clear(at="expires")))
    play.event("+0s", **ALARM)
    play.until("+15m")
    assert play.periods() == [("+0s", "+15m", 1)]


def test_clear_hold_keeps_it_active_that_much_longer() -> None:
    play = Play(smoke(Clear(hold=5 * MINUTE)))
    play.event("+0s", **FIRING, device="d1")
    play.event("+1m", **RESOLVED, device="d1")
    play.event("+3m", **FIRING, device="d1")
    play.event("+4m", **RESOLVED, device="d1")
    play.just_before("+9m")
    assert play.periods() == [("+0s", None, 2)]
    play.until("+9m")
    assert play.periods() == [("+0s", "+9m", 2)]


def test_a_duration_may_come_from_the_event() -> None:
    play = Play(event_rule(clear=Clear(after=FieldRef("quiet_for"))))
    play.event("+0s", **ALARM, quiet_for="90s")
    play.until("+90s")
    assert play.periods() == [("+0s", "+1m30s", 1)]


def test_clear_only_replaces_the_words_own_way() -> None:
    """`{only: true}`: a member's resolved is ignored, and the 15 min do not run."""
    play = Play(smoke(Clear(when=OVER, only=True)))
    play.event("+0s", **FIRING, device="d1")
    play.event("+1m", **RESOLVED, device="d1")
    assert play.periods() == [("+0s", None, 1)]
    play.event("+2m", type="all.clear", site="school")
    assert play.periods() == [("+0s", "+2m", 1)]
    play.event("+3m", type="alarm.smoke", site="school")
    play.until("+2h")
    assert play.periods()[-1] == ("+3m", None, 1)


def test_clear_closes_closes_it_unanswered() -> None:
    play = Play(smoke(Clear(closes=True)))
    play.event("+0s", **FIRING, device="d1")
    play.event("+1m", **RESOLVED, device="d1")
    assert play.incident().response == "closed"
    play.until("+1h")
    assert play.paged() == ["olena"] + (["taras"] if "taras" in play.paged() else [])
    assert play.paged("+61s") == []


# -- re-activation, closing, reopen

def test_a_firing_after_clearing_reactivates_and_the_escalation_goes_on_where_it_is() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.event("+20s", **RESOLVED, device="d1")
    play.event("+40s", **FIRING, device="d1")
    assert play.periods() == [("+0s", "+20s", 1), ("+40s", None, 1)]
    play.until("+90s")
    assert play.pages() == [("+0s", "olena", "telegram"), ("+1m", "taras", "telegram")]


def test_answered_a_reactivation_starts_at_step_one() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.answer("taras", "accept", at="+10s", channel="console", notification=0)
    play.event("+20s", **RESOLVED, device="d1")
    play.event("+40s", **FIRING, device="d1")
    assert play.incident().response == "unanswered"
    assert play.pages() == [("+0s", "olena", "telegram"), ("+40s", "olena", "telegram")]
    play.answer("taras", "accept", at="+50s", channel="console", notification=0)
    assert play.incident().response == "acknowledged"


def test_after_closing_a_new_firing_is_a_new_incident() -> None:
    play = Play(event_rule())
    play.event("+0s", **ALARM)
    play.answer("olena", "resolve", at="+1m")
    play.event("+2m", **ALARM)
    assert [one.id for one in play.incidents.values()] == [1, 2]
    assert play.periods(1) == [("+0s", "+1m", 1)]


def test_a_persons_close_ends_the_activation_and_is_told() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.answer("olena", "false_alarm", at="+1m")
    assert play.incident().response == "closed"
    assert play.periods() == [("+0s", "+1m", 1)]
    assert play.news("closed") == [("+1m", "olena", "telegram")]


def test_closed_while_active_it_opens_again_after_reopen_from_step_one_saying_so() -> None:
    """30 min, critical 5."""
    for severity, after in (("critical", "+6m"), ("high", "+31m")):
        play = Play(event_rule("smoke", match(type="alarm.smoke"), severity=severity))
        play.event("+0s", **FIRING, device="d1")
        play.answer("olena", "resolve", at="+1m")
        play.just_before(after)
        assert play.incident().response == "closed"
        play.until(after)
        assert play.incident().response == "unanswered"
        assert play.periods()[-1] == (after, None, 1)
        assert play.pages()[-1] == (after, "olena", "telegram")
        assert play.messages[-1].values["reopened"] is True


def test_closed_and_really_over_it_stays_closed() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.answer("olena", "resolve", at="+1m")
    play.event("+2m", **RESOLVED, device="d1")
    play.until("+2h")
    assert play.incident().response == "closed"
    assert len(play.incidents) == 1


def test_a_momentary_condition_closed_by_a_person_does_not_open_again() -> None:
    play = Play(event_rule())
    play.event("+0s", **ALARM)
    play.answer("olena", "resolve", at="+1m")
    play.until("+2h")
    assert play.incident().response == "closed"


def test_repetitions_of_a_member_do_not_open_it_before_reopen() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.answer("olena", "resolve", at="+1m")
    play.event("+2m", **FIRING, device="d1")
    assert len(play.incidents) == 1
    assert play.incident().response == "closed"
    assert len(play.notes("repeat_of_closed")) == 1


def test_another_member_opens_a_new_incident_before_reopen() -> None:
    play = Play(SMOKE)
    play.event("+0s", **FIRING, device="d1")
    play.answer("olena", "resolve", at="+1m")
    play.event("+2m", **FIRING, device="d2")
    assert play.incident(2).response == "unanswered"
    play.until("+10m")
    assert play.incident(1).response == "closed"


def test_the_policys_own_reopen_replaces_the_usual() -> None:
    own = policy("police", step("olena"), reopen="10 min")
    play = Play(SMOKE, policies=(own,))
    play.event("+0s", **FIRING, device="d1")
    play.answer("olena", "resolve", at="+1m")
    play.just_before("+11m")
    assert play.incident().response == "closed"
    play.until("+11m")
    assert play.incident().response == "unanswered"


def test_clear_after_ends_a_closed_condition_before_reopen() -> None:
    """Without a matching event for `after` the condition is over, closed or not: nothing opens again."""
    play = Play(smoke(Clear(after=10 * MINUTE), severity="high"))
    play.event("+0s", **FIRING, device="d1")
    play.answer("olena", "resolve", at="+1m")
    play.until("+2h")
    assert play.incident().response == "closed"
    assert len(play.pages()) == 1


def test_clear_at_ends_a_closed_condition_before_reopen() -> None:
    play = Play(smoke(Clear(at="expires"), severity="high"))
    play.event("+0s", **FIRING, device="d1", expires="2026-11-22T21:25:00Z")
    play.answer("olena", "resolve", at="+1m")
    play.until("+2h")
    assert play.incident().response == "closed"


def test_closing_an_old_cleared_incident_does_not_forget_a_condition_that_is_waiting() -> None:
    """A person tidies the board while the next alarm is still waiting for its `for`: it must fire."""
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"))
    play.event("+0s", **FIRING, device="d1")
    play.until("+10m")
    play.event("+11m", **RESOLVED, device="d1")
    play.event("+12m", **FIRING, device="d1")
    play.answer("olena", "resolve", at="+15m")
    play.until("+22m")
    assert play.periods(2) == [("+22m", None, 1)]


# -- for

def test_for_fires_when_still_active_that_much_later() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"))
    play.event("+0s", **FIRING, device="d1")
    play.event("+1m", **FIRING, device="d1")
    play.just_before("+10m")
    assert play.incidents == {}
    play.until("+10m")
    assert play.periods() == [("+10m", None, 2)]


def test_for_does_not_fire_when_resolved_before_or_at_that_instant() -> None:
    """Events come before timers at the same instant."""
    for resolved in ("+5m", "+10m"):
        play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"))
        play.event("+0s", **FIRING, device="d1")
        play.event(resolved, **RESOLVED, device="d1")
        play.until("+1h")
        assert play.incidents == {}


def test_for_counts_from_the_event_time_and_never_sooner_than_settle_after_receipt() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"))
    play.event("+12m", happened="+0s", **FIRING, device="d1")
    play.just_before("+12m5s")
    assert play.incidents == {}
    play.until("+12m5s")
    assert play.periods() == [("+12m5s", None, 1)]


def test_for_of_a_late_report_is_due_at_the_event_time_plus_d() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"))
    play.event("+6m", happened="+0s", **FIRING, device="d1")
    play.until("+10m")
    assert play.periods() == [("+10m", None, 1)]


def test_a_resolved_in_the_settle_that_came_true_after_d_fires_and_clears() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"))
    play.event("+12m", happened="+0s", **FIRING, device="d1")
    play.event("+12m2s", happened="+12m", **RESOLVED, device="d1")
    assert play.periods() == [("+12m2s", "+12m2s", 1)]


def test_a_resolved_in_the_settle_that_came_true_before_d_fires_nothing() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"))
    play.event("+12m", happened="+0s", **FIRING, device="d1")
    play.event("+12m2s", happened="+9m", **RESOLVED, device="d1")
    play.until("+1h")
    assert play.incidents == {}


def test_clear_when_counts_only_after_a_for_has_fired() -> None:
    play = Play(smoke(Clear(when=OVER), for_="10 min"))
    play.event("+0s", **FIRING, device="d1")
    play.event("+5m", type="all.clear", site="school")
    play.until("+10m")
    assert play.periods() == [("+10m", None, 1)]
    play.event("+11m", type="all.clear", site="school")
    assert play.periods() == [("+10m", "+11m", 1)]


def test_for_carries_the_highest_severity_of_the_wait() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min", severity=SCALED))
    play.event("+0s", **FIRING, device="d1", urgency="Extreme")
    play.event("+1m", **FIRING, device="d1", urgency="Minor")
    play.until("+10m")
    assert play.incident().severity == "critical"


def test_for_of_a_momentary_event_fires_and_clears_15_min_later() -> None:
    play = Play(event_rule(for_="10 min"))
    play.event("+0s", **ALARM)
    play.until("+10m")
    assert play.periods() == [("+10m", None, 1)]
    play.until("+25m")
    assert play.periods() == [("+10m", "+25m", 1)]


def test_a_late_report_of_a_for_fires_only_when_it_lasted_long_enough() -> None:
    play = Play(event_rule("smoke", match(type="alarm.smoke"), for_="10 min"))
    play.event("+20m", **RESOLVED, device="d1")
    play.event("+21m", happened="+15m", **FIRING, device="d1")
    assert play.incidents == {}
    play.event("+22m", **RESOLVED, device="d2")
    play.event("+23m", happened="+2m", **FIRING, device="d2")
    assert play.periods() == [("+23m", "+23m", 1)]


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


def test_clear_at_of_a_member_holds_when_the_15_min_of_another_event_are_over() -> None:
    """The event without a time of its own no longer counts: what is left ends at its time, which has passed."""
    play = Play(smoke(Clear(at="expires")))
    play.event("+0s", **FIRING, device="d1", expires="2026-11-22T21:20:00Z")
    play.event("+1m", type="alarm.smoke", site="school")
    play.until("+16m")
    assert play.periods() == [("+0s", "+16m", 2)]
