"""Escalation: steps, people, channels, rounds, the last resort; never silence."""

from msgspec.structs import replace
from tests.support.city import PEOPLE, event_rule, match, person, policy, step, targets
from tests.support.play import Play

from tocsin.book.book import Roles
from tocsin.book.contacts import Away, Need, Rotation, Schedule, Service
from tocsin.book.rule import SeverityBy
from tocsin.domain.time import HOUR

ALARM = {"type": "alarm.panic", "site": "school"}
FIRING = {"type": "alarm.smoke", "site": "school", "status": "firing", "device": "d1"}
RESOLVED = {**FIRING, "status": "resolved"}
SCALED = SeverityBy("urgency", {"Extreme": "critical", "Severe": "high", "Minor": "low"})


def alarm(*policies: object, people: tuple[object, ...] = PEOPLE, rule: object = None, **more: object) -> Play:
    """One panic alarm at +0s under these policies."""
    play = Play(rule or event_rule(), policies=policies, people=people, **more)  # type: ignore[arg-type]
    play.event("+0s", **ALARM)
    return play


# -- steps and rounds

def test_each_step_has_its_time_then_the_next_one_starts() -> None:
    play = alarm(policy("police", step("olena", within="60s"), step("taras", within="2 min"), step("ivan")))
    play.just_before("+1m")
    assert play.paged() == ["olena"]
    play.until("+10m")
    assert play.pages()[:4] == [("+0s", "olena", "telegram"), ("+1m", "taras", "telegram"),
                                ("+3m", "ivan", "telegram"), ("+4m", "duty", "sms")]


def test_a_step_with_several_targets_asks_everybody_once() -> None:
    play = alarm(policy("police", step("olena", "taras", "olena")))
    assert play.paged() == ["olena", "taras"]


def test_repeat_is_so_many_more_rounds_before_the_last_resort() -> None:
    play = alarm(policy("police", step("olena"), step("taras"), repeat=2))
    play.until("+6m")
    assert play.paged() == ["olena", "taras"] * 3 + ["duty"]
    assert [(one.step, one.round) for one in play.messages][:4] == [(1, 1), (2, 1), (1, 2), (2, 2)]


def test_the_last_resort_repeats_for_ever_and_is_step_0() -> None:
    play = alarm(policy("police", step("olena"), every="5 min"))
    play.until("+26h")
    last = [one for one in play.messages if one.kind == "page" and one.step == 0]
    assert {one.person for one in last} == {"duty"}
    assert len(last) == (26 * 60 - 1) // 5 + 1
    play.answer("duty", "acknowledge", channel="sms")
    asked = len(play.pages())
    play.until("+30h")
    assert play.incident().response == "closed"
    assert len(play.pages()) == asked


def test_a_step_only_for_other_severities_is_passed_at_once() -> None:
    strict = policy("police", step("olena", only=("low",)), step("taras", only=("critical", "high")))
    play = alarm(strict)
    assert play.pages() == [("+0s", "taras", "telegram")]
    assert play.suppressed() == ["step 1 of police is not for severity critical"]


def test_a_step_that_reaches_nobody_never_waits() -> None:
    """An unknown schedule, a person without address, a service without members: the next step at once."""
    play = alarm(policy("police", step("on_call:nowhere"), step("mute"), step("service:none"), step("olena")),
                 people=(*PEOPLE, person("mute")))
    assert play.pages() == [("+0s", "olena", "telegram")]
    assert play.suppressed() == ["step 1 of police reached nobody", "mute has no usable address",
                                 "step 2 of police reached nobody", "step 3 of police reached nobody"]


def test_a_policy_without_reachable_steps_goes_straight_to_the_last_resort() -> None:
    play = alarm(policy("police", step("on_call:nowhere"), repeat=2))
    assert play.pages() == [("+0s", "duty", "sms")]
    assert play.messages[0].step == 0


def test_a_policy_that_is_missing_asks_the_duty_office_as_its_last_resort() -> None:
    play = alarm()
    assert play.pages() == [("+0s", "duty", "sms")]
    assert play.messages[0].step == 0
    play.until("+5m")
    assert play.paged() == ["duty", "duty"]


