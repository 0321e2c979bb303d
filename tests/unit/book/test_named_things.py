"""Lists, areas, calendars and operations."""

import json

import pytest

from tocsin.book.areas import read_areas
from tocsin.book.calendars import CALENDAR, OPERATIONS
from tocsin.book.lists import read_list
from tocsin.book.report import Report, Unreadable

SQUARE = [[[37.0, 48.0], [38.0, 48.0], [38.0, 49.0], [37.0, 48.0]]]


def table_of(body: bytes, path: str = "rules/lists/objects.csv"):
    report = Report()
    try:
        table = read_list("objects", path, body, report)
    except Unreadable:
        table = None
    return table, [str(finding) for finding in report.ordered()], report


@pytest.mark.parametrize("body", [
    b"account,name\n12,School\n13,\n", b"account;name\r\n12;School\r\n13;\r\n",
        b"\xef\xbb\xbfaccount\tname\n12\tSchool\n13\t\n",
    b'"account","name"\n\n"12"," School "\n13,""\n\n'], ids=["comma", "semicolon", "tab and mark", "quotes and gaps"])
def test_a_csv_list_is_read_whatever_wrote_it(body):
    """Separators of spreadsheets, byte order marks and empty lines do not matter; an empty cell is absent."""
    table, findings, report = table_of(body)
    assert findings == []
    assert table.columns == ("account", "name")
    assert table.rows == ({"account": "12", "name": "School"}, {"account": "13"})
    assert set(report.declared["column"]) == {"objects.account", "objects.name"}


@pytest.mark.parametrize("body, sentence", [
    (b"", "the list is empty"), (b"a,a\n1,2\n", 'two columns are called "a"'), (b"a,\n1,2\n", "column 2 has no name"),
    (b"a,b\n1\n", "objects.csv:2:1: error: this row has 1 columns, the first line 2"),
    (b"a\n\xcf\xf0\n", "objects.csv:2:1: error: this is not UTF-8"), (b'a\n"x\n', "this line is no CSV"),
    (b"a\n\0\n", "zero byte"), (b"a,until\n1,soon\n", 'until: "soon" is no date')])
def test_a_wrong_csv_list_is_refused(body, sentence):
    """Every mistake of a table is an error at its line."""
    table, findings, _ = table_of(body)
    assert table is None
    assert sentence in "\n".join(findings)


def test_a_yaml_list_has_columns_or_plain_values():
    """``from`` and ``until`` are columns like any other."""
    table, findings, _ = table_of(b"- {account: 012, until: 2026-12-01}\n- {account: no, name: x}\n",
        "rules/lists/o.yaml")
    assert findings == []
    assert table.columns == ("account", "until", "name")
    assert table.rows == ({"account": "012", "until": "2026-12-01"}, {"account": "no", "name": "x"})
    assert table_of(b"- a\n- b\n", "rules/lists/o.yaml")[0].rows == ({"value": "a"}, {"value": "b"})


@pytest.mark.parametrize("body", [b"a: b", b"- [a]", b"- {a: [b]}", b""])
def test_a_yaml_list_of_another_form_is_refused(body):
    """Nothing is guessed."""
    table, findings, _ = table_of(body, "rules/lists/o.yaml")
    assert table is None
    assert findings


def features(*items):
    return {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"name": name} if name is not None else {},
         "geometry": {"type": kind, "coordinates": coordinates}} for name, kind, coordinates in items]}


def areas_of(document, file: str = "districts"):
    report = Report()
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    found = read_areas(file, f"rules/areas/{file}.geojson", body, report)
    return found, [finding.text for finding in report.ordered()], report


def test_areas_go_by_their_names_and_by_their_file():
    """``districts/centre`` is ``centre``; a file with one area is that area."""
    found, findings, report = areas_of(features(("centre", "Polygon", SQUARE), ("north", "MultiPolygon", [SQUARE])))
    assert findings == []
    assert list(found) == ["centre", "north"]
    assert report.refer("area", "districts/centre", report.declared["area"]["centre"]) == "centre"
    _, _, report = areas_of(features(("centre", "Polygon", SQUARE)), "city")
    assert report.aliases["area"] == {"city/centre": "centre", "city": "centre"}


