"""Each corner of the match language, by name."""

import math
from datetime import UTC, datetime

import pytest

from tocsin.book.book import AreaShape, Content, Site, Table
from tocsin.book.match import AnyOf, Expect, FieldRef, Inside, Match, Near, NoneOf
from tocsin.domain.event import Event, Place
from tocsin.rules.lists import ListError
from tocsin.rules.match import compile_match
from tocsin.rules.tables import Tables
from tocsin.rules.values import MatchError

SQUARE = {"type": "Polygon", "coordinates": [[[37.0, 48.0], [37.1, 48.0], [37.1, 48.1], [37.0, 48.1], [37.0, 48.0]]]}
TABLES = Tables.of(Content(
    site=Site(time_zone="Europe/Kyiv"),
    areas={"centre": AreaShape("centre", SQUARE)},
    lists={"watch": Table(("from", "plate", "owner", "until"), (
        {"plate": "AA1234BB", "owner": "12"},
        {"plate": "day", "from": "2026-12-24", "until": "2026-12-25"},
        {"plate": "hour", "from": "2026-12-24T10:00:00Z", "until": "2026-12-24T11:00:00Z"},
        {"plate": "local", "from": "2026-12-24 10:00", "until": "2026-12-24 11:00"},
        {"plate": "again", "until": "2026-12-01"},
        {"plate": "again", "from": "2026-12-24"},
        {"plate": "  "},
    ))},
))


def at(text):
    return int(datetime.fromisoformat(text).timestamp() * 1_000_000)


def event(**fields):
    top = {key: fields.pop(key) for key in ("type", "site", "status", "location", "time", "areas") if key in fields}
    return Event(**{"id": "1", "source": "s", "type": "alarm.panic", "time": 0, "received": 0, "data": fields} | top)


def holds(clause, an_event, told=None):
    mismatch = (lambda *what: told.append(what)) if told is not None else (lambda *what: None)
    return compile_match(Match((clause,)), TABLES, mismatch)(an_event)


