"""What an operator does with an incident by hand: each line of the table in docs/by-hand.md."""

from typing import Any

import pytest
from tests.support.city import PEOPLE, event_rule, match, person, policy, step
from tests.support.play import START, Play

from tocsin.book.contacts import Need, Service
from tocsin.book.rule import SeverityBy
from tocsin.domain.time import MINUTE

ALARM = {"type": "alarm.panic", "site": "school"}
FIRING = {"type": "alarm.panic", "site": "school", "status": "firing", "device": "d"}
POLICE = policy("police", step("olena", within="2 min"), step("taras", within="2 min"))
SERVICES = (Service(id="medics", name="Медики", kind="ambulance", members=("ivan", "maria")),)
FOLK = (*PEOPLE, person("maria", "telegram", skills=("k9",)))


def alarm(*policies: Any, rule: Any = None, **fields: Any) -> Play:
    play = Play(rule or event_rule(), policies=policies or (POLICE,), people=FOLK, services=SERVICES)
    play.event("+0s", **{**FIRING, **fields})
    return play


# -- escalate

def test_escalate_begins_the_next_step_at_once() -> None:
    play = alarm()
    play.operator("escalate", at="+10s", incident=1, reason="nobody picks up")
    assert play.pages()[1:] == [("+10s", "taras", "telegram")]
    assert [one.detail for one in play.notes("escalated")] == ["police, by operator: nobody picks up"]
    play.until("+2m10s")
    assert play.pages()[2:] == [("+2m10s", "duty", "sms")]


def test_escalate_of_what_is_answered_goes_on_behind_the_answer() -> None:
    """One who has it is not enough: the next step is asked, and only its answer ends that."""
    play = alarm()
    play.answer("olena", "accept", at="+10s")
    play.operator("escalate", at="+5m", incident=1)
    assert play.incident().response == "unanswered"
    assert play.paged(since="+1m") == ["taras"]
    play.answer("taras", "accept", at="+6m")
    assert play.incident().response == "acknowledged"
    assert play.until("+1h").paged(since="+5m1s") == []


def test_escalate_of_one_policy_leaves_the_other_alone() -> None:
    play = alarm(POLICE, policy("crew", step("ivan", within="2 min"), step("chief")),
                 rule=event_rule(to=("police", "crew")))
    play.operator("escalate", at="+10s", incident=1, policy="crew")
    assert play.paged(since="+1s") == ["chief"]


def test_escalate_in_the_last_resort_asks_it_again_at_once() -> None:
    play = alarm(policy("police", step("olena")))
    play.until("+1m")
    play.operator("escalate", at="+90s", incident=1)
    assert play.pages()[1:] == [("+1m", "duty", "sms"), ("+1m30s", "duty", "sms")]


# -- add

def test_add_asks_a_service_beside_those_who_have_it() -> None:
    """Both must have answered, as with a list in `escalate_to`."""
    play = alarm()
    play.answer("olena", "accept", at="+10s")
    play.operator("add", at="+1m", incident=1, to={"service": "medics"}, reason="somebody is hurt")
    assert play.pages()[1:] == [("+1m", "ivan", "telegram"), ("+1m", "maria", "telegram")]
    assert play.incident().response == "unanswered"
    play.answer("ivan", "accept", at="+2m")
    assert play.incident().response == "acknowledged"
    assert play.until("+1h").paged(since="+2m") == []


def test_an_added_person_who_does_not_answer_is_followed_by_the_last_resort() -> None:
    """Of the incident's own policy, again and again."""
    play = alarm(policy("police", step("olena"), last=("chief",)))
    play.answer("olena", "accept", at="+10s")
    play.operator("add", at="+1m", incident=1, to={"person": "ivan"})
    play.until("+9m")
    assert play.pages()[1:] == [("+1m", "ivan", "telegram"), ("+3m", "chief", "telegram"), ("+8m", "chief", "telegram")]


def test_an_added_person_who_cannot_is_followed_at_once() -> None:
    play = alarm()
    play.answer("olena", "accept", at="+10s")
    play.operator("add", at="+1m", incident=1, to={"person": "ivan"})
    play.answer("ivan", "decline", at="+70s")
    assert play.pages()[2:] == [("+1m10s", "duty", "sms")]


