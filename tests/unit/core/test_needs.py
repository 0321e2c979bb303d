"""Only what is still missing is asked for: how many, with which skill, of which kind of service."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.city import PEOPLE, event_rule, person, policy, step, targets
from tests.support.play import Play

from tocsin.book.book import Roles
from tocsin.book.contacts import Need, Service

ALARM = {"type": "alarm.panic", "site": "school"}
FOLK = (person("olena", "telegram"), person("taras", "telegram", skills=("k9",)), person("ivan", "telegram"),
        person("maria", "telegram", skills=("k9",)), *PEOPLE[3:])
SERVICES = (Service(id="medics", name="M", kind="ambulance", members=("ivan", "maria")),)


def alarm(*steps: object, need: tuple[Need, ...]) -> Play:
    play = Play(event_rule(), policies=(policy("police", *steps, need=need),), people=FOLK,  # type: ignore[arg-type]
                services=SERVICES)
    play.event("+0s", **ALARM)
    return play


def test_the_next_step_asks_those_only_who_can_fill_what_is_missing() -> None:
    """Two have come without a dog: of the second step only maria has one."""
    play = alarm(step("olena", "ivan"), step("olena", "ivan", "maria", "chief"), need=(Need(2), Need(1, "k9")))
    play.answer("olena", "accept", at="+10s")
    play.answer("ivan", "accept", at="+20s")
    assert play.paged(since="+1s") == ["maria"]


def test_a_step_in_which_nobody_fits_is_asked_all_the_same() -> None:
    """Whoever is named is told: a shift head without a dog can find one, and silence can not."""
    play = alarm(step("olena", within="2 min"), step("chief"), step("taras"), need=(Need(1, "k9"),))
    assert play.paged() == ["olena"]
    play.answer("olena", "accept", at="+10s")
    assert play.incident().response == "unanswered"
    assert play.paged(since="+1s") == ["chief"]


def test_the_last_resort_is_asked_whoever_they_are() -> None:
    play = alarm(step("taras", within="1 min"), need=(Need(1, "k9"),))
    play.advance(minutes=1)
    assert play.paged(since="+1s") == ["duty"]


def test_a_kind_is_filled_by_who_serves_in_a_service_of_that_kind() -> None:
    play = alarm(step("olena", "taras"), step("taras", "ivan"), need=(Need(1, kind="ambulance"),))
    play.advance(minutes=5)
    assert "ivan" in play.paged(since="+1s")
    assert "taras" not in play.paged(since="+1s")
    play.answer("ivan", "acknowledge")
    assert play.incident().response == "unanswered"
    play.answer("ivan", "accept")
    assert play.incident().response == "acknowledged"


WORDS = st.sampled_from(["acknowledge", "accept", "arrived", "decline"])
NEEDS = st.lists(st.builds(Need, st.integers(1, 3), st.sampled_from(["", "k9"]), st.sampled_from(["", "ambulance"])),
                 min_size=1, max_size=3)


@settings(max_examples=300, deadline=None)
@given(NEEDS, st.lists(st.tuples(st.sampled_from(["olena", "taras", "ivan", "maria"]), WORDS), max_size=6))
def test_answered_exactly_when_every_need_is_covered(needs: list[Need], said: list[tuple[str, str]]) -> None:
    """A plain count of who has said that they come, from a console, and not since then that they cannot."""
    play = alarm(need=tuple(needs))
    coming: set[str] = set()
    for number, (one, word) in enumerate(said):
        play.answer(one, word, at=f"+{number + 1}s", notification=0)
        coming = coming | {one} if word in ("accept", "arrived") else coming - {one} if word == "decline" else coming
        met = all(sum((need.skill != "k9" or name in ("taras", "maria"))
                      and (need.kind != "ambulance" or name in ("ivan", "maria")) for name in coming) >= need.accepted
                  for need in needs)
        assert (play.incident().response == "acknowledged") == met


def test_a_later_step_that_needs_less_than_is_there_asks_nobody() -> None:
    """Two were to come, one does; for the second step one is enough."""
    play = Play(event_rule(), policies=(policy("police", step("olena", "taras", within="2 min", need=(Need(2),)),
                                               step("chief", need=(Need(1),))),), people=FOLK)
    play.event("+0s", **ALARM)
    play.answer("olena", "accept", at="+10s")
    play.until("+1h")
    assert play.paged() == ["olena", "taras"]
    assert play.incident().response == "acknowledged"
    assert [one.detail for one in play.notes("covered")] == [
        "police: those who took it already are what its step 2 needs"]


def test_whoever_comes_for_one_policy_is_not_asked_by_another() -> None:
    """Neither by a step that names them, nor when its last resort turns to everybody."""
    crew = policy("crew", step("chief", within="5 min"))
    for other in (policy("police", step("olena"), step("chief")),
                  policy("police", step("olena"), last=("service:none",))):
        play = Play(event_rule(to=("police", "crew")), policies=(other, crew),
                    roles=Roles(administrators=targets("chief")))
        play.event("+0s", **ALARM)
        play.answer("chief", "accept", at="+10s")
        assert play.incident().response == "unanswered"
        play.until("+1m")
        assert play.paged() == ["olena", "chief"]
        assert play.incident().response == "acknowledged"
