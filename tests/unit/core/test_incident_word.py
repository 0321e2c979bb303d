"""The word ``incident``: one rule rests on another; chains, waiting, clearing with the other's condition."""

from tests.support.city import event_rule, incident_rule, match
from tests.support.play import Play

from tocsin.book.rule import Clear, SeverityBy
from tocsin.domain.time import HOUR, MINUTE

FIRING = {"type": "air_raid", "site": "city", "status": "firing", "device": "oblast"}
RESOLVED = {**FIRING, "status": "resolved"}
RAID = event_rule("raid", match(type="air_raid"), to=None)


def of_rule(play: Play, rule: str) -> list[tuple[str | None, str | None, int]]:
    return [period for number, one in play.incidents.items() if one.rule == rule for period in play.periods(number)]


def test_it_fires_with_the_other_and_clears_with_it() -> None:
    play = Play(RAID, incident_rule("evacuate", "raid"))
    play.event("+0s", **FIRING)
    assert play.pages() == [("+0s", "olena", "telegram")]
    play.event("+10m", **RESOLVED)
    assert of_rule(play, "evacuate") == [("+0s", "+10m", 1)]


def test_for_fires_when_the_other_is_still_active_that_much_later() -> None:
    play = Play(RAID, incident_rule("long", "raid", for_="2h"))
    play.event("+0s", **FIRING)
    play.just_before("+2h")
    assert of_rule(play, "long") == []
    play.until("+2h")
    assert of_rule(play, "long") == [("+2h", None, 1)]
    play.event("+3h", **RESOLVED)
    assert of_rule(play, "long") == [("+2h", "+3h", 1)]


def test_for_does_not_fire_when_the_other_clears_first_or_at_that_instant() -> None:
    for over in ("+1h59m", "+2h"):
        play = Play(RAID, incident_rule("long", "raid", for_="2h"))
        play.event("+0s", **FIRING)
        play.event(over, **RESOLVED)
        play.until("+9h")
        assert of_rule(play, "long") == []


def test_for_counts_from_the_others_event_time() -> None:
    play = Play(RAID, incident_rule("long", "raid", for_="2h"))
    play.event("+30m", happened="+0s", **FIRING)
    play.until("+2h")
    assert of_rule(play, "long") == [("+2h", None, 1)]


def test_for_upon_for_counts_from_when_the_other_became_active() -> None:
    """The other is active from its 10 min on: an hour later is +70 min."""
    play = Play(event_rule("smoke", match(type="air_raid"), for_="10 min"), incident_rule("long", "smoke", for_="1h"))
    play.event("+0s", **FIRING)
    play.until("+1h")
    assert of_rule(play, "long") == []
    play.until("+1h10m")
    assert of_rule(play, "long") == [("+1h10m", None, 1)]


def test_a_late_report_of_the_other_counts_as_long_as_it_lasted() -> None:
    """It was over after 5 min; that it is told an hour later does not make it long."""
    play = Play(RAID, incident_rule("long", "raid", for_="30 min"))
    play.event("+5m", **RESOLVED)
    play.event("+50m", happened="+0s", **FIRING)
    play.until("+3h")
    assert of_rule(play, "raid") == [("+50m", "+50m", 1)]
    assert of_rule(play, "long") == []


def test_a_late_report_of_the_other_that_was_long_is_told() -> None:
    play = Play(RAID, incident_rule("long", "raid", for_="30 min"))
    play.event("+40m", **RESOLVED)
    play.event("+50m", happened="+0s", **FIRING)
    assert of_rule(play, "long") == [("+50m", "+50m", 1)]


def test_without_per_it_holds_while_any_of_the_others_incidents_is_active() -> None:
    play = Play(RAID, incident_rule("any", "raid", per=()))
    play.event("+0s", **FIRING)
    play.event("+1m", **{**FIRING, "site": "village"})
    play.event("+2m", **RESOLVED)
    assert of_rule(play, "any") == [("+0s", None, 2)]
    play.event("+3m", **{**RESOLVED, "site": "village"})
    assert of_rule(play, "any") == [("+0s", "+3m", 2)]