def test_a_policy_can_be_added_and_keeps_its_need() -> None:
    crew = policy("crew", step("ivan", "maria"), need=(Need(1, skill="k9"),))
    play = alarm(POLICE, crew)
    play.operator("add", at="+10s", incident=1, to={"policy": "crew"})
    play.answer("olena", "accept", at="+20s")
    play.answer("ivan", "accept", at="+21s")
    assert play.incident().response == "unanswered"
    play.answer("maria", "accept", at="+22s")
    assert play.incident().response == "acknowledged"


def test_who_was_added_stays_through_a_rise_and_not_into_the_next_activation() -> None:
    scaled = SeverityBy("urgency", {"Extreme": "critical", "Minor": "low"})
    play = alarm(rule=event_rule(severity=scaled), urgency="Minor")
    play.operator("add", at="+10s", incident=1, to={"person": "ivan"})
    play.event("+1m", **FIRING, urgency="Extreme")
    assert play.paged(since="+1m") == ["olena", "ivan"]
    play.answer("olena", "acknowledge", at="+2m")
    play.answer("ivan", "accept", at="+2m")
    play.event("+3m", **{**FIRING, "status": "resolved"})
    play.event("+4m", **FIRING, urgency="Minor")
    assert play.paged(since="+3m") == ["olena"]


def test_an_incident_of_the_board_can_be_given_somebody() -> None:
    play = alarm(rule=event_rule(to="board"))
    play.operator("add", at="+10s", incident=1, to={"person": "ivan"})
    assert play.paged() == ["ivan"]
    play.until("+3m")
    assert play.paged() == ["ivan", "duty"]


# -- reassign

def test_reassign_asks_somebody_else_instead() -> None:
    """Who is asked is asked no more, who has it has it no more and is told."""
    play = alarm()
    play.answer("olena", "accept", at="+10s")
    play.operator("reassign", at="+1m", incident=1, to={"service": "medics"})
    assert play.incident().response == "unanswered"
    assert play.pages()[1:] == [("+1m", "ivan", "telegram"), ("+1m", "maria", "telegram")]
    assert play.news("reassigned") == [("+1m", "olena", "telegram")]
    assert play.messages[-1].values["who"] == "Медики"
    play.answer("ivan", "accept", at="+2m")
    assert play.incident().response == "acknowledged"
    assert play.until("+1h").paged(since="+2m") == []


def test_reassign_of_what_nobody_has_stops_its_steps() -> None:
    play = alarm()
    play.operator("reassign", at="+10s", incident=1, to={"person": "ivan"})
    play.until("+2m5s")
    assert play.paged() == ["olena", "ivan"]
    play.until("+2m10s")
    assert play.paged() == ["olena", "ivan", "duty"]
    assert play.news("reassigned") == []


def test_an_answer_of_before_does_not_count_for_whom_it_was_reassigned_to() -> None:
    play = alarm()
    play.operator("reassign", at="+10s", incident=1, to={"person": "ivan"})
    play.answer("olena", "accept", at="+20s")
    assert play.incident().response == "unanswered"
    play.answer("ivan", "accept", at="+30s")
    assert play.incident().response == "acknowledged"


# -- hand over

def test_hand_over_leaves_it_with_the_first_until_the_second_takes_it() -> None:
    play = alarm()
    play.answer("olena", "accept", at="+10s")
    play.operator("hand_over", at="+1m", incident=1, to="ivan", reason="end of the shift")
    assert play.paged(since="+1m") == ["ivan"]
    assert play.news("reassigned") == []
    play.answer("ivan", "accept", at="+2m")
    assert play.incident().response == "acknowledged"
    assert play.news("reassigned") == [("+2m", "olena", "telegram")]
    assert [one.detail for one in play.notes("handed_over")] == ["olena to ivan"]
    assert [(one.person, one.word) for one in play.incident().answers] == [
        ("olena", "accept"), ("ivan", "accept"), ("olena", "handed_over")]
    assert play.until("+1h").paged(since="+2m") == []


