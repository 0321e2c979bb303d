"""Identity: which two events are one."""

from msgspec.structs import replace

from tocsin.domain.event import Event
from tocsin.domain.identity import identity, name_hash, remembered_for, said_time
from tocsin.domain.time import DAY, HOUR, MINUTE, format_instant
from tocsin.sources.normal import Normaliser

NOW = 1_800_000_000_000_000
ONE = Event(id="1", source="s", type="t", time=NOW, received=NOW + 5, data={"a": 1}, areas=("north",))


def test_derived_fields_are_no_part_of_it() -> None:
    """A redelivery received later, in areas drawn differently, is the same event."""
    assert identity(ONE) == identity(replace(ONE, received=NOW + HOUR, areas=()))
    assert len(identity(ONE)) == 16


def test_every_sent_field_is_part_of_it() -> None:
    """Any other word of the sender makes another event."""
    others = [replace(ONE, **{field: value}) for field, value in {
        "id": "2", "source": "x", "origin": "x", "type": "x", "time": NOW + 1, "status": "firing", "site": "x",
        "device": "x", "severity": "x", "text": "x", "data": {"a": 2}}.items()]
    assert len({identity(event) for event in [ONE, *others]}) == len(others) + 1


def test_fields_cannot_be_mistaken_for_each_other() -> None:
    """What moves from one field to its neighbour changes the identity."""
    assert name_hash(replace(ONE, origin="a", id="bc")) != name_hash(replace(ONE, origin="ab", id="c"))
    assert identity(replace(ONE, site="x")) != identity(replace(ONE, device="x"))


def test_a_name_outlives_its_content() -> None:
    """The same id with other content is the same name: a conflict that the engine counts."""
    assert name_hash(ONE) == name_hash(replace(ONE, data={}, status="resolved", time=NOW + 9))
    assert name_hash(ONE) != name_hash(replace(ONE, origin="panel"))


def test_an_untimed_repetition_is_the_same_event_for_five_minutes() -> None:
    """Without a time the receive instant does not tell two sendings apart, but only for 5 min."""
    normaliser = Normaliser("s")
    first, second = (normaliser.event({"type": "t", "id": "1"}, NOW + shift) for shift in (0, MINUTE))
    assert first.time != second.time
    assert identity(first) == identity(second)
    assert (remembered_for(first), remembered_for(ONE)) == (5 * MINUTE, DAY)


def test_a_time_stays_the_same_when_it_stops_being_believed() -> None:
    """An event of 23:59 h ago and its redelivery two minutes later, now too old, are one."""
    normaliser = Normaliser("s")
    raw = {"type": "t", "id": "1", "time": format_instant(NOW - DAY + MINUTE)}
    first, second = normaliser.event(raw, NOW), normaliser.event(raw, NOW + 2 * MINUTE)
    assert (first.claimed_time, second.claimed_time) == (None, said_time(first))
    assert identity(first) == identity(second)
    assert remembered_for(second) == DAY
