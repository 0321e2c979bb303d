"""The content of a rule book from a home: rules/, contacts/ and templates/ beside config.yaml."""

from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from tocsin.book.areas import read_areas
from tocsin.book.book import AreaShape, Content, Patience, Roles, Site, Table
from tocsin.book.calendars import CALENDAR, OPERATIONS
from tocsin.book.catalogue import EventType, EventTypes
from tocsin.book.event_checks import check_events
from tocsin.book.event_types import EVENT_FILE, check_additions
from tocsin.book.expected import check_expected
from tocsin.book.gate_checks import check_gates
from tocsin.book.heard_checks import Heard, check_heard
from tocsin.book.home import files_of
from tocsin.book.ics import read_ics
from tocsin.book.imports import FOLDER, take_imports
from tocsin.book.kinds import with_kinds
from tocsin.book.lists import read_list
from tocsin.book.match import FieldRef
from tocsin.book.moments import check_clocks
from tocsin.book.node import Mapping, Node, Sequence
from tocsin.book.people import PEOPLE
from tocsin.book.policies import POLICIES
from tocsin.book.reach import check_reach
from tocsin.book.report import Reference, Report, Unreadable
from tocsin.book.rule import Rule
from tocsin.book.rule_doubts import check_doubts
from tocsin.book.rules import RuleFile, check_chains
from tocsin.book.schedules import schedules
from tocsin.book.services import SERVICES
from tocsin.book.shape import Names
from tocsin.book.template_files import read_name, read_source
from tocsin.book.yaml import read_bytes
from tocsin.domain.errors import BookError, Finding, Location
from tocsin.domain.notification import CHANNELS

NAMED = ("lists", "areas", "calendars", "events")
"""Folders of rules/ that hold named things, not rules."""
CONTACT_KEYS = ("people", "services", "schedules", "policies")
UNUSED = ("list", "calendar", "policy", "schedule")
_RULES = RuleFile()


class HttpSettings(Protocol):
    @property
    def public_url(self) -> str: ...


class ChannelSettings(Protocol):
    @property
    def names(self) -> tuple[str, ...]: ...


class JournalSettings(Protocol):
    @property
    def keep(self) -> int: ...


class SiteSettings(Protocol):
    """What a book takes from config.yaml; ``references`` are the contacts that it names."""

    @property
    def site(self) -> Site: ...

    @property
    def roles(self) -> Roles: ...

    @property
    def http(self) -> HttpSettings: ...

    @property
    def journal(self) -> JournalSettings: ...

    @property
    def channels(self) -> ChannelSettings: ...

    @property
    def patience(self) -> dict[str, Patience]: ...

    @property
    def references(self) -> tuple[Reference, ...]: ...


def read_content(home: Path, settings: SiteSettings, rules: Path | None = None) -> tuple[Content, tuple[Finding, ...]]:
    """The checked content and its warnings; ``rules`` is another folder in place of the home's rules/. Raises BookError
    with every error of every file.
    """
    report = Report()
    content = _Reading(home, settings, report, rules).content()
    if report.failed:
        raise BookError(report.ordered("error"))
    return content, report.ordered("warning")


def find_problems(home: Path, settings: SiteSettings) -> tuple[Finding, ...]:
    """All errors and warnings of the files, in file order; () when nothing is wrong or doubtful."""
    return read_all(home, settings)[1]


def read_all(home: Path, settings: SiteSettings, heard: Heard | None = None) -> tuple[Content, tuple[Finding, ...]]:
    """What could be read, and all errors and warnings of the files, in file order; rules are held against what has been
    ``heard``.
    """
    report = Report()
    content = _Reading(home, settings, report).content()
    if heard is not None:
        check_heard(content.rules, heard, EventTypes(content.events), content.lists, report)
    return content, report.ordered()