def test_a_per_field_may_come_from_the_others_event_and_clears_with_it() -> None:
    """The other rule knows no sector in its key: the newest event's sector is this rule's key."""
    play = Play(RAID, incident_rule("sector", "raid", per=("sector",)))
    play.event("+0s", **FIRING, sector="north")
    assert [one.key for one in play.incidents.values() if one.rule == "sector"] == [{"sector": "north"}]
    play.event("+1m", **RESOLVED)
    assert of_rule(play, "sector") == [("+0s", "+1m", 1)]


def test_every_key_that_the_others_events_gave_clears_with_it() -> None:
    play = Play(RAID, incident_rule("sector", "raid", per=("sector",)))
    play.event("+0s", **FIRING, sector="north")
    play.event("+1m", **FIRING, sector="south")
    play.event("+2m", **RESOLVED)
    assert of_rule(play, "sector") == [("+0s", "+2m", 1), ("+1m", "+2m", 1)]


def test_without_the_per_field_it_is_left_out_and_reported() -> None:
    play = Play(RAID, incident_rule("sector", "raid", per=("sector",)))
    play.event("+0s", **FIRING)
    assert of_rule(play, "sector") == []
    assert len(play.notes("key_missing")) == 1


def test_a_chain_of_rules_fires_and_clears_in_one_instant() -> None:
    """In whatever order the file lists them."""
    chain = (incident_rule("third", "second"), incident_rule("second", "raid"), RAID)
    play = Play(*chain)
    play.event("+0s", **FIRING)
    assert [one.rule for one in play.incidents.values()] == ["raid", "second", "third"]
    play.event("+1m", **RESOLVED)
    assert of_rule(play, "third") == [("+0s", "+1m", 1)]


def test_clearings_come_before_firings_along_a_chain() -> None:
    """One event ends a rule and begins another: what follows the one is over before the other's begins."""
    rules = (event_rule("on", match(type="x", mode="on"), clear=Clear(when=match(type="x", mode="off")), to=None),
             event_rule("off", match(type="x", mode="off"), to=None),
             incident_rule("follows-off", "off"), incident_rule("follows-on", "on"))
    play = Play(*rules)
    play.event("+0s", type="x", site="s", mode="on")
    play.event("+1m", type="x", site="s", mode="off")
    said = []
    for change in play.steps[-1][2]:
        if type(change).__name__ == "ActivationSet":
            said.append((play.incidents[change.incident].rule, "cleared" if change.activation.cleared else "fired"))
    assert said == [("on", "cleared"), ("follows-on", "cleared"), ("off", "fired"), ("follows-off", "fired")]


def test_a_timer_that_clears_the_other_at_that_instant_comes_before_for() -> None:
    """At one instant: clearings, then firings."""
    momentary = event_rule("press", match(type="press"), to=None)
    play = Play(momentary, incident_rule("long", "press", for_="15 min"))
    play.event("+0s", type="press", site="s")
    play.until("+1h")
    assert of_rule(play, "press") == [("+0s", "+15m", 1)]
    assert of_rule(play, "long") == []


def test_severity_by_a_field_of_the_others_event() -> None:
    scaled = SeverityBy("urgency", {"Extreme": "critical"})
    play = Play(RAID, incident_rule("evacuate", "raid", severity=scaled))
    play.event("+0s", **FIRING, urgency="Extreme")
    assert [one.severity for one in play.incidents.values() if one.rule == "evacuate"] == ["critical"]


def test_names_of_the_others_event_reach_the_text() -> None:
    play = Play(RAID, incident_rule("evacuate", "raid", say="{{ site }}: {{ threat }}"))
    play.event("+0s", **FIRING, threat="drones")
    assert play.messages[0].values["threat"] == "drones"


# -- clear at the rule

def test_clear_after_and_at_end_it_while_the_other_goes_on() -> None:
    play = Play(RAID, incident_rule("evacuate", "raid", clear=Clear(after=20 * MINUTE)))
    play.event("+0s", **FIRING)
    play.until("+20m")
    assert of_rule(play, "evacuate") == [("+0s", "+20m", 1)]
    play = Play(RAID, incident_rule("evacuate", "raid", clear=Clear(at="until")))
    play.event("+0s", **FIRING, until="2026-11-22T21:45:00Z")
    play.until("+30m")
    assert of_rule(play, "evacuate") == [("+0s", "+30m", 1)]


