"""Answers: the first wins, refusals start the next way, needs count people, policies stand side by side."""

from tests.support.city import PEOPLE, event_rule, person, policy, step
from tests.support.play import Play

from tocsin.book.contacts import Need
from tocsin.book.rule import SeverityBy

ALARM = {"type": "alarm.panic", "site": "school"}
FIRING = {"type": "alarm.smoke", "site": "school", "status": "firing", "device": "d1"}
RESOLVED = {**FIRING, "status": "resolved"}
SCALED = SeverityBy("urgency", {"Extreme": "critical", "Severe": "high", "Minor": "low"})
TURNS = person("olena", "telegram", "sms", "email", by=("telegram", "sms", "email"))
OTHERS = tuple(one for one in PEOPLE if one.id != "olena")


def alarm(*policies: object, people: tuple[object, ...] = PEOPLE, rule: object = None, **more: object) -> Play:
    """One panic alarm at +0s under these policies."""
    play = Play(rule or event_rule(), policies=policies, people=people, **more)  # type: ignore[arg-type]
    play.event("+0s", **ALARM)
    return play


# -- answers

def test_the_first_answer_wins_and_a_late_one_is_recorded() -> None:
    play = alarm(policy("police", step("olena", "taras")))
    play.answer("olena", "accept", at="+10s", eta=300_000_000)
    play.answer("taras", "accept", at="+20s")
    assert [(one.person, one.late) for one in play.incident().answers] == [("olena", False), ("taras", True)]
    taken = [one for one in play.messages if one.kind == "taken"]
    assert [(one.values["who"], one.values["word"]) for one in taken] == [("olena", "accept")]


def test_an_answer_after_closing_is_noted() -> None:
    play = alarm(policy("police", step("olena", "taras")))
    play.answer("olena", "resolve", at="+10s")
    play.answer("taras", "accept", at="+20s")
    assert len(play.notes("late_answer")) == 1
    assert play.incident().response == "closed"


def test_the_same_press_twice_is_one_answer() -> None:
    play = alarm(policy("police", step("olena", "taras")))
    play.answer("olena", "acknowledge", at="+10s")
    play.answer("olena", "acknowledge", at="+11s")
    assert len(play.incident().answers) == 1


def test_an_answer_of_somebody_not_asked_by_console_counts() -> None:
    play = alarm(policy("police", step("olena")))
    play.answer("chief", "acknowledge", channel="console", notification=0, at="+10s")
    assert play.incident().response == "acknowledged"


def test_a_press_on_a_message_of_somebody_elses_does_not_count() -> None:
    play = alarm(policy("police", step("olena"), step("taras")))
    play.answer("chief", "acknowledge", notification=1, at="+10s")
    assert play.incident().response == "unanswered"
    play.until("+1m")
    assert play.paged() == ["olena", "taras"]


def test_declining_starts_the_next_step_at_once_when_nobody_is_left() -> None:
    play = alarm(policy("police", step("olena", "taras"), step("ivan")))
    play.answer("olena", "decline", at="+10s")
    assert play.paged() == ["olena", "taras"]
    play.answer("taras", "decline", at="+20s")
    assert play.pages()[-1] == ("+20s", "ivan", "telegram")


def test_who_declined_is_not_asked_again_but_the_last_resort_asks_everybody() -> None:
    play = alarm(policy("police", step("olena", "taras"), step("olena"), repeat=1, last=("olena",)))
    play.answer("olena", "decline", at="+10s")
    play.until("+1m")
    assert play.paged() == ["olena", "taras", "taras"]
    play.until("+2m")
    assert play.pages()[-1] == ("+2m", "olena", "telegram")


def test_declining_stops_the_decliners_other_channels() -> None:
    play = alarm(policy("police", step("olena", "taras", within="10 min")), people=(TURNS, *OTHERS))
    play.answer("olena", "decline", at="+30s")
    play.until("+5m")
    assert play.pages() == [("+0s", "olena", "telegram"), ("+0s", "taras", "telegram")]


def test_taking_it_back_escalates_again_past_the_one_who_did() -> None:
    play = alarm(policy("police", step("olena", "taras"), step("ivan")))
    play.answer("olena", "accept", at="+10s")
    play.answer("olena", "decline", at="+5m")
    assert play.incident().response == "unanswered"
    assert play.pages()[-1] == ("+5m", "taras", "telegram")
    play.until("+6m")
    assert play.pages()[-1] == ("+6m", "ivan", "telegram")