@pytest.mark.parametrize("clause, fields, expected", [
    # An empty match is the business of test_no_clause; here a value equals itself.
    (Expect("zone", "is", "yard"), {"zone": "yard"}, True),
    # Text is compared exactly as written: neither trimmed nor folded.
    (Expect("zone", "is", "yard"), {"zone": "Yard"}, False),
    (Expect("zone", "is", "yard"), {"zone": " yard"}, False),
    # ignoring_case folds by casefold: German and Cyrillic too.
    (Expect("zone", "is", "STRASSE", fold=True), {"zone": "straße"}, True),
    (Expect("plate", "is", "ан12", fold=True), {"plate": "АН12"}, True),
    # Numbers are their decimal: 1 is 1.0.
    (Expect("value", "is", 1), {"value": 1.0}, True),
    (Expect("value", "is", 1.0), {"value": 1}, True),
    (Expect("value", "any_of", (1, 2)), {"value": 2.0}, True),
    # 0.1 + 0.2 is not what somebody writes as 0.3.
    (Expect("value", "is", 0.3), {"value": 0.1 + 0.2}, False),
    # Beyond 2^53 a float stands for the whole number that it writes.
    (Expect("value", "is", 10**23), {"value": 1e23}, True),
    (Expect("value", "at_least", 10**23), {"value": 1e23}, True),
    (Expect("value", "above", 2**53), {"value": 2**53 + 1}, True),
    # A string against a number is false, its opposite true.
    (Expect("value", "is", 12), {"value": "12"}, False),
    (Expect("value", "not", 12), {"value": "12"}, True),
    (Expect("value", "is", "12"), {"value": 12}, False),
    (Expect("value", "above", 5), {"value": "12"}, False),
    # A flag is no number, and no text.
    (Expect("value", "is", 1), {"value": True}, False),
    (Expect("value", "is", True), {"value": 1}, False),
    (Expect("value", "is", True), {"value": True}, True),
    (Expect("value", "is", True), {"value": "true"}, False),
    (Expect("value", "above", 0), {"value": True}, False),
    # NaN satisfies no positive form.
    (Expect("value", "is", 1), {"value": math.nan}, False),
    (Expect("value", "above", 1), {"value": math.nan}, False),
    (Expect("value", "below", 1), {"value": math.nan}, False),
    (Expect("value", "not", 1), {"value": math.nan}, True),
    # A missing field makes the positive form false, the negative true; null is missing.
    (Expect("value", "is", 1), {}, False),
    (Expect("value", "is", 1), {"value": None}, False),
    (Expect("value", "not", 1), {}, True),
    (Expect("value", "not_in", (1, 2)), {}, True),
    (Expect("value", "not_in", "watch"), {}, True),
    (Expect("value", "below", 1), {}, False),
    (Expect("value", "contains", "x"), {}, False),
    (NoneOf((Match((Expect("value", "is", 1),)),)), {}, True),
    # none of a negative is the positive again.
    (NoneOf((Match((Expect("value", "not", 1),)),)), {}, False),
    (NoneOf((Match((Expect("value", "not", 1),)),)), {"value": 1}, True),
    # is: null is exists: false, and the other way round.
    (Expect("value", "is", None), {}, True),
    (Expect("value", "is", None), {"value": 0}, False),
    (Expect("value", "not", None), {"value": 0}, True),
    (Expect("value", "any_of", (None, 1)), {}, True),
    (Expect("value", "not_in", (None, 1)), {}, False),
    (Expect("value", "exists", True), {"value": False}, True),
    (Expect("value", "exists", True), {"value": []}, True),
    (Expect("value", "exists", False), {"value": None}, True),
    # Limits: above and below exclude them, at_least and at_most include them.
    (Expect("value", "above", 10), {"value": 10}, False),
    (Expect("value", "at_least", 10), {"value": 10}, True),
    (Expect("value", "below", 10), {"value": 10}, False),
    (Expect("value", "at_most", 10), {"value": 10.0}, True),
    # Text parts.
    (Expect("text_", "contains", "fire"), {"text_": "a firework"}, True),
    (Expect("text_", "starts_with", "a"), {"text_": "a firework"}, True),
    (Expect("text_", "ends_with", ("work", "x")), {"text_": "a firework"}, True),
    (Expect("text_", "contains", "FIRE", fold=True), {"text_": "a firework"}, True),
    (Expect("text_", "starts_with", "1"), {"text_": 12}, False),
    # matches is of the whole value.
    (Expect("plate", "matches", "[A-Z]{2}[0-9]+"), {"plate": "AA12"}, True),
    (Expect("plate", "matches", "[A-Z]{2}[0-9]+"), {"plate": "AA12X"}, False),
    (Expect("plate", "matches", "аа.*", fold=True), {"plate": "АА12"}, True),
    (Expect("plate", "matches", ".*"), {"plate": "\ud800"}, False),
    # like: * is any run, ? one character; nothing else is special; line ends are characters.
    (Expect("plate", "like", "AB*12"), {"plate": "AB12"}, True),
    (Expect("plate", "like", "AB*12"), {"plate": "AB\n9912"}, True),
    (Expect("plate", "like", "AB*12"), {"plate": "AB123"}, False),
    (Expect("plate", "like", "AB?12"), {"plate": "AB12"}, False),
    (Expect("plate", "like", "[AB].*"), {"plate": "[AB].x"}, True),
    (Expect("plate", "like", "[AB].*"), {"plate": "A.x"}, False),
    (Expect("plate", "like", "*ab*ab"), {"plate": "ab"}, False),
    (Expect("plate", "like", "*ab*ab"), {"plate": "abab"}, True),
    # A list fits when an element does; contains means an element, not a part of one.
    (Expect("tags", "is", "roof"), {"tags": ["yard", "roof"]}, True),
    (Expect("tags", "not", "roof"), {"tags": ["yard", "roof"]}, False),
    (Expect("tags", "above", 5), {"tags": [1, 9]}, True),
    (Expect("tags", "contains", "roof"), {"tags": ["yard", "roof"]}, True),
    (Expect("tags", "contains", "roof"), {"tags": ["roofing"]}, False),
    (Expect("tags", "contains", 5), {"tags": [5.0]}, True),
    (Expect("tags", "is", "roof"), {"tags": []}, False),
    (Expect("tags", "is", "roof"), {"tags": [None, ["roof"]]}, False),
    # Dots go deeper, a literal key with dots wins, data. reaches a shadowed key.
    (Expect("a.b", "is", 1), {"a": {"b": 1}}, True),
    (Expect("a.b", "is", 1), {"a": {"b": 2}, "a.b": 1}, True),
    (Expect("a.b", "is", 1), {"a": 1}, False),
    (Expect("data.zone", "is", "yard"), {"zone": "yard"}, True),
    (Expect("location.lat", "above", 48), {"location": Place(48.5, 37)}, True),
    # An object equals nothing.
    (Expect("a", "not", "x"), {"a": {"b": 1}}, True),
    # Another field as the expectation: missing on either side is not equal, kinds must agree.
    (Expect("a", "is", FieldRef("b")), {"a": 1, "b": 1.0}, True),
    (Expect("a", "is", FieldRef("b")), {"a": 1e23, "b": 10**23}, True),
    (Expect("a", "is", FieldRef("b")), {"a": 1, "b": True}, False),
    (Expect("a", "is", FieldRef("b")), {}, False),
    (Expect("a", "not", FieldRef("b")), {"a": 1}, True),
    (Expect("a", "is", FieldRef("b")), {"a": "x", "b": ["y", "x"]}, True),
    (Expect("a", "above", FieldRef("b")), {"a": 2, "b": 1}, True),
    (Expect("a", "above", FieldRef("b")), {"a": 2}, False),
    (Expect("a", "above", FieldRef("b")), {"a": 2, "b": "1"}, False),
    # any: one branch is enough, and an empty branch always holds.
    (AnyOf((Match((Expect("a", "is", 1),)), Match((Expect("a", "is", 2),)))), {"a": 2}, True),
    (AnyOf((Match((Expect("a", "is", 1),)), Match())), {}, True),
])
def test_one_clause(clause, fields, expected):
    """The clause holds of the event exactly when the language says so."""
    assert holds(clause, event(**fields)) is expected


