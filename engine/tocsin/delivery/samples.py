"""Every template of a site filled with a sample, and every rule's sentence measured, before anybody needs them."""

import re
from collections.abc import Iterator
from typing import Any

from tocsin.book.book import Content
from tocsin.book.report import mistyped
from tocsin.book.restrictions import REFERENCE, content_by
from tocsin.book.rule import Rule
from tocsin.book.template import TemplateError, names_in
from tocsin.delivery import templates
from tocsin.delivery.markup import LONGEST, width
from tocsin.delivery.names import LONGEST_ADVICE, LONGEST_SAY, names_of
from tocsin.delivery.plain import harmless
from tocsin.delivery.segments import GSM_MANY, UCS_MANY, is_gsm, units
from tocsin.domain.errors import Finding, Location
from tocsin.domain.event import TOP_LEVEL
from tocsin.domain.incident import SEVERITIES
from tocsin.domain.notification import CHANNELS, KINDS, Notification
from tocsin.domain.time import HOUR, parse_instant

_NOW = parse_instant("2026-11-22T21:15:03Z")
_SAMPLE: dict[str, Any] = {
    "site": "школа-12", "device": "btn-4", "type": "alarm.panic", "source": "gateway", "id": "1", "status": "firing",
    "text": "Двері відчинено", "value": 12, "count": 2, "since": _NOW - HOUR, "at": _NOW, "eta": 10 * 60_000_000,
    "who": "olena", "how": "resolved", "word": "accept", "first": {"site": "школа-12", "device": "btn-4"}, "data": {},
}
_SAY, _ADVICE, _ANSWER = "Тривожна кнопка: школа-12", "Виїзд негайно", "Відповідь 4821 = прийняв"
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)[^<>]*>")
_TAGS = frozenset({"a", "b", "blockquote", "code", "del", "em", "i", "ins", "pre", "s", "span", "strike", "strong",
                   "tg-emoji", "tg-spoiler", "u"})
"""What Telegram takes in a message; anything else makes it refuse the whole message."""


def sample_findings(content: Content) -> tuple[Finding, ...]:
    """Errors for templates that cannot be used, warnings for texts too long for their channel and mistyped names."""
    found: dict[Finding, None] = {}
    for name, source in content.templates.items():
        found.update(dict.fromkeys(_of_template(name, source, content)))
    for rule in content.rules:
        found.update(dict.fromkeys(_of_rule(rule, content)))
    return tuple(found)


def _of_template(name: str, source: str, content: Content) -> Iterator[Finding]:
    referring = {one for service in content.services for one in CHANNELS for severity in SEVERITIES
                 if content_by(content, (service,), severity, one) == REFERENCE}
    message, _, rest = name.partition("/")
    way, _, language = rest.partition(".")
    for kind in KINDS if message == "default" else (message,):
        for channel in CHANNELS if way == "any" else (way,):
            names = _names(kind, channel, language, content)
            yield from _filled(name, source, channel, names)
            yield from _mistyped(name, source, names)
            if channel in referring:
                yield from _filled(name, source, channel, _names(kind, channel, language, content, REFERENCE))


def _filled(name: str, source: str, channel: str, names: dict[str, Any]) -> Iterator[Finding]:
    place = f"templates/{name}.j2"
    try:
        text = templates.fill(source, names, html=channel == "telegram", missing=[]).strip()
    except TemplateError as error:
        yield Finding(Location(place, error.line or 1, 1), f"{error.said} for {channel}")
        return
    if not text.replace(templates.DASH, "").strip():
        where = " where content: is reference" if names["say"] != _SAY else ""
        yield Finding(Location(place, 1, 1), f"this template says nothing{where}: the fixed text would be sent instead",
                      "warning")
    elif channel == "telegram":
        if problem := _html_problem(text):
            yield Finding(_line_of(place, source, problem[1]), problem[0])
        if width(text) > LONGEST:
            yield Finding(Location(place, 1, 1), f"the text has {width(text)} characters even with short values, and "
                          f"Telegram takes {LONGEST}: shorten it")
    elif channel == "sms" and _SAY in text:
        end = units(text[:text.index(_SAY)] + _SAY)
        if end > UCS_MANY:
            yield Finding(Location(place, 1, 1), f"hazard and place end at character {end} of the SMS: put "
                          f"{{{{ say }}}} first, so that they stand within {UCS_MANY}", "warning")


