"""An enrolled address holds until the files have one, and a link is used once, whatever comes in which order."""

from tests.support.city import PEOPLE, event_rule, person, policy, step
from tests.support.play import Play

ALARM = {"type": "alarm.panic", "site": "school"}
OTHERS = tuple(one for one in PEOPLE if one.id != "olena")
BY = ("telegram", "sms")


def alarm(*ways: str) -> Play:
    olena = person("olena", *ways, by=BY)
    return Play(event_rule(), people=(olena, *OTHERS), policies=(policy("police", step("olena"), step("taras")),))


def enrols(play: Play, at: str, address: str = "900", who: str = "olena", issued: int = 1) -> None:
    play.operator("enrol", at=at, person=who, channel="telegram", address=address, issued=issued)


def refused(play: Play) -> list[str]:
    return [note.detail for note in play.notes("refused")]


def test_an_enrolled_address_is_asked_in_its_turn() -> None:
    play = alarm("sms")
    enrols(play, "+0s")
    play.event("+1s", **ALARM)
    assert play.pages() == [("+1s", "olena", "telegram")]


def test_the_number_that_the_file_has_afterwards_wins_and_comes_back_when_it_is_taken_out() -> None:
    play = alarm("sms")
    enrols(play, "+0s")
    known = play.run.board.addresses["olena", "telegram"]
    assert (known.instead_of(""), known.instead_of("123")) == ("900", "123")


def test_a_link_older_than_the_last_enrolment_is_refused() -> None:
    play = alarm("sms")
    enrols(play, "+5s", issued=1)
    before = play.run.board.addresses["olena", "telegram"]
    enrols(play, "+6s", "901", issued=before.enrolled)
    assert play.run.board.addresses["olena", "telegram"] == before
    (why,) = refused(play)
    assert why == "olena: telegram was not enrolled: the link was used already, or is older than one that was"


def test_what_cannot_be_enrolled_is_noted_with_the_reason() -> None:
    play = alarm("sms")
    enrols(play, "+1s", "taras@telegram")
    enrols(play, "+2s", who="nobody")
    enrols(play, "+3s", who="taras")
    assert refused(play) == ["olena: telegram was not enrolled: it is somebody else's address",
                             "nobody: telegram was not enrolled: there is no such person",
                             "taras: telegram was not enrolled: the contacts have an address, which holds"]
    enrols(play, "+4s")
    play.operator("address_off", at="+5s", person="olena", channel="telegram", reason="/stop")
    play.event("+6s", **ALARM)
    assert play.pages() == [("+6s", "olena", "sms")]
