"""A condition that comes and goes again and again is held active until it has been quiet."""

from tests.support.city import event_rule, incident_rule, match, person, policy, step
from tests.support.play import Play

SMOKE = event_rule("smoke", match(type="smoke"), severity="high", to="police")
PEOPLE = (person("olena", "telegram"), person("taras", "telegram"), person("duty", "sms"), person("admin", "email"),
          person("chief", "telegram"))
PATIENT = policy("police", step("olena", within="2 h"), last=("duty",))


def story(*rules: object) -> Play:
    return Play(*(rules or (SMOKE,)), people=PEOPLE, policies=(PATIENT,))


def flaps(play: Play, count: int, begin: int = 0, *, answered: bool = False, kind: str = "smoke") -> Play:
    """It comes at every even minute from ``begin`` on and goes a minute later; Olena acknowledges every incident."""
    for number in range(count):
        minute = begin + 2 * number
        play.event(f"+{minute}m", type=kind, site="s1", device="d1", status="firing")
        if answered:
            play.answer("olena", "acknowledge", at=f"+{minute}m10s", incident=max(play.incidents))
        play.event(f"+{minute + 1}m", type=kind, site="s1", device="d1", status="resolved")
    return play


def test_the_fifth_clearing_in_a_row_is_held_back() -> None:
    """Four incidents are paged, answered and closed; the fifth stays, and nobody is paged for the ten that follow."""
    play = flaps(story(), 15, answered=True)
    assert len(play.incidents) == 5
    assert len(play.pages()) == 5
    assert play.incident(5).condition == "active"
    assert play.incident(5).activation.events == 11
    assert [note.incident for note in play.notes("flapping")] == [5]


def test_it_is_over_when_it_has_been_quiet() -> None:
    """A quarter of an hour after it last went; what was answered closes then, and the next one counts from one."""
    play = flaps(story(), 7, answered=True)
    assert play.timers("flap") == ["flap +28m"]
    play.until("+28m")
    assert (play.incident(5).response, play.how(5)) == ("closed", "quiet")
    assert play.timers("flaps") == []
    flaps(play, 4, begin=30, answered=True)
    assert len(play.incidents) == 9
    assert {one.response for one in play.incidents.values()} == {"closed"}


def test_it_stays_active_while_it_is_there() -> None:
    """The quiet is counted from its last going, not from the first that was held back."""
    play = flaps(story(), 5, answered=True)
    play.event("+20m", type="smoke", site="s1", device="d1", status="firing")
    play.until("+60m")
    assert play.incident(5).condition == "active"
    play.event("+61m", type="smoke", site="s1", device="d1", status="resolved")
    assert play.incident(5).condition == "cleared"


def test_what_is_critical_is_never_held_down() -> None:
    """Every time it comes it pages."""
    panic = event_rule("panic", match(type="panic"), severity="critical", to="police")
    play = flaps(story(panic), 8, answered=True, kind="panic")
    assert len(play.incidents) == 8
    assert not play.notes("flapping")


def test_slow_comings_and_goings_are_no_flapping() -> None:
    """More than a quarter of an hour apart, each is an incident of its own."""
    play = story()
    for number in range(8):
        flaps(play, 1, begin=20 * number, answered=True)
    assert len(play.incidents) == 8


def test_unanswered_it_asks_as_ever() -> None:
    """One incident, its escalation undisturbed by the coming and going."""
    play = flaps(story(), 12)
    assert len(play.incidents) == 1
    assert len(play.periods()) == 12
    assert len(play.pages()) == 1


def test_what_somebody_has_accepted_does_not_page_again_either() -> None:
    """It stays open until they close it; from the fifth time on it stays active as well."""
    play = story()
    for number in range(9):
        play.event(f"+{2 * number}m", type="smoke", site="s1", device="d1", status="firing")
        if play.incident().response == "unanswered":
            play.answer("olena", "accept", at=f"+{2 * number}m10s")
        play.event(f"+{2 * number + 1}m", type="smoke", site="s1", device="d1", status="resolved")
    assert len(play.incidents) == 1
    assert len(play.pages()) == 5


def test_a_rise_pages_although_it_flaps() -> None:
    """Held down is the coming and going, not the danger."""
    fire = event_rule("fire", match(type="smoke", data__level=["much"]), severity="critical", to="police")
    play = flaps(story(SMOKE, fire), 6, answered=True)
    before = len(play.pages())
    play.event("+13m", type="smoke", site="s1", device="d1", status="firing", level="much")
    assert len(play.pages()) == before + 1


def test_rules_that_follow_it_see_it_active_until_it_is_quiet() -> None:
    """What is held active is active for those who compose it."""
    after = incident_rule("long", "smoke", severity="high", for_="10 min")
    play = flaps(story(SMOKE, after), 12, answered=True)
    assert "long" in {one.rule for one in play.incidents.values()}
    play.until("+90m")
    assert {one.condition for one in play.incidents.values()} == {"cleared"}


def test_a_persons_close_ends_it() -> None:
    """Then it is not looked at again."""
    play = flaps(story(), 6, answered=True)
    play.answer("olena", "resolve", at="+12m", incident=5)
    assert play.incident(5).response == "closed"
    assert play.timers("flap") == []
