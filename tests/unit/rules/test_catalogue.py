"""Declared event types at work: what rules see of what a source sent, and that what was sent is kept."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tocsin.book.book import AreaShape, Content, Site, Table
from tocsin.book.catalogue import Addition, EventType, EventTypes, FieldKind
from tocsin.domain.codec import decode_input, encode
from tocsin.domain.event import Event, Place, as_sent
from tocsin.domain.identity import identity
from tocsin.domain.input import Arrival
from tocsin.domain.plate import fold_plate
from tocsin.domain.time import parse_instant
from tocsin.rules.catalogue import Catalogue

NOON = parse_instant("2026-11-24T12:00:00Z")
BOUNDED = FieldKind("number", "m", {"at_least": 0, "at_most": 12})


def event(type_: str = "t", **data: Any) -> Event:
    top = {name: data.pop(name) for name in ("site", "device") if name in data}
    return Event(id="1", source="s", type=type_, time=NOON, received=NOON, data=data, **top)


def catalogue(lists: dict[str, Table] | None = None, **types: EventType) -> Catalogue:
    return Catalogue(Content(site=Site(time_zone="Europe/Kyiv"), lists=lists or {},
                             events={name.replace("__", "."): one for name, one in types.items()}))


def used(kind: FieldKind | str, value: Any) -> Any:
    declared = FieldKind(kind) if isinstance(kind, str) else kind
    return catalogue(t=EventType(fields={"v": declared})).convert(event(v=value)).data["v"]


@pytest.mark.parametrize("kind, sent, read", [
    ("number", "21.5", 21.5), ("number", " -3 ", -3), ("number", "+7", 7), (FieldKind("number", "°C"), "21.5 °C", 21.5),
    (FieldKind("number", "°C"), "21.5 °F", "21.5 °F"), ("number", "21,5", "21,5"), ("number", "gone", "gone"),
    ("number", True, True), ("number", "0x10", "0x10"), ("counter", "12", 12), ("number", ["1", "x", 2], [1, "x", 2]),
    ("text", 4711, "4711"), ("text", 1.50, "1.5"), ("text", True, True), ("text", "4711", "4711"),
    ("flag", "ON", True), ("flag", "off", False), ("flag", 1, True), ("flag", 0, False), ("flag", "Yes", True),
    ("flag", 2, 2), ("flag", "open", "open"), ("flag", True, True),
    ("time", "2026-11-24T14:00:00+02:00", "2026-11-24T12:00:00Z"), ("time", NOON // 10**6, "2026-11-24T12:00:00Z"),
    ("time", NOON // 10**3, "2026-11-24T12:00:00Z"), ("time", "tomorrow", "tomorrow"), ("time", 10**40, 10**40),
    ("plate", "ан 1234-вс", "AH1234BC"), ("plate", "AH1234BC", "AH1234BC"), ("plate", 1234, "1234"),
    ("plate", ["АН1", "б 2"], ["AH1", "Б2"])])
def test_a_value_is_read_as_its_kind_or_stays_as_it_was_sent(kind: Any, sent: Any, read: Any) -> None:
    found = used(kind, sent)
    assert (found, type(found)) == (read, type(read))


def test_two_spellings_of_a_plate_are_one() -> None:
    """Every letter that both alphabets have, in either case, whatever stands between; other letters stay different."""
    assert fold_plate("АВЕІКМНОРСТУХ") == fold_plate("a b-e·i k—m h.o p c t y x") == "ABEIKMHOPCTYX"
    assert fold_plate("Я1") != fold_plate("R1")


def test_a_reading_that_cannot_be_is_missing_for_the_rules_and_kept_as_sent() -> None:
    it = catalogue(t=EventType(fields={"v": BOUNDED, "w": BOUNDED}))
    found = it.convert(event(v="99.9", w=12))
    assert (found.data, found.sent and found.sent.data) == ({"v": None, "w": 12}, {"v": "99.9"})
    assert it.doubts(found) == ("t v, s: 99.9 cannot be (at least 0, at most 12 m), the value is set aside",)
    assert it.doubts(it.convert(event(v=5))) == ()
    assert it.convert(event(v=[1, 13])).data == {"v": [1]}


def test_a_field_deep_inside_is_reached_as_rules_name_it() -> None:
    it = catalogue(t=EventType(fields={"battery.level": FieldKind("number"), "a.b": FieldKind("number"),
                                       "data.type": FieldKind("text")}))
    found = it.convert(event(battery={"level": "80", "x": "1"}, **{"a.b": "7", "type": 3}))
    assert found.data == {"battery": {"level": 80, "x": "1"}, "a.b": 7, "type": "3"}
    assert as_sent(found) == event(battery={"level": "80", "x": "1"}, **{"a.b": "7", "type": 3})


ROWS = Table(("account", "site", "keys", "floor", "until"), (
    {"account": "1204", "site": "school", "keys": "Olena", "floor": "2"},
    {"account": "1207", "site": "old", "until": "2026-11-23"}, {"account": "1207", "site": "new"}))
PANELS = EventType(fields={"account": FieldKind("text"), "floor": FieldKind("number")},
                   add=(Addition("panels", "account"),))


def test_a_list_gives_what_the_source_left_out() -> None:
    it = catalogue({"panels": ROWS}, t=PANELS)
    found = it.convert(event(account=1204))
    assert (found.site, found.data) == ("school", {"account": "1204", "keys": "Olena", "floor": 2})
    own = it.convert(event(account="1204", site="annex", keys="Taras", floor=None))
    assert (own.site, own.data) == ("annex", {"account": "1204", "keys": "Taras", "floor": 2})
    assert it.convert(event(account="1207")).site == "new"
    assert it.convert(event(account="9")) == event(account="9")
    assert it.convert(event()) == event()


SQUARE = {"type": "Polygon", "coordinates": [[[37.5, 48.7], [37.6, 48.7], [37.6, 48.8], [37.5, 48.8], [37.5, 48.7]]]}


def test_a_list_may_know_the_place_and_with_it_the_areas() -> None:
    rows = Table(("site", "location.lat", "location.lon", "location.accuracy_m"), (
        {"site": "s", "location.lat": "48.75", "location.lon": "37.55", "location.accuracy_m": "20"},
        {"site": "half", "location.lat": "48.75"}))
    it = Catalogue(Content(lists={"sites": rows}, areas={"square": AreaShape("square", SQUARE)},
                           events={"t": EventType(add=(Addition("sites", "site"),))}))
    found = it.convert(event(site="s"))
    assert (found.location, found.areas) == (Place(48.75, 37.55, 20), ("square",))
    assert as_sent(found) == event(site="s")
    assert identity(found) == identity(event(site="s"))
    own = replace(event(site="s"), location=Place(1, 2), areas=("there",))
    assert it.convert(own) == own
    assert it.convert(event(site="half")) == event(site="half")


def test_a_narrower_name_adds_to_the_wider_one() -> None:
    """And goes before it; a type that only the wide name fits has what that says."""
    it = catalogue({"panels": ROWS}, **{"a.*": replace(PANELS, fields={"v": FieldKind("text"), "w": FieldKind("flag")}),
                                        "a.b": EventType(fields={"v": FieldKind("number")})})
    found = it.convert(event("a.b", v="1", w="on", account="1204"))
    assert (found.data["v"], found.data["w"], found.site) == (1, True, "school")
    assert it.convert(event("a.c.d", v=1)).data == {"v": "1"}
    assert it.convert(event("a", v="1")) == event("a", v="1")


def test_types_that_fit_a_pattern() -> None:
    types = EventTypes({"a.b": EventType(about="1"), "a.*": EventType(about="2"), "a.c.*": EventType(about="3"),
                        "x": EventType(about="4")})
    assert {one.about for one in types.fitting("a.*")} == {"1", "2", "3"}
    assert {one.about for one in types.fitting("a.c.d")} == {"3"}
    assert {one.about for one in types.fitting("a.c.d.*")} == {"3"}
    assert types.fitting("y.*") == types.fitting("y") == ()


def test_an_event_of_another_type_stays_the_same_object() -> None:
    one = event("other", v="1")
    assert catalogue(t=EventType(fields={"v": FieldKind("number")})).convert(one) is one


VALUES = st.recursive(st.none() | st.booleans() | st.integers(-20, 20) | st.sampled_from([
    "1", "99", "АН 1", "on", "1204", "2026-11-24T14:00:00+02:00", 0.5, "", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["v", "v.w", "w"]), inner, max_size=3),
    max_leaves=6)
KEYS = st.sampled_from(["v", "w", "v.w", "account", "floor", "type"])
NAMES = st.sampled_from(["v", "w", "v.w", "account", "floor", "data.type"])
TYPES = st.builds(EventType, fields=st.dictionaries(NAMES, st.sampled_from([
    *map(FieldKind, ("number", "text", "flag", "time", "plate")), BOUNDED]), max_size=4),
    add=st.sampled_from([(), (Addition("panels", "account"),)]))


@settings(max_examples=300, deadline=None)
@given(TYPES, TYPES, st.dictionaries(KEYS, VALUES, max_size=4))
def test_what_was_sent_is_never_lost(one: EventType, other: EventType, data: dict[str, Any]) -> None:
    """Whatever a catalogue makes of an event: it remains the same event, another catalogue makes of it what it makes of
    the one sent, and the journal gives it back.
    """
    sent = event(**data)
    first, second = catalogue({"panels": ROWS}, t=one), catalogue({"panels": ROWS}, t=other)
    found = first.convert(sent)
    assert as_sent(found) == sent
    assert identity(found) == identity(sent)
    assert first.convert(found) == found
    assert second.convert(found) == second.convert(sent)
    assert decode_input(encode(Arrival(found))) == Arrival(found)