def _html_problem(text: str) -> tuple[str, str] | None:
    """(what Telegram would refuse, the tag)."""
    opened: list[str] = []
    for found in _TAG.finditer(text):
        closing, tag = found[1], found[2].lower()
        if tag not in _TAGS:
            return (f"Telegram knows no <{tag}> and would refuse the message: it takes b, i, u, s, a, code, pre and "
                    "blockquote, and new lines as they are"), found[0]
        if not closing:
            opened.append(tag)
        elif not opened or opened.pop() != tag:
            return f"</{tag}> closes what is not open, so Telegram would refuse the message", found[0]
    if opened:
        return f"<{opened[-1]}> is never closed, so Telegram would refuse the message", f"<{opened[-1]}"
    bare = re.search(r"<(?![/a-zA-Z])", text)
    return ("a < that begins no tag is written &lt; for Telegram", "<") if bare else None


def _line_of(place: str, source: str, piece: str) -> Location:
    at = max(source.find(piece), 0)
    return Location(place, source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at))


def _mistyped(name: str, source: str, names: dict[str, Any]) -> Iterator[Finding]:
    known = {*names, *TOP_LEVEL, *_SAMPLE, "answer"}
    for used in names_in(source):
        head = used.partition(".")[0]
        if head not in known and (near := mistyped(head, known)):
            where = _line_of(f"templates/{name}.j2", source, head)
            line = source.split("\n")[where.line - 1]
            yield Finding(where, f'"{head}" is known to no message: did you mean "{near}"?', "warning",
                          line.replace(head, near).strip())


def _names(kind: str, channel: str, language: str, content: Content, carried: str = "") -> dict[str, Any]:
    sample = Notification(id=1, kind=kind, person="olena", channel=channel, created=_NOW, severity="critical",
                          incident=1, rule="panic-button", policy="police", step=0, values=_SAMPLE, content=carried)
    said = {} if carried else {"say": _SAY, "advice": _ADVICE}
    return {**names_of(sample, content, None, language, _NOW, lambda place, why: None), **said,
            "answer": _ANSWER if channel in ("sms", "email") else ""}


def _of_rule(rule: Rule, content: Content) -> Iterator[Finding]:
    if not rule.escalate_to:
        return
    values = harmless({**_SAMPLE, **_tested(rule)})
    try:
        say = templates.fill(rule.say, values, html=False)
        advice = templates.fill(rule.advice, values, html=False)
    except TemplateError as error:
        yield Finding(rule.where, f"the text of {rule.id}: {error.said}")
        return
    if len(say) > LONGEST_SAY:
        yield Finding(rule.where, f"say: of {rule.id} has {len(say)} characters and would be cut after {LONGEST_SAY}",
                      "warning")
    elif "sms" in content.channels and units(say) > (room := GSM_MANY if is_gsm(say) else UCS_MANY):
        yield Finding(rule.where, f"say: of {rule.id} has {units(say)} characters, as in \"{say[:80]}\", but only the "
                      f"first {room} are sure to be seen in an SMS: shorten it, hazard and place first, and put the "
                      "rest into advice:", "warning")
    if len(advice) > LONGEST_ADVICE:
        yield Finding(rule.where, f"advice: of {rule.id} has {len(advice)} characters and would be cut after "
                      f"{LONGEST_ADVICE}", "warning")


def _tested(rule: Rule) -> dict[str, Any]:
    """The values that the rule's own tests give, the first of each name."""
    found: dict[str, Any] = {}
    for test in rule.tests:
        for _, event in test.events:
            data = event.get("data")
            for name, value in {**(data if isinstance(data, dict) else {}), **event}.items():
                found.setdefault(name, value)
    return found