def test_heights_of_points_are_dropped():
    """A polygon drawn with and without heights is the polygon on the map."""
    ring = [[37.0, 48.0, 120.0], [38.0, 48.0], [38.0, 49.0, 7], [37.0, 48.0, 120.0]]
    found, findings, _ = areas_of(features(("a", "Polygon", [ring])))
    assert findings == []
    assert found["a"].geometry["coordinates"] == SQUARE


@pytest.mark.parametrize("document, sentence", [
    (features(("a", "Polygon", [[[10**400, 2]] * 4])), "a point is [lon, lat]"),
    (b"{", "this is not JSON"), (b"[]", "FeatureCollection"), (b'{"type": "FeatureCollection", "features": []}',
     "no features"),
    (b"\xff", "UTF-8"), (b"[" * 100_000, "GeoJSON"), (b'{"type": NaN}', "GeoJSON"),
    (features((None, "Polygon", SQUARE)), "feature 1 has no name"),
    (features(("a", "Point", [1, 2])), "a Polygon or MultiPolygon"),
    (features(("a", "Polygon", [[[1, 2], [3, 4]]])), "at least four points"),
    (features(("a", "Polygon", [])), "a list of rings"), (features(("a", "Polygon", 5)), "a list of rings"),
    (features(("a", "Polygon", [[["x", 2]] * 4])), "a point is [lon, lat]"),
    (features(("a", "Polygon", [[[48, 137], [48, 138], [49, 138], [48, 137]]])), "the longitude first"),
    (features(("a", "Polygon", [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]])), "its outline is invalid"),
    (features(("a", "Polygon", SQUARE), ("a", "Polygon", SQUARE)), "stands already")])
def test_a_wrong_area_is_refused(document, sentence):
    """An area that could not be asked is an error, in the words of who drew it."""
    assert sentence in "\n".join(areas_of(document)[1])


def test_a_calendar_reads_as_written(read):
    """The calendar of the language's description; times take two digits."""
    calendar, findings = read(CALENDAR, """\
{time_zone: Europe/Kyiv, open: [{days: [mon, tue], from: "9:00", to: "17:00"}, {days: sun, from: "22:00", to: "24:00"}],
except: ["2026-12-25"], also: [{date: "2026-12-26", from: "10:00", to: "14:00"}]}
""")
    assert findings == []
    assert calendar == {
        "time_zone": "Europe/Kyiv", "except": ["2026-12-25"],
        "open": [{"days": ["mon", "tue"], "from": "09:00", "to": "17:00"}, {"days": ["sun"], "from": "22:00",
        "to": "24:00"}],
        "also": [{"date": "2026-12-26", "from": "10:00", "to": "14:00"}]}


@pytest.mark.parametrize("text, sentence", [
    ("{open: [{days: [mo], from: 09:00, to: 17:00}]}", 'did you mean "mon"?'), ("{except: [2026-12-25]}", "never open"),
    ("{open: [{days: [mon], from: 25:00, to: 17:00}]}", "a time of day"), ("{open: [{days: [mon]}]}",
     "needs from: and to:"),
    ("{also: [{date: 2026-12-25 10:00, from: 09:00, to: 17:00}]}", 'a date such as "2026-12-25"')])
def test_a_wrong_calendar_is_refused(read, text, sentence):
    """A calendar that is never open, or opens at no time of day, is an error."""
    assert sentence in "\n".join(read(CALENDAR, text)[1])


def test_operations_read_as_written(read):
    """The commander is a person or whoever is on call."""
    listed, findings = read(OPERATIONS, """\
- {operation: city-day, hours: {from: "2026-09-01 08:00", to: "2026-09-01 22:00"}, area: centre, commander: olena}
- {operation: fair, hours: [{from: "2026-10-01", to: "2026-10-02"}], commander: {on_call: heads}}
""")
    assert findings == []
    assert listed[0]["commander"] == {"person": "olena"}
    assert listed[1]["commander"] == {"on_call": "heads"}
