"""The match language a second time, slow and plain, written from its description: what the fast one must equal.

It shares no code with ``tocsin.rules`` or ``tocsin.matching``: only the parsed rule and the event.
"""

import math
import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

import shapely
from shapely.geometry import shape

from tocsin.book.book import Content
from tocsin.book.match import AnyOf, Expect, FieldRef, Inside, Near, NoneOf
from tocsin.domain.input import Hit

TOP = ("id", "source", "type", "time", "status", "site", "device", "severity", "location", "text", "data", "origin",
       "claimed_time", "received", "areas")


class NaiveMatcher:
    """Asks every rule of every event."""

    def __init__(self, rules, content=None):
        self.rules = rules
        self.content = content or Content()

    def match(self, event):
        hits = []
        for rule in self.rules:
            if not rule.enabled:
                continue
            if rule.when.word == "event":
                match = rule.when.match
                if (event.status != "resolved" or names(match, "status")) and self.all(match, event):
                    hits.append(Hit(rule.id, "event"))
                if event.status == "resolved" and self.accepts_type(match, event) and self.may_have_fired(rule, event):
                    hits.append(Hit(rule.id, "resolved"))
            if rule.clear.when is not None and self.all(rule.clear.when, event):
                hits.append(Hit(rule.id, "clear"))
        return tuple(hits)

    def may_have_fired(self, rule, event):
        """Another site than the rule's own, where it has a key for each, or another device than its own cannot have."""
        fields = [part.name for part in rule.per if not part.by_type] + list(rule.when.member or ["device"])
        for clause in rule.when.match.clauses:
            if not isinstance(clause, Expect) or clause.field not in ("site", "device") or clause.field not in fields:
                continue
            wanted = clause.value if isinstance(clause.value, tuple) else (clause.value,)
            listed = clause.operator == "in" and isinstance(clause.value, str)
            if clause.operator in ("is", "any_of", "in") and not listed and not clause.fold and not any(
                    one is None or isinstance(one, FieldRef) for one in wanted):
                texts = [text for one in wanted for text in key_texts(one)]
                if texts and not set(texts) & set(key_texts(look(event, clause.field))):
                    return False
        return True

    # --- clauses ---

    def all(self, match, event):
        return all(self.clause(clause, event) for clause in match.clauses)

    def clause(self, clause, event):
        match clause:
            case AnyOf(matches=matches):
                return any(self.all(one, event) for one in matches)
            case NoneOf(matches=matches):
                return not any(self.all(one, event) for one in matches)
            case Inside(area=FieldRef(field=field)):
                return any(name in event.areas for name in key_texts(look(event, field)))
            case Inside(area=area):
                return area in event.areas
            case Near():
                return self.near(clause, event)
        return self.expect(clause, event)

    def near(self, clause, event):
        if event.location is None:
            return False
        limit = clause.distance
        if isinstance(limit, FieldRef):
            limit = look(event, limit.field)
            if not is_number(limit):
                return False
        place = event.location
        if isinstance(clause.of, str):
            metres = metres_to_area(place, shape(self.content.areas[clause.of].geometry))
        else:
            metres = metres_to_point(place, *clause.of)
        return max(0.0, metres - min(5000.0, max(0.0, place.accuracy_m or 0.0))) <= limit

    def expect(self, expect, event):
        value, wanted, operator = look(event, expect.field), expect.value, expect.operator
        if operator == "not":
            return not self.expect(Expect(expect.field, "is", wanted, expect.fold), event)
        if operator == "not_in":
            return not self.expect(Expect(expect.field, "in", wanted, expect.fold), event)
        if operator == "exists":
            return (value is not None) == wanted
        if operator == "is" and wanted is None:
            return value is None
        if isinstance(wanted, tuple) and None in wanted and operator in ("is", "any_of", "in") and value is None:
            return True
        if value is None:
            return False
        if operator == "in" and isinstance(wanted, str):
            return self.listed(wanted, key_texts(value), event.time, expect.fold)
        choices = look(event, wanted.field) if isinstance(wanted, FieldRef) else wanted
        choices = list(choices) if isinstance(choices, (tuple, list)) else [choices]
        if operator in ("above", "at_least", "below", "at_most") and isinstance(wanted, FieldRef):
            choices = [look(event, wanted.field)]
        patterns = not isinstance(wanted, FieldRef)
        if isinstance(value, (list, tuple)):
            if operator == "contains":
                operator = "is"
            return any(self.one(operator, element, choice, expect, patterns)
                       for element in value for choice in choices)
        return any(self.one(operator, value, choice, expect, patterns) for choice in choices)

    def one(self, operator, value, wanted, expect, patterns):
        """One value against one wanted value."""
        if value is None or wanted is None:
            return False
        if operator in ("is", "any_of", "in"):
            if is_number(value) and is_number(wanted):
                return decimal(value) == decimal(wanted)
            if isinstance(value, bool) and isinstance(wanted, bool):
                return value is wanted
            if not (isinstance(value, str) and isinstance(wanted, str)):
                return False
            value, wanted = folded(value, expect), folded(wanted, expect)
            if expect.field == "type" and patterns and wanted.endswith(".*") and value.startswith(wanted[:-1]):
                return True
            return value == wanted
        if operator in ("above", "at_least", "below", "at_most"):
            if not (is_number(value) and is_number(wanted)) or math.isnan(value) or math.isnan(wanted):
                return False
            left, right = decimal(value), decimal(wanted)
            return {"above": left > right, "at_least": left >= right, "below": left < right,
                    "at_most": left <= right}[operator]
        if not (isinstance(value, str) and isinstance(wanted, str)):
            return False
        if operator == "matches":
            return re.fullmatch(wanted, value, re.IGNORECASE if expect.fold else 0) is not None
        value, wanted = folded(value, expect), folded(wanted, expect)
        if operator == "like":
            return fnmatchcase(value, wanted.replace("[", "[[]"))
        return {"contains": wanted in value, "starts_with": value.startswith(wanted),
                "ends_with": value.endswith(wanted)}[operator]

    def listed(self, name, texts, at, fold):
        name, _, column = name.partition(".")
        table = self.content.lists[name]
        if not column:
            column = next(known for known in table.columns if known not in ("from", "until"))
        zone = ZoneInfo(self.content.site.time_zone)
        for row in table.rows:
            cell = clean(row.get(column, ""))
            for text in texts:
                if cell and (cell.casefold() == text.casefold() if fold else cell == text) and in_time(row, at, zone):
                    return True
        return False

    # --- the type part ---

    def accepts_type(self, match, event):
        return all(self.could(clause, event) for clause in match.clauses)

    def could(self, clause, event):
        match clause:
            case Expect(field="type", value=value) if not isinstance(value, FieldRef):
                return self.clause(clause, event)
            case AnyOf(matches=matches):
                return any(self.accepts_type(one, event) for one in matches)
            case NoneOf(matches=matches):
                return not any(self.certain(one, event) for one in matches)
        return True

    def certain(self, match, event):
        """A branch of none that is about the type alone, and holds."""
        return bool(match.clauses) and all(only_type(clause) for clause in match.clauses) and self.all(match, event)


