"""Rules held against what has really been sent: a type or a field that no source has ever sent."""

from collections.abc import Mapping

from msgspec import Struct

from tocsin.book.book import Table
from tocsin.book.catalogue import EventTypes, plain_name
from tocsin.book.event_checks import OWN_TYPES, has, place_of, types_named
from tocsin.book.event_types import columns_added
from tocsin.book.event_uses import Types, matches_with_types, uses_of
from tocsin.book.report import Report, nearest
from tocsin.book.rule import Rule

_DERIVED = frozenset({"id", "source", "type", "time", "received", "areas", "claimed_time", "data"})
"""Fields that every event has, or that the engine gives it."""


class Heard(Struct, frozen=True):
    """The fields of the events of each type, as rules name them; ``since`` says in words from when on."""

    fields: Mapping[str, frozenset[str]]
    since: str


def check_heard(rules: tuple[Rule, ...], heard: Heard, types: EventTypes, lists: Mapping[str, Table],
                report: Report) -> None:
    """Warnings about every enabled rule; the engine's own types are not asked."""
    doubted = {finding.where for finding in report.findings}
    for rule in rules:
        if not rule.enabled:
            continue
        for name in dict.fromkeys(name for match, _ in matches_with_types(rule) for name in types_named(match)):
            where = place_of(report, rule, name)
            if name.startswith(OWN_TYPES) or _sent(heard, (name,)) or where in doubted:
                continue
            near = nearest(name, heard.fields)
            report.warn(where, f'no source has sent "{name}" {heard.since}' + (f': did you mean "{near}"?' if near else
                                                                               ""))
        told: set[str] = set()
        for use in uses_of(rule):
            if (use.types is not None and use.types[0].startswith(OWN_TYPES)) or use.field in told:
                continue
            told.add(use.field)
            _check_field(rule, use.types, use.field, heard, types, lists, report)


def _check_field(rule: Rule, asked: Types, field: str, heard: Heard, types: EventTypes, lists: Mapping[str, Table],
                 report: Report) -> None:
    sent, name = _sent(heard, asked), plain_name(field)
    own = name.partition(".")[0]
    if not sent or (own in _DERIVED and name == field):
        return
    known = {one for each in sent for one in heard.fields[each]}
    known |= {column for each in sent if (declared := types.of(each)) is not None
              for column in columns_added(declared, lists)}
    if has(tuple(known), name):
        return
    near = nearest(field, known)
    of = " or ".join(asked or ())
    report.warn(place_of(report, rule, field), f'no source has sent the field "{field}"'
                + (f" of {of}" if of else "") + f" {heard.since}" + (f': did you mean "{near}"?' if near else ""))


def _sent(heard: Heard, asked: Types) -> tuple[str, ...]:
    """The types that have been sent of those asked for."""
    if asked is None:
        return tuple(heard.fields)
    return tuple(name for name in heard.fields if any(
        name.startswith(one[:-1]) if one.endswith(".*") else name == one for one in asked))
