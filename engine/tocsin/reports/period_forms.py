"""A report for people: as text, as CSV, and as one HTML page that loads nothing from elsewhere."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from tocsin.domain.time import SECOND, format_instant
from tocsin.reports.local import Local
from tocsin.reports.period import Course, Report, Sum
from tocsin.reports.period_words import WORDS

_STYLE = ("body{font:15px/1.45 sans-serif;max-width:70em;margin:1em auto;padding:0 1em;color:#1a1a1a}"
          "table{border-collapse:collapse;margin:.5em 0 1.5em}td,th{padding:.2em .7em;text-align:left;"
          "border-bottom:1px solid #ddd;vertical-align:top}.n{text-align:right}.bad{color:#b00020}"
          "@media print{details{display:block}}")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def seconds(micros: int | None) -> float | None:
    return None if micros is None else round(micros / SECOND, 3)


def lasted(micros: int | None) -> str:
    """A duration for people: 45 s, 3 min 20 s, 2 h 05 min; a dash when there is none."""
    if micros is None:
        return "—"
    whole = round(micros / SECOND)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def plain(report: Report) -> dict[str, Any]:
    """The report as JSON values: instants in RFC 3339, durations in seconds."""
    return {"since": format_instant(report.since), "until": format_instant(report.until), "whole": _sum(report.whole),
            **{name: [_sum(one) for one in sums] for name, sums in (
                ("rules", report.rules), ("services", report.services), ("people", report.people))},
            "incidents": [_course(one) for one in report.courses]}


def text_of(report: Report, names: Mapping[str, str], zone: str) -> str:
    """One block for the whole, one line a rule, service and person, one block an incident when there are few."""
    local, whole = Local(zone), report.whole
    lines = [f"Incidents: {whole.count}, unanswered {whole.unanswered}, false alarms {whole.false_alarms}; "
             f"{_times(whole)}"]
    for title, sums in (("Rules", report.rules), ("Services", report.services), ("People", report.people)):
        lines += ["", f"{title}:", *(f"  {names.get(one.name, one.name)}: {one.count}, unanswered {one.unanswered}"
                                     + (f", false alarms {one.false_alarms}" if one.false_alarms else "")
                                     + f"; {_times(one)}" for one in sums)]
    for course in report.courses:
        lines += ["", f"#{course.incident} {course.say} [{course.severity}], {_moment(local, course.opened)}"]
        if course.unanswered:
            lines.append("  nobody has answered")
        else:
            lines.append(f"  answered by {names.get(course.answered_by, course.answered_by)} after "
                         f"{lasted(course.to_answer)}" + (", a false alarm" if course.false_alarm else ""))
        lines += [f"  {_moment(local, one.sent or one.decided)} {names.get(one.person, one.person)} by {one.channel}, "
                  f"{one.kind}: {one.receipt.replace('_', ' ')}" + (f" ({one.reason})" if one.reason else "")
                  for one in course.messages]
    return "\n".join(lines)


def csv_of(report: Report, names: Mapping[str, str], zone: str) -> str:
    """One line a message, with what its incident came to; no field can be taken for a formula."""
    local, out = Local(zone), io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["incident", "rule", "severity", "opened", "say", "person", "service", "channel", "kind",
                     "decided", "sent", "receipt", "reason", "tries", "to_send_s", "to_answer_s", "to_arrival_s",
                     "answered_by", "false_alarm"])
    for one in report.courses:
        for message in one.messages:
            writer.writerow([_harmless(field) for field in (
                one.incident, one.rule, one.severity, _moment(local, one.opened), one.say,
                names.get(message.person, message.person), message.service, message.channel, message.kind,
                _moment(local, message.decided), _moment(local, message.sent), message.receipt, message.reason,
                message.tries, seconds(one.to_send), seconds(one.to_answer), seconds(one.to_arrival),
                names.get(one.answered_by, one.answered_by), int(one.false_alarm))])
    return "\ufeff" + out.getvalue()


def html_of(report: Report, names: Mapping[str, str], zone: str, language: str, site: str) -> str:
    """One page in the site's language: sums, bars by day, and under each incident who was told."""
    say, local, whole = WORDS.get(language, WORDS["en"]), Local(zone), report.whole
    period = f"{_moment(local, report.since)} – {_moment(local, report.until)}"
    head = _table([say["incidents"], say["unanswered"], say["false"], say["send"], say["answer"], say["arrival"]],
                  [[whole.count, whole.unanswered, whole.false_alarms, *map(lasted, (
                      whole.to_send, whole.to_answer, whole.to_arrival))]])
    parts = [f"<h1>{escape(say['title'])}: {escape(site)}</h1><p>{escape(period)}</p>", head, _days(report, local, say)]
    for title, sums in (("rules", report.rules), ("services", report.services), ("people", report.people)):
        parts.append(f"<h2>{escape(say[title])}</h2>" + _table(
            [say["name"], say["pages" if title == "people" else "incidents"], say["unanswered"], say["false"],
             say["send"], say["answer"], say["arrival"]],
            [[names.get(one.name, one.name), one.count, one.unanswered, one.false_alarms, *map(lasted, (
                one.to_send, one.to_answer, one.to_arrival))] for one in sums]))
    parts.append(f"<h2>{escape(say['incidents'])}</h2>")
    parts += [_incident(one, names, local, say) for one in report.courses]
    return (f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8"><meta name="viewport" '
            f'content="width=device-width, initial-scale=1"><title>{escape(say["title"])}: {escape(site)}</title>'
            f"<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>")


