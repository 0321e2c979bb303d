"""A service's group is told like a person, and whoever serves there answers in it for themselves."""

from typing import Any

from msgspec.structs import replace
from tests.support.city import PEOPLE, event_rule, person, policy, step
from tests.support.play import Play

from tocsin.book.contacts import Need, Person, Policy, Service

ALARM = {"type": "alarm.panic", "site": "school"}
GROUP = "@police"


def police(**more: Any) -> Service:
    given: dict[str, Any] = {"members": ("olena", "taras"), "kind": "police", **more}
    return Service(id="police", name="Police", group_chat="-100500", **given)


def alarm(service: Service | None = None, known: Policy | None = None, people: tuple[Person, ...] = PEOPLE,
          **more: Any) -> Play:
    made = known or policy("police", step("service:police", within="10 min"), step("chief"))
    play = Play(event_rule(), people=people, services=(service or police(),), policies=(made,), **more)
    play.event("+0s", **ALARM)
    return play


def test_the_group_is_told_beside_the_people() -> None:
    assert alarm().pages() == [("+0s", "olena", "telegram"), ("+0s", "taras", "telegram"), ("+0s", GROUP, "telegram")]


def test_a_service_may_be_a_group_alone() -> None:
    """Its page waits as long as the step does."""
    play = alarm(police(members=())).just_before("+10m")
    assert play.pages() == [("+0s", GROUP, "telegram")]
    play.until("+10m")
    assert play.paged() == [GROUP, "chief"]


def test_the_group_belongs_to_services_by_place_too_and_to_no_schedule() -> None:
    assert GROUP in alarm(known=policy("police", step("area_service:police"))).paged()
    assert GROUP not in alarm(known=policy("police", step("person:olena"))).paged()


def test_a_step_by_other_channels_leaves_the_group_out_without_a_word() -> None:
    texted = (person("olena", "sms"), person("taras", "sms"), *PEOPLE[2:])
    play = alarm(known=policy("police", step("service:police", by=("sms",))), people=texted)
    assert play.paged() == ["olena", "taras"]
    assert play.suppressed() == []


def test_the_group_is_told_what_its_service_allows() -> None:
    play = alarm(police(channels={"telegram": {"content": "reference"}}, members=()))
    assert [(one.person, one.content) for one in play.messages] == [(GROUP, "reference")]
    closed = alarm(police(channels={"telegram": {"content": "none"}}, members=()))
    assert closed.paged() == ["chief"]


def test_who_answers_in_the_group_has_it_and_hears_how_it_goes_on() -> None:
    """Ivan was not asked himself: he serves there, and took it in the group."""
    play = alarm(police(members=(), schedule="none"), known=policy("police", step("service:police"), remind="15 min"))
    play.answer("ivan", "accept", at="+20s", notification=1, group=GROUP)
    incident = play.incident()
    assert (incident.response, incident.answers[0].person) == ("acknowledged", "ivan")
    play.until("+16m")
    play.answer("ivan", "resolve", at="+17m", notification=1, group=GROUP)
    assert [(one.kind, one.person) for one in play.messages if one.kind in ("remind", "closed")] == [
        ("remind", "ivan"), ("closed", GROUP), ("closed", "ivan")]


def test_an_answer_in_a_group_that_was_not_asked_takes_nothing() -> None:
    play = alarm()
    play.answer("ivan", "accept", at="+20s", notification=1, group="@fire")
    assert play.incident().response == "unanswered"


def test_who_declines_in_the_group_declines_for_themselves() -> None:
    """The others may still take it until the step is over."""
    play = alarm(police(members=()))
    play.answer("ivan", "decline", at="+5s", notification=1, group=GROUP)
    play.just_before("+10m")
    assert play.paged() == [GROUP]
    play.answer("taras", "accept", at="+9m59s", notification=1, group=GROUP)
    assert play.incident().response == "acknowledged"


def test_what_is_needed_counts_people_and_the_group_is_asked_where_one_of_its_members_fits() -> None:
    skilled = tuple(replace(one, skills=("k9",)) if one.id == "taras" else one for one in PEOPLE)
    need = (Need(accepted=1, skill="k9"),)
    play = alarm(known=policy("police", step("service:police", within="10 min"), need=need), people=skilled)
    assert play.paged() == ["taras", GROUP]
    play.answer("olena", "accept", at="+5s", notification=2, group=GROUP)
    assert play.incident().response == "unanswered"
    play.answer("taras", "accept", at="+6s", notification=2, group=GROUP)
    assert play.incident().response == "acknowledged"


def test_a_group_that_cannot_be_written_to_is_passed_over_until_it_can() -> None:
    """The bot was thrown out: the shift head is told by the service's name, and the next step starts at once."""
    play = alarm(police(members=()))
    play.receipt(GROUP, "telegram", "failed_permanent", at="+1s", address_dead=True, detail="kicked")
    assert play.paged()[-1] == "chief"
    assert play.notices() == [("+1s", "chief", "Police: telegram does not work any more (kicked)")]
    play.operator("address_on", person=GROUP, channel="telegram", at="+2s")
    play.event("+3s", type="alarm.panic", site="other")
    assert play.paged(since="+3s") == [GROUP]


def test_a_group_that_has_moved_stays_moved_until_the_file_has_another_number() -> None:
    play = alarm(police(members=()))
    play.operator("address_moved", person=GROUP, channel="telegram", to="-100777", at="+1s")
    known = play.run.board.addresses[GROUP, "telegram"]
    assert (known.instead_of("-100500"), known.instead_of("-100888")) == ("-100777", "-100888")
