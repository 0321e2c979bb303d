"""Receipts: what fails starts the next way at once, and a dead address is switched off."""

from tests.support.city import PEOPLE, event_rule, person, policy, step
from tests.support.play import Play

from tocsin.domain.input import Receipt

ALARM = {"type": "alarm.panic", "site": "school"}
OTHERS = tuple(one for one in PEOPLE if one.id != "olena")
FAILED, DELIVERED = "failed_permanent", "delivered"


def alarm(*turns: str, within: str = "10 min", first: tuple[str, ...] = ("olena",), **more: object) -> Play:
    """Olena is asked by these turns, then Taras; delivery receipts are up to the story."""
    olena = person("olena", "telegram", "sms", "email", by=turns)
    play = Play(event_rule(), policies=(policy("police", step(*first, within=within), step("taras")),),
                people=(olena, *OTHERS), delivers=False, **more)  # type: ignore[arg-type]
    play.event("+0s", **ALARM)
    return play


def test_an_address_that_fails_for_good_starts_the_next_channel_at_once() -> None:
    play = alarm("telegram", "sms")
    play.receipt("olena", "telegram", FAILED, at="+2s")
    assert play.pages() == [("+0s", "olena", "telegram"), ("+2s", "olena", "sms")]


def test_the_next_minute_counts_from_the_channel_that_followed() -> None:
    play = alarm("telegram", "sms", "email")
    play.receipt("olena", "telegram", FAILED, at="+20s")
    play.just_before("+1m20s")
    assert len(play.pages()) == 2
    play.until("+1m20s")
    assert play.pages()[-1] == ("+1m20s", "olena", "email")


def test_a_person_whose_last_channel_failed_is_unreachable_and_the_next_step_starts_at_once() -> None:
    play = alarm("telegram", "sms")
    play.receipt("olena", "telegram", FAILED, at="+2s")
    play.receipt("olena", "sms", FAILED, at="+4s")
    assert play.pages()[-1] == ("+4s", "taras", "telegram")


def test_others_of_the_step_are_waited_for() -> None:
    play = alarm("telegram", first=("olena", "ivan"))
    play.receipt("olena", "telegram", FAILED, at="+2s")
    assert play.paged() == ["olena", "ivan"]
    play.answer("ivan", "decline", at="+3s")
    assert play.pages()[-1] == ("+3s", "taras", "telegram")


def test_a_temporary_failure_changes_nothing() -> None:
    play = alarm("telegram", "sms")
    play.receipt("olena", "telegram", "failed_temporary", at="+2s")
    assert len(play.pages()) == 1


def test_a_provider_that_is_away_starts_the_next_channel_beside_the_message_that_waits() -> None:
    """Once: what is said again changes nothing; and an answer to the first message, which came later, counts."""
    play = alarm("telegram", "sms", "email")
    for at in ("+2s", "+3s"):
        play.put(Receipt(1, "away", 1, "olena", "telegram", "no route"), at)
    assert play.pages() == [("+0s", "olena", "telegram"), ("+2s", "olena", "sms")]
    play.answer("olena", "accept", at="+5s", notification=1)
    assert play.incident().response == "acknowledged"


def test_a_provider_that_is_away_changes_nothing_where_another_is_on_its_way_or_none_is_left() -> None:
    both, last = alarm("telegram + sms", "email"), alarm("telegram")
    for play in (both, last):
        before = len(play.pages())
        play.put(Receipt(1, "away", 1, "olena", "telegram", "no route"), "+2s")
        assert len(play.pages()) == before


def test_an_expired_message_counts_as_failed() -> None:
    play = alarm("telegram", "sms")
    play.receipt("olena", "telegram", "expired", at="+2s")
    assert play.pages()[-1] == ("+2s", "olena", "sms")


def test_one_of_two_sent_at_once_may_fail_while_the_other_is_in_flight() -> None:
    play = alarm("telegram + sms", "email")
    play.receipt("olena", "telegram", FAILED, at="+2s")
    assert len(play.pages()) == 2
    play.receipt("olena", "sms", FAILED, at="+3s")
    assert play.pages()[-1] == ("+3s", "olena", "email")


def test_a_later_channel_that_fails_starts_the_next_though_an_earlier_one_was_delivered() -> None:
    play = alarm("telegram", "sms", "email")
    play.until("+1m")
    play.receipt("olena", "sms", FAILED, at="+62s")
    assert play.pages()[-1] == ("+1m2s", "olena", "email")


def test_a_person_with_a_message_in_flight_is_not_unreachable() -> None:
    play = alarm("telegram", "sms")
    play.until("+1m")
    play.receipt("olena", "sms", FAILED, at="+62s")
    assert play.paged() == ["olena", "olena"]
    play.receipt("olena", "telegram", FAILED, at="+65s")
    assert play.pages()[-1] == ("+1m5s", "taras", "telegram")


def test_a_failure_after_the_step_is_over_changes_nothing() -> None:
    play = alarm("telegram", "sms", within="30s")
    play.until("+30s")
    play.receipt("olena", "telegram", FAILED, at="+31s")
    assert play.paged() == ["olena", "taras"]