def only_type(clause):
    match clause:
        case Expect(field="type", value=value):
            return not isinstance(value, FieldRef)
        case AnyOf(matches=matches) | NoneOf(matches=matches):
            return all(only_type(inner) for one in matches for inner in one.clauses)
    return False


def names(match, field):
    for clause in match.clauses:
        match clause:
            case Expect(field=named, value=value):
                if named == field or (isinstance(value, FieldRef) and value.field == field):
                    return True
            case AnyOf(matches=matches) | NoneOf(matches=matches):
                if any(names(one, field) for one in matches):
                    return True
    return False


def look(event, path):
    steps = path.split(".")
    if steps[0] == "data" and len(steps) > 1:
        return dig(event.data, steps[1:])
    if steps[0] in TOP:
        value = getattr(event, steps[0])
        if steps[0] == "location" and len(steps) > 1:
            return getattr(value, steps[1], None)
        return dig(value, steps[1:]) if len(steps) > 1 else value
    return dig(event.data, steps)


def dig(value, steps):
    if not steps:
        return value
    if not isinstance(value, dict):
        return None
    whole = ".".join(steps)
    if whole in value:
        return value[whole]
    return dig(value.get(steps[0]), steps[1:])


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def decimal(value):
    return Decimal(repr(value))


def folded(text, expect):
    return text.casefold() if expect.fold else text


def clean(text):
    return unicodedata.normalize("NFC", text.strip())


def key_texts(value):
    if isinstance(value, (list, tuple)):
        return [text for element in value for text in key_texts(element)]
    if value is None or isinstance(value, dict) or (isinstance(value, float) and math.isnan(value)):
        return []
    if isinstance(value, bool):
        return [str(value).lower()]
    return [clean(str(value))] if clean(str(value)) else []


def in_time(row, at, zone):
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
    start, end = row.get("from", ""), row.get("until", "")
    if start:
        begin = datetime.fromisoformat(start) if "T" in start else midnight(start, zone)
        if moment < begin:
            return False
    if end:
        if "T" in end:
            return moment <= datetime.fromisoformat(end)
        return moment < midnight(str(date.fromisoformat(end) + timedelta(days=1)), zone)
    return True


def midnight(day, zone):
    return datetime.fromisoformat(f"{day}T00:00:00").replace(tzinfo=zone)


def metres_to_point(place, lat, lon):
    a, b = math.radians(place.lat), math.radians(lat)
    angle = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(math.radians(place.lon - lon))
    return math.acos(min(1.0, max(-1.0, angle))) * 6_371_008.8


def metres_to_area(place, area):
    scale = math.cos(math.radians(place.lat))
    flat = shapely.affinity.scale(area, xfact=scale, origin=(0, 0))
    return flat.distance(shapely.Point(place.lon * scale, place.lat)) * math.pi / 180 * 6_371_008.8