def test_clear_at_holds_with_for_too() -> None:
    play = Play(RAID, incident_rule("evacuate", "raid", for_="10 min", clear=Clear(at="until")))
    play.event("+0s", **FIRING, until="2026-11-22T21:45:00Z")
    play.until("+30m")
    assert of_rule(play, "evacuate") == [("+10m", "+30m", 1)]


def test_clear_when_ends_it() -> None:
    play = Play(RAID, incident_rule("evacuate", "raid", clear=Clear(when=match(type="all.clear"))))
    play.event("+0s", **FIRING)
    play.event("+5m", type="all.clear", site="city")
    assert of_rule(play, "evacuate") == [("+0s", "+5m", 1)]


def test_clear_hold_keeps_it_and_only_ignores_the_other() -> None:
    play = Play(RAID, incident_rule("evacuate", "raid", clear=Clear(hold=5 * MINUTE)))
    play.event("+0s", **FIRING)
    play.event("+10m", **RESOLVED)
    play.until("+15m")
    assert of_rule(play, "evacuate") == [("+0s", "+15m", 1)]
    play = Play(RAID, incident_rule("evacuate", "raid", clear=Clear(after=HOUR, only=True)))
    play.event("+0s", **FIRING)
    play.event("+10m", **RESOLVED)
    play.until("+1h")
    assert of_rule(play, "evacuate") == [("+0s", "+1h", 1)]


# -- closing by a person

def test_closed_while_the_other_is_active_it_opens_again_after_reopen() -> None:
    play = Play(RAID, incident_rule("evacuate", "raid"))
    play.event("+0s", **FIRING)
    play.answer("olena", "resolve", at="+1m", incident=2)
    assert play.incident(2).response == "closed"
    play.until("+6m")
    assert of_rule(play, "evacuate") == [("+0s", "+1m", 1), ("+6m", None, 1)]
    assert play.pages()[-1] == ("+6m", "olena", "telegram")


def test_closed_and_then_over_it_stays_closed_and_fires_at_the_next_raid() -> None:
    play = Play(RAID, incident_rule("evacuate", "raid"))
    play.event("+0s", **FIRING)
    play.answer("olena", "resolve", at="+1m", incident=2)
    play.event("+2m", **RESOLVED)
    play.until("+1h")
    assert play.incident(2).response == "closed"
    play.event("+2h", **FIRING)
    assert of_rule(play, "evacuate") == [("+0s", "+1m", 1), ("+2h", None, 1)]


def test_what_follows_an_incident_that_a_person_closed_clears_when_the_condition_does() -> None:
    """A person's close is about the response: what rests on the condition goes on with the condition."""
    raid = event_rule("raid", match(type="air_raid"), clear=Clear(when=match(type="all.clear")))
    for over in ({**RESOLVED}, {"type": "all.clear", "site": "city"}):
        play = Play(raid, incident_rule("evacuate", "raid"))
        play.event("+0s", **FIRING)
        play.answer("olena", "resolve", at="+1m", incident=1)
        assert of_rule(play, "evacuate") == [("+0s", None, 1)]
        play.event("+2m", **over)
        assert of_rule(play, "evacuate") == [("+0s", "+2m", 1)]


def test_what_follows_a_momentary_incident_clears_when_a_person_closes_it() -> None:
    play = Play(event_rule("press", match(type="press")), incident_rule("next", "press"))
    play.event("+0s", type="press", site="s")
    play.answer("olena", "resolve", at="+1m", incident=1)
    assert of_rule(play, "next") == [("+0s", "+1m", 1)]


# -- a rule that raises

def test_a_follower_that_raises_never_stops_the_others() -> None:
    play = Play(RAID, incident_rule("broken", "raid"), incident_rule("sound", "raid"))
    word = play.run._meaning.words["broken"]
    word.follow = lambda *_: 1 / 0  # type: ignore[union-attr, method-assign, assignment, return-value]
    play.event("+0s", **FIRING)
    assert {one.rule for one in play.incidents.values()} == {"raid", "sound"}
    play.event("+1m", **RESOLVED)
    assert of_rule(play, "sound") == [("+0s", "+1m", 1)]
