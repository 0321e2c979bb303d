"""What those who were asked or have answered are told later."""

from msgspec.structs import replace
from tests.support.city import PEOPLE, event_rule, match, person, policy, step
from tests.support.play import Play

from tocsin.book.contacts import Away
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