def test_taking_it_back_leaves_alone_what_another_person_still_covers() -> None:
    play = alarm(policy("police", step("olena", "taras")))
    play.answer("olena", "accept", at="+10s")
    play.answer("taras", "accept", at="+11s")
    play.answer("olena", "decline", at="+20s")
    play.until("+1h")
    assert play.incident().response == "acknowledged"
    assert play.paged() == ["olena", "taras"]


def test_declining_and_accepting_after_all_counts() -> None:
    play = alarm(policy("police", step("olena", "taras", need=(Need(1),))))
    for at, word in (("+1s", "accept"), ("+2s", "decline"), ("+3s", "accept")):
        play.answer("olena", word, at=at)
    assert play.incident().response == "acknowledged"


# -- parallel policies

BOTH = (policy("police", step("olena"), step("taras")), policy("medics", step("ivan"), step("chief")))


def parallel(**more: object) -> Play:
    return alarm(*BOTH, rule=event_rule(to=("police", "medics")), **more)


def test_two_policies_run_in_parallel_and_each_must_answer() -> None:
    play = parallel()
    assert play.paged() == ["olena", "ivan"]
    play.answer("olena", "accept", at="+10s")
    assert play.incident().response == "unanswered"
    play.until("+1m")
    assert play.paged() == ["olena", "ivan", "chief"]
    play.answer("chief", "accept", at="+70s")
    assert play.incident().response == "acknowledged"


def test_a_press_counts_in_every_policy_that_notified_the_presser() -> None:
    shared = (policy("police", step("olena")), policy("medics", step("olena", "ivan")))
    play = alarm(*shared, rule=event_rule(to=("police", "medics")))
    play.answer("olena", "acknowledge", at="+10s")
    assert play.incident().response == "acknowledged"


def test_one_policys_people_do_not_cover_the_other_when_they_back_out() -> None:
    """Police have it, the ambulance backs out: the ambulance is sought again, the police are left alone."""
    play = parallel()
    play.answer("olena", "accept", at="+10s")
    play.answer("ivan", "accept", at="+11s")
    play.answer("ivan", "decline", at="+2m")
    assert play.incident().response == "unanswered"
    assert play.pages()[-1] == ("+2m", "chief", "telegram")
    play.answer("chief", "accept", at="+3m")
    assert play.incident().response == "acknowledged"
    assert play.paged() == ["olena", "ivan", "chief"]


def test_backing_out_before_the_other_policy_answered_starts_the_own_again() -> None:
    play = parallel()
    play.answer("olena", "accept", at="+10s")
    play.answer("olena", "decline", at="+20s")
    assert play.pages()[-1] == ("+20s", "taras", "telegram")
    play.answer("ivan", "accept", at="+30s")
    assert play.incident().response == "unanswered"


def test_severity_chooses_the_policy_the_nearest_above_else_below() -> None:
    routes = {"critical": "police", "medium": "medics"}
    for urgency, who in (("Extreme", "olena"), ("Severe", "olena"), ("Minor", "ivan")):
        play = Play(event_rule(to=routes, severity=SCALED), policies=BOTH)
        play.event("+0s", **ALARM, urgency=urgency)
        assert play.paged() == [who]


def test_a_rise_starts_the_policy_of_the_new_severity() -> None:
    play = Play(event_rule(to={"critical": "police", "low": "medics"}, severity=SCALED), policies=BOTH)
    play.event("+0s", **ALARM, urgency="Minor")
    play.event("+10s", **ALARM, urgency="Extreme")
    play.until("+1m30s")
    assert play.pages() == [("+0s", "ivan", "telegram"), ("+10s", "olena", "telegram"),
                            ("+1m10s", "taras", "telegram")]


# -- need

def crew(*need: Need, last: tuple[str, ...] = ("duty",)) -> Play:
    dogs = person("rex", "telegram", skills=("k9",))
    return alarm(policy("police", step("olena", "taras", "rex"), step("ivan", "chief"), need=need, last=last),
                 people=(*PEOPLE, dogs))


