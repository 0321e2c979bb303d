"""Declared event types in the words and in what stands around them: counters, plates, changed declarations."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.support.case import play, short
from tests.support.city import content, event_rule, match
from tests.support.play import START, Play
from tests.support.small_site import column, matcher, running
from tests.support.small_site import content as small
from tests.support.small_site import event as small_event
from tests.support.words import told, word_rule

from tocsin.book.book import Content, Table, number_book
from tocsin.book.catalogue import EventType, EventTypes, FieldKind
from tocsin.book.kinds import with_kinds
from tocsin.book.rule import Rule
from tocsin.domain.time import MINUTE
from tocsin.rules.changed import changed_rules
from tocsin.rules.numbers import risen
from tocsin.store.verify import verify


def city(*rules: Rule, lists: dict[str, Table] | None = None, **kinds: FieldKind | str) -> Content:
    fields = {name: FieldKind(kind) if isinstance(kind, str) else kind for name, kind in kinds.items()}
    events = {"x": EventType(fields=fields)}
    return content(*with_kinds(rules, EventTypes(events)), events=events, lists=lists or {})


RISES = word_rule("change", of="v", moves="rises", compare={"at_least": 10}, within="30 min")


def test_a_counter_that_starts_again_goes_on() -> None:
    """990 → 995 → 3 → 6 has counted 5 + 3 + 3; as a plain number it fell and rose by 3."""
    heard = [("+0s", 990), ("+1m", 995), ("+2m", 3), ("+3m", 6)]
    assert told(Play(of=city(RISES, v="counter")), *heard).periods() == [("+3m", None, 1)]
    assert told(Play(of=city(RISES, v="number")), *heard).incidents == {}


def test_a_late_sample_of_a_counter_takes_its_place() -> None:
    """990, then 3: nobody knows that it was 999 in between until that sample comes."""
    play = told(Play(of=city(RISES, v="counter")), ("+0s", 990), ("+2m", 3), ("+3m", 999, "+1m"))
    assert play.periods() == [("+3m", None, 1)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([0, 1, 2, 0.1, 0.2, 5, 1.5, 10**20]), min_size=1, max_size=8))
def test_what_a_counter_has_counted_is_the_sum_of_its_steps(values: list[Any]) -> None:
    steps = [Fraction(repr(after)) - (Fraction(repr(one)) if after >= one else 0)
             for one, after in pairwise(values)]
    assert Fraction(risen(values)) == sum(steps)


def test_the_key_of_an_incident_is_one_plate_however_it_is_spelled() -> None:
    play = Play(of=city(event_rule("r", match(type="x"), per=("plate",)), plate="plate"))
    play.event("+0s", type="x", plate="АН 1234 ВС")
    play.event("+1m", type="x", plate="ah1234bc")
    assert [incident.key for incident in play.incidents.values()] == [{"plate": "AH1234BC"}]


def test_a_silence_may_spell_the_plate_in_its_own_way() -> None:
    play = Play(of=city(event_rule("r", match(type="x"), per=("plate",)), plate="plate"))
    play.operator("silence", at="+0s", until=START + 30 * MINUTE, reason="test drive", key={"plate": "ан-1234 вс"})
    play.event("+1m", type="x", plate="AH1234BC")
    assert play.incident().quiet


def test_a_changed_declaration_changes_the_rules_that_hear_the_type() -> None:
    """Another text about it changes nothing."""
    rules = (word_rule("count", match(type="x"), id_="a", at_least=2, within="10 min"),
             word_rule("count", match(type="y"), id_="b", at_least=2, within="10 min"))
    before = city(*rules, v="number")
    assert changed_rules(before, city(*rules, v="counter")) == ("a",)
    assert changed_rules(before, city(*rules, v=FieldKind("number", about="metres"))) == ()
    assert changed_rules(before, content(*rules)) == ("a",)


@pytest.mark.parametrize("spelling", ["АН1234ВС", "AH 1234 BC"])
def test_whoever_is_expected_by_a_list_is_the_one_who_speaks(tmp_path: Path, spelling: str) -> None:
    """An absence over plates: the list may spell them as the source does not."""
    files = {"rules/lists/cars.csv": "plate\nан-1234-вс\nAH5555BC\n",
             "rules/events/t.yaml": "events: {beat: {fields: {plate: plate}}}"}
    lines, _ = play(tmp_path, """
      - rule: r
        when: {absence: {type: beat}, for: 10 min, expected: lists/cars.plate}
        per: [plate]
    """, f'10:00:00 beat plate="{spelling}"\n10:08:00 beat plate="{spelling}"'.replace("AH 1234 BC", "AH-1234-BC"),
                    until="10:15:00", files=files)
    assert short(lines) == ["r{plate=AH5555BC} high 10:10:00-"]


async def test_a_repetition_is_recognised_and_a_reload_reads_what_was_sent_anew(tmp_path: Path) -> None:
    """Under the first book v is a text and never 12; under the second the journal's own values count, though it kept
    them as they were used. The proof derives the same.
    """
    path = tmp_path / "t.db"
    rule = replace(word_rule("count", match(type="x", v=12), at_least=2, within="10 min"), escalate_to=())
    first = replace(small(rule), events={"x": EventType(fields={"v": FieldKind("text")})})
    second = replace(small(rule), events={"x": EventType(fields={"v": FieldKind("number")})})
    book = number_book(1, first)
    async with running(path, book=book) as (loop, store, clock):
        one, two = (small_event(number, at=clock.now(), type="x", data={"v": v}) for number, v in ((1, 12), (2, "12")))
        positions = [accepted.position for accepted in await loop.submit_events([one, two])]
        again, = await loop.submit_events([one])
        assert (again.position, again.duplicate) == (positions[0], True)
        assert column(store, "SELECT count(*) FROM windows") == [0]
        changed = number_book(2, second)
        await loop.load_book(changed, matcher(changed))
        assert column(store, "SELECT json_array_length(body, '$.times') FROM windows "
                             "WHERE body ->> '$.times' IS NOT NULL") == [2]
        again, = await loop.submit_events([two])
        assert again.duplicate
        await loop.submit_events([small_event(3, at=clock.now(), type="x", data={"v": "12.0"})])
        assert column(store, "SELECT json_array_length(body, '$.times') FROM windows "
                             "WHERE body ->> '$.times' IS NOT NULL") == [3]
    verdict = verify(path)
    assert verdict.ok, verdict.findings
    assert verdict.derived == verdict.rows