def test_no_clause():
    """The empty match holds of every event."""
    assert compile_match(Match(), TABLES)(event())


@pytest.mark.parametrize("wanted, type_, expected", [
    ("alarm.panic", "alarm.panic", True),
    # A pattern is the prefix with its dot: neither the family's own name nor a longer word.
    ("alarm.*", "alarm.panic", True),
    ("alarm.*", "alarm.fire.hot", True),
    ("alarm.*", "alarm", False),
    ("alarm.*", "alarming.x", False),
    (("door.open", "alarm.*"), "alarm.panic", True),
])
def test_type_patterns(wanted, type_, expected):
    """``alarm.*`` stands for every type below ``alarm.``, also in lists; negatives are opposite."""
    many = isinstance(wanted, tuple)
    assert holds(Expect("type", "any_of" if many else "is", wanted), event(type=type_)) is expected
    assert holds(Expect("type", "not_in" if many else "not", wanted), event(type=type_)) is not expected


def test_patterns_are_for_the_type_alone():
    """In any other field, ``alarm.*`` is that text."""
    assert not holds(Expect("kind", "is", "alarm.*"), event(kind="alarm.panic"))
    assert not holds(Expect("data.type", "is", "alarm.*"), event(type_="x"))


@pytest.mark.parametrize("plate, moment, expected", [
    ("AA1234BB", "1999-01-01T00:00:00Z", True),
    # Dates are the site's own days, the last one included.
    ("day", "2026-12-23T21:59:59.999999Z", False),
    ("day", "2026-12-23T22:00:00Z", True),
    ("day", "2026-12-25T21:59:59.999999Z", True),
    ("day", "2026-12-25T22:00:00Z", False),
    # Instants are inside at both ends.
    ("hour", "2026-12-24T10:00:00Z", True),
    ("hour", "2026-12-24T11:00:00Z", True),
    ("hour", "2026-12-24T11:00:00.000001Z", False),
    # A time without a zone is the site's.
    ("local", "2026-12-24T07:59:59Z", False),
    ("local", "2026-12-24T08:00:00Z", True),
    # A value that stands there twice is there whenever one of its rows is.
    ("again", "2026-12-01T12:00:00Z", True),
    ("again", "2026-12-10T12:00:00Z", False),
    ("again", "2026-12-30T12:00:00Z", True),
    # Nobody.
    ("nobody", "2026-12-24T10:30:00Z", False),
    ("", "2026-12-24T10:30:00Z", False),
])
def test_list_rows_are_there_from_until(plate, moment, expected):
    """A row counts from its from to its until, by the event's time."""
    an_event = event(plate=plate, time=at(moment))
    assert holds(Expect("plate", "in", "watch"), an_event) is expected
    assert holds(Expect("plate", "not_in", "watch.plate"), an_event) is not expected