def test_with_a_need_only_accepted_and_arrived_count() -> None:
    play = crew(Need(1))
    play.answer("olena", "acknowledge", at="+10s")
    assert play.incident().response == "unanswered"
    play.answer("olena", "arrived", at="+20s")
    assert play.incident().response == "acknowledged"


def test_a_need_counts_people_and_each_once() -> None:
    play = crew(Need(2))
    play.answer("olena", "accept", at="+10s")
    play.answer("olena", "arrived", at="+20s")
    assert play.incident().response == "unanswered"
    play.answer("taras", "accept", at="+30s")
    assert play.incident().response == "acknowledged"


def test_a_person_counts_towards_every_need_they_fit() -> None:
    play = crew(Need(2), Need(1, skill="k9"))
    play.answer("olena", "accept", at="+10s")
    play.answer("taras", "accept", at="+20s")
    assert play.incident().response == "unanswered"
    play.answer("rex", "accept", at="+30s")
    assert play.incident().response == "acknowledged"
    play = crew(Need(2), Need(1, skill="k9"))
    play.answer("olena", "accept", at="+10s")
    play.answer("rex", "accept", at="+20s")
    assert play.incident().response == "acknowledged"


def test_only_the_unmet_part_escalates() -> None:
    """Who has accepted is not asked again, neither by later steps nor by the last resort."""
    play = crew(Need(2), last=("olena", "duty"))
    play.answer("olena", "accept", at="+10s")
    play.until("+3m")
    assert play.paged("+11s") == ["ivan", "chief", "duty"]


def test_who_accepted_hears_no_further_channel() -> None:
    play = alarm(policy("police", step("olena", "taras", within="10 min"), need=(Need(2),)), people=(TURNS, *OTHERS))
    play.answer("olena", "accept", at="+10s")
    play.until("+5m")
    assert play.paged() == ["olena", "taras"]


def test_a_need_that_the_step_cannot_meet_any_more_starts_the_next_at_once() -> None:
    play = crew(Need(3))
    play.answer("olena", "accept", at="+1s")
    play.answer("taras", "decline", at="+2s")
    play.answer("rex", "accept", at="+3s")
    assert play.pages()[-2:] == [("+3s", "ivan", "telegram"), ("+3s", "chief", "telegram")]


def test_a_steps_own_need_replaces_the_policys_and_stays_unmet_in_the_next_step() -> None:
    own = policy("police", step("olena", "taras", need=(Need(2),)), step("ivan", "chief"))
    play = alarm(own)
    play.answer("olena", "accept", at="+10s")
    assert play.incident().response == "unanswered"
    play.until("+1m")
    assert play.paged("+1m") == ["ivan", "chief"]
    play.answer("chief", "accept", at="+70s")
    assert play.incident().response == "acknowledged"


def test_losing_one_of_two_needed_asks_for_one_more() -> None:
    play = crew(Need(2))
    play.answer("olena", "accept", at="+10s")
    play.answer("taras", "accept", at="+20s")
    play.answer("taras", "decline", at="+2m")
    assert play.incident().response == "unanswered"
    assert play.pages()[-1] == ("+2m", "rex", "telegram")
    play.answer("rex", "accept", at="+130s")
    assert play.incident().response == "acknowledged"


def test_acceptances_of_the_police_do_not_count_for_the_ambulance() -> None:
    two = (policy("police", step("olena")), policy("medics", step("ivan", "chief"), need=(Need(2),)))
    play = alarm(*two, rule=event_rule(to=("police", "medics")))
    play.answer("olena", "accept", at="+1s")
    play.answer("ivan", "accept", at="+2s")
    assert play.incident().response == "unanswered"
    play.answer("chief", "accept", at="+3s")
    assert play.incident().response == "acknowledged"


def test_what_was_accepted_before_a_rise_does_not_cover_it() -> None:
    play = Play(event_rule(severity=SCALED), policies=(policy("police", step("olena", "taras"), need=(Need(1),)),))
    play.event("+0s", **ALARM, urgency="Minor")
    play.answer("olena", "accept", at="+10s")
    play.event("+10s", **ALARM, urgency="Extreme")
    assert play.incident().response == "unanswered"
    play.answer("taras", "accept", at="+10s")
    assert play.incident().response == "acknowledged"
