"""``during``, ``unless``, calendars and operations as people write them, and what is wrong with them."""

from pathlib import Path

import pytest

from tocsin.book.content import find_problems, read_content
from tocsin.book.match import FieldRef
from tocsin.book.rule import Gate
from tocsin.domain.time import parse_instant
from tocsin.rules.gates import Named
from tocsin.settings import Settings

FILES = {
    "rules/calendars/hours.yaml": "{open: [{days: [mon], from: 09:00, to: 17:00}]}",
    "rules/calendars/operations.yaml":
        "- {operation: city-day, hours: {from: 2026-09-01, to: 2026-09-02}, area: all}\n",
    "rules/areas/all.geojson": '{"type": "FeatureCollection", "features": [{"properties": {"name": "all"}, "geometry": '
                               '{"type": "Polygon", "coordinates": [[[37,48],[38,48],[38,49],[37,48]]]}}]}'}
OTHER = ("  - rule: other\n    when: {event: {type: y}}\n"
         "    tests: [{name: n, events: [{+0s: {type: x}}], expect: nothing}]\n")


def write(folder: Path, gates: str, *more: str, **files: str) -> Path:
    """A home with the rule ``rule`` and these gates; ``more`` are further rules."""
    rules = ("rules:\n  - rule: rule\n    when: {event: {type: x}}\n"
             + "".join(f"    {line}\n" for line in gates.split("\n"))
             + "    tests: [{name: n, events: [{+0s: {type: x}}], expect: nothing}]\n" + "".join(more))
    for name, text in {**FILES, "rules/rules.yaml": rules,
                       **{f"rules/calendars/{name}.yaml": text for name, text in files.items()}}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def problems(home: Path) -> list[str]:
    """The findings, but that the calendar is used nowhere."""
    return [str(found) for found in find_problems(home, Settings()) if "used nowhere" not in found.text]


def test_gates_are_read(tmp_path: Path) -> None:
    """One condition, or a list of which any is enough."""
    home = write(tmp_path, "during: {operation: any}\nunless: [{calendar: hours}, {calendar: {field: at}}, "
                           "{operation: city-day}, {active: other, same: [site]}]", OTHER)
    rule = read_content(home, Settings())[0].rules[0]
    assert rule.during == (Gate(operation="any"),)
    assert rule.unless == (Gate(calendar="hours"), Gate(calendar=FieldRef("at")), Gate(operation="city-day"),
                           Gate(active="other", same=("site",)))
    assert problems(home) == []


def test_a_date_alone_at_the_end_of_an_operation_is_inside(tmp_path: Path) -> None:
    named = Named(read_content(write(tmp_path, "during: {operation: city-day}"), Settings())[0])
    assert list(named.operations["city-day"].spans(0)) == [
        (parse_instant("2026-08-31T21:00:00Z"), parse_instant("2026-09-02T21:00:00Z"))]


@pytest.mark.parametrize("gates, more, sentence", [
    ("during: {calendar: hour}", "", 'rules.yaml:4:24: error: the calendar "hour" is unknown: did you mean "hours"?'),
    ("unless: {operation: city-dya}", "", 'the operation "city-dya" is unknown: did you mean "city-day"?'),
    ("unless: {active: othr}", OTHER, 'the rule "othr" is unknown: did you mean "other"?'),
    ("unless: {calendar: hours, operation: city-day}", "", "exactly one of calendar, operation, active"),
    ("unless: {calendar: hours, same: [site]}", "", "same: belongs to active: only"),
    ("unless: {active: rule}", "", 'the unless: of "rule" asks about the rule itself'),
    ("during: {active: rule}", "", "can never open: it waits for the rule's own incident"),
    ("during: {active: other}", OTHER.replace("    tests", "    during: {active: rule}\n    tests"),
     "can never open: it waits for an incident of other, which waits"),
    ("during: [{operation: any}, {calendar: hours}]", "", "so it stands alone"),
    ("during: {calendar: hours}\nunless: [{calendar: hours}]", "", "fires only during calendar hours and never then"),
    ("unless: {active: other}", OTHER + "    enabled: false\n", "is not enabled: the answer is always no")])
def test_what_contradicts_itself_is_found(tmp_path: Path, gates: str, more: str, sentence: str) -> None:
    assert sentence in "\n".join(problems(write(tmp_path, gates, more)))


def test_a_gate_that_waits_for_one_that_opens_is_fine(tmp_path: Path) -> None:
    """Also in a circle, as long as one of the list opens by itself."""
    assert problems(write(tmp_path, "during: [{active: other}, {calendar: hours}]", OTHER.replace(
        "    tests", "    during: {active: rule}\n    tests"))) == []


@pytest.mark.parametrize("hours, sentence", [
    ('{from: "2026-03-29 03:30", to: "2026-03-30 10:00"}', "2026-03-29 03:30 does not exist in Europe/Kyiv"),
    ('[{from: "2026-10-25 03:30", to: "2026-10-25 10:00"}]', "comes twice in Europe/Kyiv that night: the first"),
    ('{from: "2026-10-24 08:00", to: "2026-10-25 03:30"}', "comes twice in Europe/Kyiv that night: the second"),
    ('{from: "2026-10-24 08:00", to: "2026-10-24 08:00"}', "before it begins")])
def test_hours_of_an_operation_that_the_clock_does_not_show_once(tmp_path: Path, hours: str, sentence: str) -> None:
    home = write(tmp_path, "during: {operation: fair}", operations=f"- {{operation: fair, hours: {hours}}}\n")
    assert sentence in "\n".join(problems(home))


def test_calendars_may_be_named_by_events_alone(tmp_path: Path) -> None:
    """Then none is said to be used nowhere."""
    home = write(tmp_path, "during: {calendar: {field: at}}")
    assert not [found for found in find_problems(home, Settings()) if "calendar" in found.text]