def test_lists_compare_key_texts():
    """Cells are text: 12 is in a list that says 12, blanks around a value do not matter; case does, unless ignored."""
    assert holds(Expect("who", "in", "lists/watch.owner"), event(who=12))
    assert holds(Expect("who", "in", "watch"), event(who=" AA1234BB "))
    assert not holds(Expect("who", "in", "watch"), event(who="aa1234bb"))
    assert holds(Expect("who", "in", "watch", fold=True), event(who="aA1234bB"))
    assert holds(Expect("who", "in", "watch"), event(who=["x", "AA1234BB"]))


def test_instants_are_written_in_rfc_3339():
    """A rule compares the event's own times with a written instant."""
    an_event = event(time=at("2026-12-24T10:00:00Z"))
    assert holds(Expect("time", "at_least", "2026-12-24T12:00:00+02:00"), an_event)
    assert not holds(Expect("time", "above", "2026-12-24T10:00:00Z"), an_event)
    assert holds(Expect("time", "is", "2026-12-24T10:00:00Z"), an_event)


@pytest.mark.parametrize("area, fields, expected", [
    ("centre", {"areas": ("centre", "x")}, True),
    ("centre", {"areas": ()}, False),
    (FieldRef("sector"), {"areas": ("centre",), "sector": "centre"}, True),
    (FieldRef("sector"), {"areas": ("centre",), "sector": ["x", "centre"]}, True),
    (FieldRef("sector"), {"areas": ("centre",), "sector": "elsewhere"}, False),
    (FieldRef("sector"), {"areas": ("centre",)}, False),
    (FieldRef("sector"), {"areas": ("12",), "sector": 12}, True),
])
def test_inside(area, fields, expected):
    """inside asks the areas that were found for the event's place."""
    assert holds(Inside(area), event(**fields)) is expected


@pytest.mark.parametrize("of, distance, place, fields, expected", [
    # One thousandth of a degree of latitude is 111.2 m.
    ((48.0, 37.0), 112.0, Place(48.001, 37.0), {}, True),
    ((48.0, 37.0), 111.0, Place(48.001, 37.0), {}, False),
    # Accuracy is a radius: whoever may be within the distance is.
    ((48.0, 37.0), 100.0, Place(48.001, 37.0, 20), {}, True),
    ((48.0, 37.0), 100.0, Place(48.001, 37.0, -20), {}, False),
    # Inside an area is at distance 0; outside it counts from the border.
    ("centre", 0.0, Place(48.05, 37.05), {}, True),
    ("centre", 112.0, Place(48.101, 37.05), {}, True),
    ("centre", 111.0, Place(48.101, 37.05), {}, False),
    # The distance may come from the event; absent or of another kind it is false.
    ((48.0, 37.0), FieldRef("radius"), Place(48.001, 37.0), {"radius": 112}, True),
    ((48.0, 37.0), FieldRef("radius"), Place(48.001, 37.0), {}, False),
    ((48.0, 37.0), FieldRef("radius"), Place(48.001, 37.0), {"radius": "112"}, False),
    ((48.0, 37.0), FieldRef("radius"), Place(48.001, 37.0, 500), {"radius": -1}, False),
    # Nowhere is near nothing, and so is a place that is not a number.
    ((48.0, 37.0), 1e9, None, {}, False),
    ((48.0, 37.0), 1e9, Place(math.nan, 37.0), {}, False),
    ("centre", 1e9, Place(math.nan, 37.0), {}, False),
])
def test_near(of, distance, place, fields, expected):
    """near measures on the ground, from a point or from the border of an area."""
    assert holds(Near(of, distance), event(location=place, **fields)) is expected


