"""Explained from committed rows: why, who was asked and why they, what came of it, and what was not told."""

from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection
from tests.support.small_site import BOOK, NOON, POLICY, event, matcher, running
from tests.support.told_story import SITE, attempt, told_story

from tocsin.book.book import number_book
from tocsin.book.catalogue import EventType, FieldKind
from tocsin.book.contacts import Step, Target
from tocsin.delivery.say import say_of
from tocsin.domain.time import MINUTE, SECOND
from tocsin.reports.as_json import as_json
from tocsin.reports.asked import Meant
from tocsin.reports.explain import MOST, Explained, explain
from tocsin.reports.explain_text import explain_text, untold_text
from tocsin.reports.masked import masked
from tocsin.reports.untold import untold_of_rule
from tocsin.store import Store
from tocsin.store.journal import Sealer
from tocsin.store.reader import book_at, rows_at


def explained(store: Store, number: int = 1) -> Explained:
    with store.reading() as connection:
        found = explain(connection, number, rows_at=rows_at, book_at=book_at, say=say_of)
    assert found is not None
    return found


async def test_an_incident_leads_back_to_its_events_its_rule_book_and_the_roster(tmp_path: Path) -> None:
    """Rule and book with its hash, the two presses, and that olena was on duty."""
    async with told_story(tmp_path / "tocsin.db") as (_, store, _):
        found = explained(store)
        assert (found.rule, found.say, found.key) == ("panic", "Panic: school-12", {"site": "school-12"})
        assert found.book_hash == number_book(1, SITE).hash
        assert [rested.event.id for rested in found.rests_on if rested.event] == ["1", "2"]
        (activation,) = found.activations
        assert (activation.at, activation.events, activation.cleared) == (NOON, 2, None)
        (step,) = found.asked
        assert (step.policy, step.round, step.step, step.meant) == (
            "patrol", 1, 1, (Meant("on_call patrol", ("olena",)),))
        assert step.beyond == ()


async def test_every_notification_carries_its_attempts_reasons_and_texts(tmp_path: Path) -> None:
    """The failed telegram with the provider's words, the SMS with what was written; no address in full."""
    async with told_story(tmp_path / "tocsin.db") as (_, store, _):
        telegram, sms, *_ = explained(store).told
        assert (telegram.state, telegram.attempts[0].detail) == (
            "failed_permanent", "Telegram refused this chat: blocked.")
        assert (sms.state, sms.attempts[0].text) == ("sent", "Panic: school-12. Reply 4821")
        assert sms.attempts[0].address == "+380…67"
        assert "501234567" not in explain_text(explained(store))


async def test_answers_and_deadlines_to_come_are_shown(tmp_path: Path) -> None:
    """Before the answer the next step is due; afterwards nothing is."""
    async with told_story(tmp_path / "tocsin.db") as (loop, store, clock):
        (answer,) = explained(store).answers
        assert (answer.person, answer.word, answer.channel) == ("olena", "accept", "sms")
        assert explained(store).deadlines == ()
        await loop.submit_events([event(9, site="museum", at=clock.now())])
        dues = {deadline.what: deadline.due - clock.now() for deadline in explained(store, 2).deadlines}
        assert dues["the next step, unless somebody answers"] == 60 * SECOND


async def test_sealed_inputs_are_found_and_lost_ones_named(tmp_path: Path) -> None:
    """The journal's rows are sealed a minute later; a segment that is not kept any more leaves a gap that is said."""
    async with told_story(tmp_path / "tocsin.db") as (loop, store, clock):
        await Sealer(store, loop.run_work, clock).seal_due(now=clock.now() + 10 * MINUTE)
        assert [rested.event.id for rested in explained(store).rests_on if rested.event] == ["1", "2"]
        await loop.run_work(lambda connection: connection.exec_driver_sql("DELETE FROM segment_parts"))
        found = explained(store)
        assert {rested.input for rested in found.rests_on} == {None}
        assert "an input that the journal does not keep any more [position 2]" in explain_text(found)


async def test_a_storm_is_shown_by_its_beginning_and_its_end(tmp_path: Path) -> None:
    """No report grows with the number of events."""
    async with running(tmp_path / "tocsin.db") as (loop, store, _):
        await loop.submit_events([event(n) for n in range(300)])
        found = explained(store)
        assert (found.inputs, len(found.rests_on)) == (300, MOST)
        assert [found.rests_on[0].event.id, found.rests_on[-1].event.id] == ["0", "299"]  # type: ignore[union-attr]
        assert "(100 further inputs between them)" in explain_text(found)


async def test_the_policy_is_the_one_that_ran_and_the_roster_the_one_of_then(tmp_path: Path) -> None:
    """After a new book both are still told as they were."""
    async with told_story(tmp_path / "tocsin.db") as (loop, store, _):
        changed = replace(POLICY, steps=(Step((Target("person", "chief"),), 60 * SECOND),))
        book = number_book(2, replace(SITE, policies={"patrol": changed}, schedules={}))
        await loop.load_book(book, matcher(book))
        (step,) = explained(store).asked
        assert step.meant == (Meant("on_call patrol", ("olena",)),)


