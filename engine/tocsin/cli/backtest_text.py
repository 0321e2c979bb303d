"""A backtest for a person: a table, what differs, a chart; and for a machine, one object a line."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from tocsin.book.book import Content
from tocsin.domain.time import SECOND, format_duration, format_instant
from tocsin.replay.backtest import Backtest
from tocsin.replay.compare import CHANGED, FEWER, MORE, SAME, Difference
from tocsin.replay.periods import Period
from tocsin.reports.local import Local
from tocsin.store.period import Lost

_MOST = 20
"""Differences of a kind that a person is shown."""
_WIDTH = 24
"""Characters of the longest bar."""
_KINDS = (MORE, FEWER, CHANGED)


class Setting(Struct, frozen=True):
    """What was tried ``against`` what; ``content`` is that of the rules in force.

    ``lost`` is what the journal does not keep whole any more, ``begins`` its first instant where more was asked for.
    """

    new: str
    against: str
    content: Content
    answered_after: int
    lost: tuple[Lost, ...] = ()
    begins: int | None = None


def backtest_lines(done: Backtest, setting: Setting) -> Iterator[dict[str, Any]]:
    """An object for each difference, then one for the whole; instants as RFC 3339 in UTC."""
    for one in done.differences:
        if one.kind != SAME:
            yield {"difference": one.kind, "rule": one.one.rule, "key": one.one.key, "before": _plain(one.before),
                   "after": _plain(one.after), "changed": sorted(one.what), "because": one.because}
    people = sorted({*done.woken_before.people, *done.woken_after.people})
    yield {
        "rules": setting.new, "against": setting.against, "events": done.events, "since": _instant(done.since),
        "until": _instant(done.ended), "answered_after": setting.answered_after // SECOND,
        "incidents": {"before": _before(done.differences), "after": _after(done.differences),
                      **{kind: len(done.of(kind)) for kind in (*_KINDS, SAME)}},
        "woken": [{"hour": hour, "before": before, "after": after} for hour, (before, after) in enumerate(
            zip(done.woken_before.hours, done.woken_after.hours, strict=True))],
        "people": [{"person": person, "before": done.woken_before.people.get(person, 0),
                    "after": done.woken_after.people.get(person, 0)} for person in people],
        "left_out": [{"first": lost.first, "last": lost.last, "since": _instant(lost.since),
                      "until": _instant(lost.until)} for lost in setting.lost],
        "journal_begins": _instant(setting.begins)}


def backtest_text(done: Backtest, setting: Setting) -> str:
    """The whole report, in the site's zone."""
    told = _Text(done, setting)
    parts = [told.head(), told.table(), *(told.list(kind) for kind in _KINDS), told.chart(), told.people()]
    return "\n\n".join("\n".join(part) for part in map(list, parts) if part)