def _incident(one: Course, names: Mapping[str, str], local: Local, say: Mapping[str, str]) -> str:
    by = names.get(one.answered_by, one.answered_by) or say["nobody"]
    line = (f"#{one.incident} {one.say} [{one.severity}], {_moment(local, one.opened)}; {say['by']}: {by}, "
            f"{lasted(one.to_answer)}" + (f"; {say['false']}" if one.false_alarm else ""))
    rows = [[names.get(message.person, message.person), message.channel, message.kind, _moment(local, message.decided),
             _moment(local, message.sent), message.receipt.replace("_", " "), message.reason]
            for message in one.messages]
    mark = ' class="bad"' if one.unanswered else ""
    told = _table([say[name] for name in ("person", "channel", "kind", "decided", "sent", "receipt", "reason")], rows)
    return f"<details><summary{mark}>{escape(line)}</summary>{told}</details>"


def _days(report: Report, local: Local, say: Mapping[str, str]) -> str:
    """A bar for each day that had incidents."""
    counted = Counter(local.day(one.opened) for one in report.courses)
    if len(counted) < 2:
        return ""
    days, most = sorted(counted), max(counted.values())
    high = {day: 110 * count // most for day, count in counted.items()}
    bars = "".join(
        f'<rect x="{place * 24}" y="{120 - high[day]}" width="18" height="{high[day]}" '
        f'fill="#0b5cad"><title>{day:%d.%m.%Y}: {counted[day]}</title></rect>'
        f'<text x="{place * 24 + 9}" y="134" font-size="9" text-anchor="middle">{day:%d.%m}</text>'
        for place, day in enumerate(days))
    return (f"<h2>{escape(say['days'])}</h2><svg role=\"img\" viewBox=\"0 0 {len(days) * 24} 140\" "
            f'width="{min(len(days) * 24, 1000)}">{bars}</svg>')


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    body = "".join("<tr>" + "".join(
        f'<td{" class=n" if isinstance(field, int) else ""}>{escape(str(field))}</td>' for field in row) + "</tr>"
        for row in rows)
    return "<table><tr>" + "".join(f"<th>{escape(name)}</th>" for name in head) + f"</tr>{body}</table>"


def _times(one: Sum) -> str:
    return (f"to the first message {lasted(one.to_send)}, to the answer {lasted(one.to_answer)}, to arrival "
            f"{lasted(one.to_arrival)}")


def _sum(one: Sum) -> dict[str, Any]:
    return {"name": one.name, "count": one.count, "unanswered": one.unanswered, "false_alarms": one.false_alarms,
            "to_send_s": seconds(one.to_send), "to_answer_s": seconds(one.to_answer),
            "to_arrival_s": seconds(one.to_arrival)}


def _course(one: Course) -> dict[str, Any]:
    return {"incident": one.incident, "rule": one.rule, "say": one.say, "severity": one.severity,
            "opened": format_instant(one.opened), "closed": _instant(one.closed), "to_send_s": seconds(one.to_send),
            "to_answer_s": seconds(one.to_answer), "to_arrival_s": seconds(one.to_arrival),
            "answered_by": one.answered_by or None, "unanswered": one.unanswered, "false_alarm": one.false_alarm,
            "asked": [{"person": asked.person, "service": asked.service, "sent": _instant(asked.sent),
                       "word": asked.word or None, "after_s": seconds(asked.after)} for asked in one.asked],
            "messages": [{"person": message.person, "service": message.service, "channel": message.channel,
                          "kind": message.kind, "decided": format_instant(message.decided),
                          "sent": _instant(message.sent), "receipt": message.receipt,
                          "reason": message.reason or None, "tries": message.tries} for message in one.messages]}


def _instant(micros: int | None) -> str | None:
    return None if micros is None else format_instant(micros)


def _moment(local: Local, micros: int | None) -> str:
    return "" if micros is None else f"{local.day(micros):%d.%m.%Y} {local.clock(micros)}"


def _harmless(field: Any) -> Any:
    return "'" + field if isinstance(field, str) and field.startswith(_FORMULA) else "" if field is None else field