@pytest.mark.parametrize("clause, fields, told", [
    (Expect("value", "is", 12), {"value": "12"}, ("value", "number", "text")),
    (Expect("value", "not", "x"), {"value": 12}, ("value", "text", "number")),
    (Expect("value", "above", 12), {"value": "x"}, ("value", "number", "text")),
    (Expect("value", "above", 12), {"value": True}, ("value", "number", "flag")),
    (Expect("value", "above", FieldRef("limit")), {"value": 1, "limit": "x"}, ("limit", "number", "text")),
    (Expect("value", "starts_with", "1"), {"value": 12}, ("value", "text", "number")),
    (Expect("value", "contains", "1"), {"value": 12}, ("value", "text", "number")),
    (Expect("value", "any_of", (1, "x")), {"value": True}, ("value", "number or text", "flag")),
    (Expect("value", "is", "x"), {"value": {"a": 1}}, ("value", "text", "object")),
    (Expect("value", "is", FieldRef("other")), {"value": 1, "other": "1"}, ("value", "text", "number")),
])
def test_values_of_another_kind_are_told(clause, fields, told):
    """Whoever compares what cannot be compared hears of it: field, kind wanted, kind got."""
    heard = []
    holds(clause, event(**fields), heard)
    assert heard == [told]


def test_values_that_differ_are_not_told():
    """A value of the right kind, or none at all, is no mismatch."""
    heard = []
    for fields in ({"value": 3}, {"value": 3.5}, {}):
        holds(Expect("value", "is", 12), event(**fields), heard)
    assert heard == []


@pytest.mark.parametrize("clause, error, part", [
    (Expect("a", "in", "nolist"), ListError, 'there is no list "nolist": the lists are watch'),
    (Expect("a", "in", "watch.nocolumn"), ListError, 'no column "nocolumn": its columns are from, plate'),
    (Expect("a", "matches", "(x"), MatchError, 'a: the pattern "(x" cannot be used'),
    (Expect("a", "matches", "(?=x)"), MatchError, "cannot be used"),
    (Expect("a", "above", "ten"), MatchError, "above needs a number"),
    (Expect("a", "starts_with", 5), MatchError, "starts_with needs text"),
    (Expect("a", "like", FieldRef("b")), MatchError, "not a field"),
    (Expect("a", "resembles", "b"), MatchError, 'no comparison "resembles"'),
    (Expect("time", "above", "yesterday"), MatchError, "is not a time with a zone"),
    (Inside("nowhere"), MatchError, 'there is no area "nowhere"'),
    (Near("nowhere", 5.0), MatchError, 'there is no area "nowhere"'),
])
def test_what_can_never_be_asked_is_refused(clause, error, part):
    """A match that no event could be asked is refused with a sentence, when it is compiled."""
    with pytest.raises(error) as caught:
        compile_match(Match((clause,)), TABLES)
    assert part in str(caught.value)


def test_a_bad_time_in_a_list_names_its_row():
    """A cell that is no time is refused with list, row and way out."""
    tables = Tables.of(Content(lists={"w": Table(("a", "until"), ({"a": "x"}, {"a": "y", "until": "24.12.2026"}))}))
    with pytest.raises(ListError, match=r'list "w", row 2: "24\.12\.2026" in the column until is not a time'):
        compile_match(Match((Expect("a", "in", "w"),)), tables)


def test_times_that_come_twice_or_never_are_read_in_favour_of_the_row():
    """In the hour that a clock change repeats, a row is there the first time it may be and the last."""
    tables = Tables.of(Content(site=Site(time_zone="Europe/Kyiv"), lists={
        "w": Table(("a", "from", "until"), ({"a": "x", "from": "2026-10-25 03:30", "until": "2026-10-25 03:40"},))}))
    listed = compile_match(Match((Expect("a", "in", "w"),)), tables)
    first, last = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 40, tzinfo=UTC)
    assert listed(event(a="x", time=int(first.timestamp() * 1e6)))
    assert listed(event(a="x", time=int(last.timestamp() * 1e6)))
    assert not listed(event(a="x", time=int(last.timestamp() * 1e6) + 1))