def test_a_hand_over_that_nobody_takes_comes_back_to_who_has_it() -> None:
    """Not in time, or at once when the second one cannot."""
    for said, back in (("", "+3m"), ("decline", "+1m30s")):
        play = alarm()
        play.answer("olena", "accept", at="+10s")
        play.operator("hand_over", at="+1m", incident=1, to="ivan")
        if said:
            play.answer("ivan", said, at="+90s")
        play.until("+4m")
        assert play.pages()[2:] == [(back, "olena", "telegram")]
        play.answer("olena", "accept", at="+5m")
        assert play.incident().response == "acknowledged"
        assert play.notes("handed_over") == []


def test_after_a_hand_over_the_second_ones_cannot_asks_everybody_anew() -> None:
    """Nobody has it: both the one who was asked by hand and the policy go on."""
    play = alarm()
    play.answer("olena", "accept", at="+10s")
    play.operator("hand_over", at="+1m", incident=1, to="ivan")
    play.answer("ivan", "accept", at="+2m")
    play.answer("ivan", "decline", at="+3m")
    assert play.incident().response == "unanswered"
    assert set(play.paged(since="+3m")) == {"olena"}


def test_a_hand_over_to_somebody_without_the_needed_skill_asks_for_the_skill() -> None:
    crew = policy("police", step("maria", "olena", within="2 min"), need=(Need(1, skill="k9"),))
    play = alarm(crew)
    play.answer("maria", "accept", at="+10s")
    play.operator("hand_over", at="+1m", incident=1, to="ivan")
    play.answer("ivan", "accept", at="+2m")
    assert play.incident().response == "unanswered"
    assert "maria" in play.paged(since="+2m")


# -- snooze

def test_snooze_asks_nobody_until_its_end() -> None:
    play = alarm()
    play.operator("snooze", at="+10s", incident=1, until=START + 30 * MINUTE, reason="the guard looks")
    play.event("+1m", type="alarm.panic", site="other")
    assert play.paged(since="+11s") == ["olena"]
    play.just_before("+30m")
    assert play.pages(1) == [("+0s", "olena", "telegram")]
    assert play.suppressed() == ["snoozed by operator: the guard looks"]
    play.until("+30m")
    assert play.pages(1)[1:] == [("+30m", "olena", "telegram")]
    assert play.run.board.silences == {}


def test_a_rise_speaks_up_in_a_snooze() -> None:
    scaled = SeverityBy("urgency", {"Extreme": "critical", "Minor": "low"})
    play = alarm(rule=event_rule(severity=scaled), urgency="Minor")
    play.operator("snooze", at="+10s", incident=1, until=START + 30 * MINUTE, reason="x")
    play.event("+1m", **FIRING, urgency="Extreme")
    assert play.pages()[1:] == [("+1m", "olena", "telegram")]


def test_a_snoozed_incident_that_is_taken_is_not_reminded_until_the_end() -> None:
    play = alarm(policy("police", step("olena"), remind="5 min"))
    play.answer("olena", "accept", at="+10s")
    play.operator("snooze", at="+1m", incident=1, until=START + 30 * MINUTE, reason="x")
    play.until("+29m")
    assert play.pages(kind="remind") == []
    play.until("+36m")
    assert play.pages(kind="remind")


def test_closing_ends_a_snooze() -> None:
    play = alarm()
    play.operator("snooze", at="+10s", incident=1, until=START + 30 * MINUTE, reason="x")
    play.answer("olena", "false_alarm", at="+1m")
    assert play.run.board.silences == {}
    assert [one.detail for one in play.notes("silence_over")] == ["1: incident 1: ended by closing"]


# -- what is refused

@pytest.mark.parametrize("action, arguments, sentence", [
    ("escalate", {"incident": 7}, "no open incident 7"), ("escalate", {}, "no open incident None"),
    ("escalate", {"incident": 1, "policy": "crew"}, "the policy crew is not at work"),
    ("add", {"incident": 1}, "say whom"), ("add", {"incident": 1, "to": {"person": "iwan"}}, "did you mean ivan?"),
    ("add", {"incident": 1, "to": {"service": "nobody"}}, "there is no service nobody"),
    ("add", {"incident": 1, "to": {"policy": "polise"}}, "there is no policy polise: did you mean police?"),
    ("reassign", {"incident": 1, "to": {"person": "olena", "service": "medics"}}, "say whom"),
    ("hand_over", {"incident": 1, "to": "ivan"}, "nobody has incident 1"),
    ("snooze", {"incident": 1, "reason": "x"}, "until when"),
    ("snooze", {"incident": 1, "until": START + MINUTE}, "say why")])