def test_if_even_the_last_resort_reaches_nobody_administrators_and_everybody_on_duty_are_asked() -> None:
    schedule = Schedule(id="patrol", time_zone="UTC", rotations=(Rotation(("ivan",), 24 * HOUR, "2026-01-01"),))
    play = alarm(policy("police", step("on_call:nowhere"), last=("service:none",)), schedules=(schedule,),
                 roles=Roles(administrators=targets("admin")))
    assert play.pages() == [("+0s", "admin", "email"), ("+0s", "ivan", "telegram")]
    assert len(play.notes("last_resort_failed")) == 1
    assert not play.incident().unreached
    play.until("+5m")
    assert play.paged() == ["admin", "ivan"] * 2


def test_when_nobody_at_all_is_reached_it_says_so_and_keeps_trying() -> None:
    """Siren and a red /health hang on `unreached`; the deadline stands for ever."""
    play = alarm(policy("police", step("on_call:nowhere"), last=("service:none",)), roles=Roles())
    assert play.pages() == []
    assert play.incident().unreached
    play.until("+3h")
    assert play.timers("answer") == ["answer +3h5m"]


def test_an_incident_reached_again_is_not_unreached_any_more() -> None:
    play = alarm(policy("police", step("mute"), last=("duty",)), roles=Roles())
    play.operator("address_off", person="duty", channel="sms")
    play.until("+5m")
    assert play.incident().unreached
    play.operator("address_on", person="duty", channel="sms")
    play.until("+10m")
    assert play.paged("+6m") == ["duty"]
    assert not play.incident().unreached


def test_the_running_escalation_uses_the_policy_as_it_was_when_it_began() -> None:
    play = alarm(policy("police", step("olena"), step("taras")))
    play.book(event_rule(), policies=(policy("police", step("chief")),), at="+10s")
    play.until("+1m")
    assert play.paged() == ["olena", "taras"]
    play.event("+2m", type="alarm.panic", site="hospital")
    assert play.pages(2) == [("+2m", "chief", "telegram")]


def test_targets_are_fixed_when_a_step_starts() -> None:
    """Who is on duty is asked at each step's start, not at the incident's."""
    turns = Schedule(id="patrol", time_zone="UTC",
                     rotations=(Rotation(("olena", "taras"), 12 * HOUR, "2026-11-22 09:16"),))
    play = alarm(policy("police", step("on_call:patrol"), repeat=2), schedules=(turns,))
    play.until("+1m")
    assert play.pages() == [("+0s", "olena", "telegram"), ("+1m", "taras", "telegram")]


def test_everybody_of_a_service_with_members_is_asked() -> None:
    play = alarm(policy("police", step("service:patrol")),
                 services=(Service(id="patrol", name="Patrol", members=("taras", "olena", "taras")),))
    assert play.paged() == ["taras", "olena"]


def test_skill_asks_everybody_who_has_it() -> None:
    dogs = (person("rex", "telegram", skills=("k9",)), person("bim", "telegram", skills=("k9", "medic")))
    play = alarm(policy("police", step("skill:k9")), people=(*PEOPLE, *dogs))
    assert play.paged() == ["bim", "rex"]


# -- a person's channels

TURNS = person("olena", "telegram", "sms", "email", by=("telegram", "sms", "email"))
OTHERS = tuple(one for one in PEOPLE if one.id != "olena")


def test_a_persons_channels_are_tried_a_minute_apart() -> None:
    play = alarm(policy("police", step("olena", within="10 min")), people=(TURNS, *OTHERS))
    play.just_before("+10m")
    assert play.pages() == [("+0s", "olena", "telegram"), ("+1m", "olena", "sms"), ("+2m", "olena", "email")]


def test_channels_joined_by_plus_go_out_at_once() -> None:
    both = person("olena", "telegram", "sms", "email", by=("telegram + sms", "email"))
    play = alarm(policy("police", step("olena", within="10 min")), people=(both, *OTHERS))
    play.just_before("+10m")
    assert play.pages() == [("+0s", "olena", "telegram"), ("+0s", "olena", "sms"), ("+1m", "olena", "email")]


def test_a_steps_own_channels_replace_the_persons() -> None:
    play = alarm(policy("police", step("olena", by=("email", "sms"))), people=(TURNS, *OTHERS))
    assert play.pages() == [("+0s", "olena", "email")]