class _Text:
    def __init__(self, done: Backtest, setting: Setting) -> None:
        self._done, self._of = done, setting
        self._local = Local(setting.content.site.time_zone)

    def head(self) -> Iterator[str]:
        done, of = self._done, self._of
        if done.since is None or done.ended is None:
            yield f"{of.new} against {of.against}: there were no events"
            return
        yield (f"{of.new} against {of.against}: {done.events:,} events from {self._local.full(done.since)} to "
               f"{self._local.full(done.ended)}")
        yield f"People are taken to answer {format_duration(of.answered_after)} after they are called."
        if of.begins is not None:
            yield f"The journal begins at {self._local.full(of.begins)} only."
        for lost in of.lost:
            yield (f"LEFT OUT: positions {lost.first} to {lost.last}, {self._local.full(lost.since)} to "
                   f"{self._local.full(lost.until)}: only what incidents rest on is kept of them (journal.keep)")

    def table(self) -> Iterator[str]:
        by_rule: dict[str, list[Difference]] = {}
        for one in self._done.differences:
            by_rule.setdefault(one.one.rule, []).append(one)
        rows = [(rule if found[0].one.board else f"{rule} (state)", found) for rule, found in sorted(by_rule.items())]
        rows.append(("all", self._done.differences))
        width = max(len("incidents"), *(len(rule) for rule, _ in rows))
        yield f"{'incidents':{width}} {'before':>8} {'after':>8} {'more':>8} {'fewer':>8} {'changed':>8}"
        for rule, found in rows:
            counts = [_before(found), _after(found), *(sum(one.kind == kind for one in found) for kind in _KINDS)]
            yield f"{rule:{width}} " + " ".join(f"{count or '·':>8}" for count in counts)

    def list(self, kind: str) -> Iterator[str]:
        found = self._done.of(kind)
        if found:
            yield kind
        for one in found[:_MOST]:
            yield f"  {self._local.full(one.one.at)}  {_name(one.one)}" + (
                f": {'; '.join(self._what(one))}" if kind == CHANGED else self._as_it_is(one))
        if len(found) > _MOST:
            yield f"  and {len(found) - _MOST} others: --json lists all"

    def _as_it_is(self, one: Difference) -> str:
        period = one.one
        lasts = "active to the end" if period.cleared is None else \
            f"active for {format_duration((period.cleared - period.at) // SECOND * SECOND)}"
        called = self._people(sorted({call.person for call in period.calls}))
        because = f"; fired, but was kept back: {one.because}" if one.because else ""
        return f", {period.severity}, {lasts}, calls {called}{because}"

    def _what(self, one: Difference) -> Iterator[str]:
        for fact, (before, after) in one.what.items():
            if fact == "called":
                yield f"calls {self._people(before)} → {self._people(after)}"
            elif fact == "at":
                yield f"begins {self._local.clock(before)} → {self._local.clock(after)}"
            elif fact == "cleared":
                yield f"clears {self._instant(before)} → {self._instant(after)}"
            else:
                yield f"{fact} {before} → {after}"

    def _instant(self, at: int | None) -> str:
        return "not" if at is None else self._local.clock(at)

    def _people(self, people: Iterable[str]) -> str:
        known = self._of.content.people
        return ", ".join(known[person].name if person in known else person for person in people) or "nobody"

    def chart(self) -> Iterator[str]:
        before, after = self._done.woken_before.hours, self._done.woken_after.hours
        most = max(*before, *after)
        if not most:
            return
        yield (f"called by hour of the day ({self._of.content.site.time_zone}): before {sum(before)}, after "
               f"{sum(after)}")
        for hour, (old, new) in enumerate(zip(before, after, strict=True)):
            yield f"  {hour:02}  {_bar(old, most):{_WIDTH + 8}}{_bar(new, most)}".rstrip()

    def people(self) -> Iterator[str]:
        before, after = self._done.woken_before.people, self._done.woken_after.people
        names = sorted({*before, *after}, key=lambda person: (-after.get(person, 0), person))
        if names:
            shown = {person: self._people([person]) for person in names}
            width = max(len("hours in which called"), *map(len, shown.values()))
            yield f"{'hours in which called':{width}} {'before':>8} {'after':>8}"
            for person in names:
                yield f"{shown[person]:{width}} {before.get(person, 0) or '·':>8} {after.get(person, 0) or '·':>8}"


def _bar(count: int, most: int) -> str:
    """At least one block for anything."""
    return f"{'█' * max(1, round(count * _WIDTH / most))} {count}" if count else "·"


def _name(period: Period) -> str:
    key = ", ".join(f"{name} {value}" for name, value in period.key.items())
    return f"{period.rule} ({key or 'one for all'})"


def _before(found: Iterable[Difference]) -> int:
    return sum(one.before is not None for one in found)


def _after(found: Iterable[Difference]) -> int:
    return sum(one.after is not None for one in found)


def _plain(period: Period | None) -> dict[str, Any] | None:
    if period is None:
        return None
    return {"at": _instant(period.at), "cleared": _instant(period.cleared), "severity": period.severity,
            "events": period.events,
            "calls": [{"at": _instant(call.at), "person": call.person} for call in period.calls]}


def _instant(at: int | None) -> str | None:
    return None if at is None else format_instant(at)