async def test_a_step_that_runs_after_a_new_book_is_the_one_of_the_policy_as_it_began(tmp_path: Path) -> None:
    """The running escalation keeps its policy, and so does its explanation."""
    begun = replace(POLICY, steps=(*POLICY.steps, Step((Target("service", "duty-office"),), 60 * SECOND)))
    other = replace(POLICY, steps=(*POLICY.steps, Step((Target("person", "olena"),), 60 * SECOND)))
    async with running(tmp_path / "tocsin.db",
                       book=number_book(1, replace(BOOK.content, policies={"patrol": begun}))) as (loop, store, clock):
        await loop.submit_events([event(1)])
        book = number_book(2, replace(BOOK.content, policies={"patrol": other}))
        await loop.load_book(book, matcher(book))
        await clock.advance(125 * SECOND)
        assert explained(store).asked[1].meant == (Meant("service duty-office", ("chief",)),)


async def test_the_last_resort_is_called_so_and_has_no_round(tmp_path: Path) -> None:
    """Steps are told with their round, the last resort by its name alone."""
    async with running(tmp_path / "tocsin.db", book=BOOK) as (loop, store, clock):
        await loop.submit_events([event(1)])
        await clock.advance(20 * MINUTE)
        text = explain_text(explained(store))
        assert "patrol, round 1, step 1: " in text
        assert "patrol, last resort: " in text


async def test_why_nobody_was_told_is_answered_for_an_incident_and_for_a_rule(tmp_path: Path) -> None:
    """A step without anybody, an address that does not work, a message stopped by an answer: each with its reason."""
    policy = replace(POLICY, steps=(Step((Target("on_call", "gap"),), 60 * SECOND),
                                    Step((Target("person", "olena"),), 60 * SECOND)))
    book = number_book(1, replace(BOOK.content, policies={"patrol": policy}))
    async with running(tmp_path / "tocsin.db", book=book) as (loop, store, _):
        await loop.submit_events([event(1)])
        await attempt(loop, 1, NOON, "expired", address="1", detail="it came too late to be of use")

        def inhibited(connection: Connection) -> Any:
            connection.exec_driver_sql(
                "INSERT INTO suppressed (position, \"at\", rule, \"key\", reason, severity, incident) "
                f"VALUES (9, {NOON + 1}, 'panic', 'site=museum\x1fzone=2', 'inhibited by air-raid', 'high', 0)")

        await loop.run_work(inhibited)
        assert [one.reason for one in explained(store).untold] == ["step 1 of patrol reached nobody"]
        with store.reading() as connection:
            found = untold_of_rule(connection, "panic")
            assert untold_of_rule(connection, "other") == ()
        assert [(one.key, one.reason, one.incident, one.person) for one in found] == [
            ("site=museum, zone=2", "inhibited by air-raid", 0, ""),
            ("site=school-12", "step 1 of patrol reached nobody", 1, ""),
            ("site=school-12", "expired: it came too late to be of use", 1, "olena")]
        text = untold_text("panic", found, "Europe/Kyiv", str.title)
        assert "incident 1 (site=school-12) Olena by telegram: expired: it came too late" in text
        assert untold_text("other", (), "UTC", str) == "Nothing that the rule other had to say was kept back."


async def test_there_is_nothing_to_explain_about_a_number_never_given(tmp_path: Path) -> None:
    """None, no error."""
    async with running(tmp_path / "tocsin.db") as (_, store, _):
        with store.reading() as connection:
            assert explain(connection, 7, rows_at=rows_at, book_at=book_at, say=say_of) is None


async def test_json_has_instants_that_people_and_programs_read(tmp_path: Path) -> None:
    """RFC 3339; what a source named itself stays as it came."""
    async with told_story(tmp_path / "tocsin.db") as (loop, store, _):
        await loop.submit_events([event(3, data={"at": 7, "opened": True})])
        found = msgspec.json.decode(msgspec.json.encode(as_json(explained(store))))
        assert found["opened"] == "2026-11-18T11:06:40Z"
        assert found["told"][0]["attempts"][0]["started"] == "2026-11-18T11:06:40Z"
        assert found["rests_on"][-1]["input"]["event"]["data"] == {"at": 7, "opened": True}


def test_addresses_are_masked_but_recognisable() -> None:
    """Each kind in its own way."""
    assert [masked(a) for a in ("+380501234567", "olena@example.org", "123456789", "-1001234567890", "", "911")] == [
        "+380…67", "o…@example.org", "…89", "…90", "", "911"]


async def test_a_value_that_was_read_as_its_kind_is_shown_as_it_was_sent_too(tmp_path: Path) -> None:
    declared = replace(BOOK.content, events={"alarm.panic": EventType(fields={"plate": FieldKind("plate")})})
    async with running(tmp_path / "t.db", book=number_book(1, declared)) as (loop, store, _):
        await loop.submit_events([event(1, data={"plate": "ан 1234-вс"})])
        assert "(plate AH1234BC) (sent as plate ан 1234-вс)" in explain_text(explained(store))