class _Reading:
    """One reading of a home. Places are relative to it, so that a book is the same wherever it lies; those of a rules
    folder that lies elsewhere begin with it as it was given.
    """

    def __init__(self, home: Path, settings: SiteSettings, report: Report, rules: Path | None = None) -> None:
        self.home, self.settings, self.report, self.rules = home, settings, report, rules

    def content(self) -> Content:
        """What could be read; everything wrong is in the report."""
        lists, areas = self._lists(), self._areas()
        calendars, operations = self._calendars()
        contacts = self._contacts()
        events = self._events()
        types = EventTypes(events)
        rules = with_kinds(self._rules(), types)
        content = Content(site=self.settings.site, rules=rules, roles=self.settings.roles, lists=lists, areas=areas,
                          calendars=calendars, operations=operations, events=events, templates=self._templates(),
                          channels=self.settings.channels.names or CHANNELS,
                          receipts=("sms",) if self.settings.http.public_url else (),
                          patience=self.settings.patience, **contacts)
        self.report.references.extend(self.settings.references)
        self.report.resolve()
        check_chains(rules, self.report)
        check_expected(rules, lists, self.report)
        check_additions(events, lists, self.report)
        check_events(rules, types, lists, self.report)
        check_gates(rules, self.report)
        check_doubts(rules, lists, self.settings.journal.keep, self.report)
        if not self.report.failed:
            check_reach(content, self.report)
        self._warn_of_unused(rules)
        return content

    def _files(self, folder: str, *suffixes: str, skip: tuple[str, ...] = ()) -> list[tuple[str, bytes]]:
        return files_of(self._root(folder), self._label(folder), suffixes, skip, self.report)

    def _root(self, folder: str) -> Path:
        head, _, rest = folder.partition("/")
        return self.home / folder if self.rules is None or head != "rules" else self.rules / rest

    def _label(self, folder: str) -> str:
        head, _, rest = folder.partition("/")
        return folder if self.rules is None or head != "rules" else (self.rules / rest).as_posix()

    def _trees(self, folder: str, skip: tuple[str, ...] = ()) -> list[tuple[str, Node]]:
        files = self._files(folder, ".yaml", skip=skip)
        trees = [(place, read_bytes(place, body, self.report)) for place, body in files]
        return [(place, tree) for place, tree in trees if tree is not None]

    def _named(self, folder: str, place: str) -> str:
        """The name of a file of a folder of named things: its path there without the ending."""
        name = place.removeprefix(f"{self._label(folder)}/").rpartition(".")[0]
        if "." in name or " " in name:
            self.report.error(Location(place), "the name of this file is its name in rules: no dots or spaces in it")
        return name

    def _lists(self) -> dict[str, Table]:
        found: dict[str, Table] = {}
        for place, body in self._files("rules/lists", ".csv", ".yaml"):
            name = self._named("rules/lists", place)
            with suppress(Unreadable):
                found[name] = read_list(name, place, body, self.report)
        return found

    def _areas(self) -> dict[str, AreaShape]:
        found: dict[str, AreaShape] = {}
        for place, body in self._files("rules/areas", ".geojson"):
            found |= read_areas(self._named("rules/areas", place), place, body, self.report)
        return found

    def _calendars(self) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
        calendars: dict[str, dict[str, Any]] = {}
        operations: dict[str, dict[str, Any]] = {}
        for place, body in self._files("rules/calendars", ".ics"):
            name = self._named("rules/calendars", place)
            self.report.declare("calendar", name, Location(place, 1, 1))
            with suppress(Unreadable):
                calendars[name] = read_ics(place, body, self.settings.site.time_zone, self.report)
        for place, tree in self._trees("rules/calendars"):
            name = self._named("rules/calendars", place)
            with suppress(Unreadable):
                if name == "operations":
                    alone = isinstance(tree, Mapping) and tree.get("operation") is not None
                    listed = OPERATIONS.read(Sequence((tree,), tree.where) if alone else tree, self.report)
                    operations |= {each["operation"]: each for each in listed}
                    check_clocks(tree, self.settings.site.time_zone, self.report, last=True)
                    continue
                self.report.declare("calendar", name, Location(place, 1, 1))
                calendars[name] = {"time_zone": self.settings.site.time_zone} | CALENDAR.read(tree, self.report)
        return calendars, operations

    def _contacts(self) -> dict[str, Any]:
        shapes = contact_shapes(self.settings.site.time_zone)
        found: dict[str, dict[str, Any]] = {key: {} for key in CONTACT_KEYS}
        for _, tree in self._trees("contacts"):
            if not isinstance(tree, Mapping):
                self.report.error(tree.where, "a file of contacts begins with one of " + ", ".join(CONTACT_KEYS)
                                  + ", as people:")
                continue
            for key, part in tree.entries:
                if key.text not in shapes:
                    self.report.unknown(key.where, "the key", key.text, shapes)
                    continue
                with suppress(Unreadable):
                    found[key.text] |= shapes[key.text].read(part, self.report)
                if key.text == "people":
                    check_clocks(part, self.settings.site.time_zone, self.report)
        found["schedules"] = take_imports(found["schedules"], found["people"], self._files(FOLDER, ".ics"), self.report)
        return found

    def _events(self) -> dict[str, EventType]:
        found: dict[str, EventType] = {}
        for _, tree in self._trees("rules/events"):
            with suppress(Unreadable):
                found |= EVENT_FILE.read(tree, self.report)
        return found

    def _rules(self) -> tuple[Rule, ...]:
        rules: list[Rule] = []
        trees = self._trees("rules", skip=NAMED)
        for _, tree in trees:
            with suppress(Unreadable):
                rules.extend(_RULES.read(tree, self.report))
        if not trees:
            self.report.warn(Location(self._label("rules")), "there are no rules, so no event will ever reach anybody")
        return tuple(rules)

    def _templates(self) -> dict[str, str]:
        files = self._files("templates", ".j2")
        return {name: source for place, body in files if (name := read_name(place, self.report))
                and (source := read_source(place, body, self.report)) is not None}

    def _warn_of_unused(self, rules: tuple[Rule, ...]) -> None:
        used = {(reference.kind, reference.name) for reference in self.report.references}
        by_field = any(isinstance(gate.calendar, FieldRef) for rule in rules for gate in (*rule.during, *rule.unless))
        for kind in UNUSED:
            if kind == "calendar" and by_field:
                continue
            for name, where in self.report.declared.get(kind, {}).items():
                if (kind, name) not in used:
                    self.report.warn(where, f'the {kind} "{name}" is used nowhere')


def contact_shapes(site_zone: str) -> dict[str, Names[Any]]:
    """The shape of each key of the files of contacts."""
    return {"people": PEOPLE, "services": SERVICES, "schedules": schedules(site_zone), "policies": POLICIES}