def test_channels_by_severity_take_the_nearest_listed_above_else_below() -> None:
    by = {"critical": ("sms",), "medium": ("telegram",)}
    olena = person("olena", "telegram", "sms", "email", by=by)
    for severity, channel in (("critical", "sms"), ("high", "sms"), ("medium", "telegram"), ("info", "telegram")):
        play = alarm(policy("police", step("olena")), people=(olena, *OTHERS), rule=event_rule(severity=severity))
        assert play.pages() == [("+0s", "olena", channel)]
    only_low = person("olena", "telegram", "sms", by={"low": ("sms",)})
    assert alarm(policy("police", step("olena")), people=(only_low, *OTHERS)).pages() == [("+0s", "olena", "sms")]


def test_an_answer_stops_the_channels_still_to_come() -> None:
    play = alarm(policy("police", step("olena", within="10 min")), people=(TURNS, *OTHERS))
    play.answer("olena", "acknowledge", at="+30s")
    play.until("+1h")
    assert play.pages() == [("+0s", "olena", "telegram")]
    assert play.timers("ask") == play.timers("answer") == []


def test_the_next_step_gives_up_the_channels_not_yet_tried() -> None:
    play = alarm(policy("police", step("olena", within="90s"), step("taras")), people=(TURNS, *OTHERS))
    play.until("+2m")
    assert play.pages() == [("+0s", "olena", "telegram"), ("+1m", "olena", "sms"), ("+1m30s", "taras", "telegram")]


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


# -- news

def test_those_who_answered_are_told_of_joiners_at_most_every_5_min() -> None:
    play = alarm(policy("police", step("olena", "taras")))
    play.event("+5s", **ALARM)
    assert play.news("joined") == []
    play.answer("olena", "acknowledge", at="+10s")
    for at in ("+1m", "+2m", "+4m"):
        play.event(at, **ALARM)
    assert play.news("joined") == [("+1m", "olena", "telegram")]
    play.until("+6m")
    assert play.news("joined") == [("+1m", "olena", "telegram"), ("+6m", "olena", "telegram")]
    play.until("+20m")
    assert len(play.news("joined")) == 2


def test_who_took_it_back_is_not_told_of_joiners() -> None:
    play = alarm(policy("police", step("olena", "taras")))
    play.answer("olena", "acknowledge", at="+10s")
    play.answer("taras", "acknowledge", at="+11s")
    play.answer("olena", "decline", at="+12s")
    play.event("+1m", **ALARM)
    assert play.news("joined") == [("+1m", "taras", "telegram")]


def test_remind_asks_those_who_have_it_until_it_is_closed() -> None:
    smoke = event_rule("smoke", match(type="alarm.smoke"))
    play = Play(smoke, policies=(policy("police", step("olena", "taras"), remind="15 min"),))
    play.event("+0s", **FIRING)
    play.answer("olena", "accept", at="+1m")
    play.until("+40m")
    assert play.pages(kind="remind") == [("+16m", "olena", "telegram"), ("+31m", "olena", "telegram")]
    play.answer("olena", "resolve", at="+41m")
    play.until("+44m")
    assert len(play.pages(kind="remind")) == 2
    assert play.timers("remind") == []


def test_without_remind_nobody_is_reminded() -> None:
    play = alarm(policy("police", step("olena")))
    play.answer("olena", "accept", at="+1m")
    play.until("+10h")
    assert play.pages(kind="remind") == []


def test_news_goes_by_the_channel_by_which_a_person_answered() -> None:
    play = alarm(policy("police", step("olena", within="10 min")), people=(TURNS, *OTHERS))
    play.until("+1m")
    play.answer("olena", "acknowledge", channel="sms", at="+70s")
    play.until("+20m")
    assert play.news() == [("+15m", "olena", "sms")]


def test_a_page_expires_when_the_step_is_over() -> None:
    play = alarm(policy("police", step("olena", within="90s")))
    first = play.messages[0]
    assert first.expires == first.created + 90_000_000


def test_answering_withdraws_what_has_not_left() -> None:
    play = alarm(policy("police", step("olena")))
    play.answer("olena", "acknowledge", at="+10s")
    withdrawn = [change for _, _, changes in play.steps for change in changes
                 if type(change).__name__ == "Withdrawn"]
    assert [(one.incident, one.policy) for one in withdrawn if one.reason] == [(1, "police")]


def test_a_person_away_is_replaced_by_the_stand_in() -> None:
    gone = replace(PEOPLE[0], away=(Away("2026-11-22", "2026-11-23", "ivan"),))
    play = alarm(policy("police", step("olena")), people=(gone, *OTHERS))
    assert play.paged() == ["ivan"]