def test_a_missing_receipt_starts_the_next_channel_after_30_s() -> None:
    play = alarm("sms", "telegram", awaited=frozenset({"sms"}))
    play.just_before("+30s")
    assert len(play.pages()) == 1
    play.until("+30s")
    assert play.pages()[-1] == ("+30s", "olena", "telegram")


def test_a_receipt_in_time_leaves_the_minute() -> None:
    play = alarm("sms", "telegram", awaited=frozenset({"sms"}))
    play.receipt("olena", "sms", DELIVERED, at="+10s")
    play.just_before("+1m")
    assert len(play.pages()) == 1
    play.until("+1m")
    assert play.pages()[-1] == ("+1m", "olena", "telegram")


def test_an_awaited_receipt_of_a_failed_channel_does_not_hurry_the_one_after_next() -> None:
    """SMS fails at +5s, Telegram follows; at +30s nothing is missing any more: e-mail keeps its minute."""
    play = alarm("sms", "telegram", "email", awaited=frozenset({"sms"}))
    play.receipt("olena", "sms", FAILED, at="+5s")
    play.just_before("+65s")
    assert play.pages() == [("+0s", "olena", "sms"), ("+5s", "olena", "telegram")]
    play.until("+65s")
    assert play.pages()[-1] == ("+1m5s", "olena", "email")


def test_a_dead_address_is_switched_off_and_the_shift_head_told_once() -> None:
    play = alarm("telegram", "sms")
    play.receipt("olena", "telegram", FAILED, address_dead=True, detail="blocked", at="+2s")
    assert play.run.board.addresses["olena", "telegram"].off == "blocked"
    assert play.notices() == [("+2s", "chief", "Olena: telegram does not work any more (blocked)")]
    play.event("+5s", type="alarm.panic", site="hospital")
    assert play.pages(2) == [("+5s", "olena", "sms")]
    play.receipt("olena", "telegram", FAILED, address_dead=True, detail="blocked", at="+6s")
    assert len(play.notices()) == 1


def test_a_switched_off_address_is_passed_over_in_a_running_step() -> None:
    play = alarm("telegram", "telegram + sms")
    play.receipt("olena", "telegram", FAILED, address_dead=True, at="+2s")
    assert play.pages() == [("+0s", "olena", "telegram"), ("+2s", "olena", "sms")]


def test_a_person_whose_only_address_is_off_is_passed_at_once() -> None:
    play = alarm("telegram")
    play.receipt("olena", "telegram", FAILED, address_dead=True, at="+2s")
    play.event("+5s", type="alarm.panic", site="hospital")
    assert play.pages(2) == [("+5s", "taras", "telegram")]
    assert "olena has no usable address" in play.suppressed()


def test_an_address_comes_back_when_the_person_shows_that_it_works() -> None:
    play = alarm("telegram", "sms")
    play.receipt("olena", "telegram", FAILED, address_dead=True, at="+2s")
    play.operator("address_on", person="olena", channel="telegram", at="+1m")
    play.event("+2m", type="alarm.panic", site="hospital")
    assert play.pages(2) == [("+2m", "olena", "telegram")]


def test_a_moved_address_is_kept_and_used() -> None:
    play = alarm("telegram", "sms")
    play.receipt("olena", "telegram", "sent", moved_to="-100777", at="+2s")
    address = play.run.board.addresses["olena", "telegram"]
    assert (address.moved_to, address.off) == ("-100777", "")
    assert len(play.pages()) == 1


def test_switching_an_address_off_and_on_keeps_where_it_moved() -> None:
    play = alarm("telegram", "sms")
    play.receipt("olena", "telegram", "sent", moved_to="-100777", at="+2s")
    play.operator("address_off", person="olena", channel="telegram", at="+3s")
    play.operator("address_on", person="olena", channel="telegram", at="+4s")
    assert play.run.board.addresses["olena", "telegram"].moved_to == "-100777"


def test_news_goes_by_a_channel_that_works() -> None:
    play = alarm("telegram", "sms")
    play.receipt("olena", "telegram", FAILED, address_dead=True, at="+2s")
    play.answer("duty", "acknowledge", channel="console", notification=0, at="+1m")
    play.until("+20m")
    assert play.news() == [("+15m", "olena", "sms")]


def test_a_later_failure_does_not_move_the_news_from_the_channel_answered_by() -> None:
    play = alarm("telegram", "sms", "email")
    play.until("+1m")
    play.receipt("olena", "sms", FAILED, at="+62s")
    play.answer("olena", "acknowledge", at="+70s")
    play.until("+20m")
    assert play.news() == [("+15m", "olena", "telegram")]


def test_a_receipt_about_a_closed_incident_changes_addresses_only() -> None:
    play = alarm("telegram", "sms")
    play.answer("olena", "resolve", at="+1s")
    play.receipt("olena", "telegram", FAILED, address_dead=True, at="+2s")
    assert len(play.pages()) == 1
    assert play.run.board.addresses["olena", "telegram"].off