def test_what_cannot_be_done_is_refused_with_a_sentence(action: str, arguments: Any, sentence: str) -> None:
    play = alarm()
    before = play.incident()
    play.operator(action, at="+10s", **arguments)
    assert sentence in play.notes("refused")[0].detail
    assert play.incident() == before


def test_refused_when_it_makes_no_difference() -> None:
    """Twice the same, to whom has it already, from somebody who does not, on a closed incident, in a silence."""
    play = alarm()
    play.operator("add", at="+1s", incident=1, to={"person": "ivan"})
    play.operator("add", at="+2s", incident=1, to={"person": "ivan"})
    play.answer("olena", "accept", at="+3s")
    play.answer("ivan", "accept", at="+3s")
    play.operator("hand_over", at="+4s", incident=1, to="taras")
    play.operator("hand_over", at="+5s", incident=1, to="olena", **{"from": "olena"})
    play.operator("hand_over", at="+6s", incident=1, to="olena", **{"from": "chief"})
    play.operator("silence", at="+7s", rule="panic", until=START + MINUTE, reason="x")
    play.operator("escalate", at="+8s", incident=1)
    play.answer("olena", "resolve", at="+9s")
    play.operator("escalate", at="+10s", incident=1)
    assert [one.detail for one in play.notes("refused")] == [
        "operator: add: person ivan is being asked already",
        "operator: hand_over: several have it (olena, ivan): say from whom",
        "operator: hand_over: olena has it already",
        "operator: hand_over: chief does not have it, but olena, ivan",
        "operator: escalate: incident 1 is kept quiet: end the silence first",
        "operator: escalate: there is no open incident 1"]


def test_a_state_takes_nothing_by_hand() -> None:
    play = Play(event_rule("raid", match(type="alarm.panic"), to=None))
    play.event("+0s", **FIRING)
    play.operator("add", at="+1s", incident=1, to={"person": "ivan"})
    assert "a state of the rule raid" in play.notes("refused")[0].detail


# -- what meets something else at the same moment

def test_an_answer_that_comes_before_escalate_is_gone_behind_and_one_after_it_counts() -> None:
    """The journal's order decides."""
    play = alarm()
    play.answer("olena", "accept", at="+10s")
    play.operator("escalate", at="+10s", incident=1)
    assert play.paged() == ["olena", "taras"]
    play = alarm()
    play.operator("escalate", at="+10s", incident=1)
    play.answer("olena", "accept", at="+10s")
    assert play.incident().response == "acknowledged"
    assert play.until("+1h").paged() == ["olena", "taras"]


def test_two_operators_at_once_the_second_is_told() -> None:
    play = alarm()
    play.answer("olena", "accept", at="+10s")
    play.operator("hand_over", at="+1m", incident=1, to="ivan")
    play.operator("hand_over", at="+1m", incident=1, to="ivan")
    assert [one.detail for one in play.notes("refused")] == ["operator: hand_over: person ivan is being asked already"]
    assert play.paged(since="+1m") == ["ivan"]


def test_it_clears_during_a_hand_over_and_stays_with_who_has_it() -> None:
    play = alarm()
    play.answer("olena", "accept", at="+10s")
    play.operator("hand_over", at="+1m", incident=1, to="ivan")
    play.event("+90s", **{**FIRING, "status": "resolved"})
    assert (play.incident().condition, play.incident().response) == ("cleared", "unanswered")
    play.answer("ivan", "accept", at="+100s")
    assert (play.incident().response, play.incident().held) == ("acknowledged", True)


def test_a_deadline_at_the_instant_of_escalate_is_one_step_further() -> None:
    """Operators come before deadlines: the deadline of the step that was left does not count."""
    play = alarm()
    play.operator("escalate", at="+2m", incident=1)
    assert play.until("+3m").paged() == ["olena", "taras"]
