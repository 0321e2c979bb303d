"""``tocsin backtest``: what other rules would have raised, and whom they would have called."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from msgspec.structs import replace

from tocsin.book.book import Content
from tocsin.cli.backtest_text import Setting, backtest_lines, backtest_text
from tocsin.cli.books import read_rules
from tocsin.cli.output import CONFIG, FINE, FOUND, AsJson, Config, say_json
from tocsin.cli.progress import progress
from tocsin.cli.replay import Doors, instant_of_option
from tocsin.cli.stores import Practice, open_reader
from tocsin.domain.errors import EventError, TocsinError
from tocsin.domain.time import parse_duration
from tocsin.matching.index import IndexMatcher
from tocsin.replay.backtest import Backtest, Recorded, Side, backtest, from_journal, warm_up
from tocsin.replay.recording import read_recording
from tocsin.replay.repetitions import Repetitions
from tocsin.replay.shared import divide
from tocsin.rules.tables import Tables
from tocsin.settings import load_settings
from tocsin.sources.raw import decode_plain
from tocsin.store.history import History
from tocsin.store.period import period_of
from tocsin.store.reader import Reader

_LENGTH = "30d"
_RULES = "The folder of the new rules, in place of rules/; left out, rules/ itself is tried."
_SINCE = "30d (the default) back from the end, or an instant (RFC 3339)."
_EVENTS = "Recorded events instead of the journal, one JSON object a line; may be given several times."
Told = Callable[[float], None]
"""Hears how much is done, from 0 to 1."""


def add(app: typer.Typer) -> None:
    app.command("backtest")(try_rules)


def try_rules(
    config: Config = CONFIG,
    rules: Annotated[Path | None, typer.Option("--rules", help=_RULES)] = None,
    since: Annotated[str | None, typer.Option("--since", help=_SINCE)] = None,
    until: Annotated[str | None, typer.Option("--until", help="The end (RFC 3339); else the newest event.")] = None,
    events: Annotated[list[Path] | None, typer.Option("--events", help=_EVENTS)] = None,
    answered_after: Annotated[str, typer.Option("--answered-after", help="How long people take to answer.")] = "30s",
    as_json: AsJson = False,
    practice: Practice = False,
) -> None:
    """Try new rules on the recorded journal and compare them with the rules in force; nothing is sent or written."""
    settings = load_settings(config, environ=os.environ, require_secrets=False)
    new, end = read_rules(settings, rules), instant_of_option(until, "--until")
    name, wait = str(rules or "rules/"), _duration(answered_after, "--answered-after")
    with progress("backtest", shown=not as_json) as told:
        if events:
            if rules is None:
                raise TocsinError("with --events say which rules are new, too: --rules NEW/")
            old = read_rules(settings, None)
            setting = Setting(name, "rules/", old, wait)
            done = try_files(old, new, events, wait, instant_of_option(since, "--since"), end, told)
        else:
            with open_reader(config, practice=practice) as reader:
                setting, done = _from_store(reader, Setting(name, "", new, wait), since or _LENGTH, end, told)
    if as_json:
        for line in backtest_lines(done, setting):
            say_json(line)
    else:
        typer.echo(backtest_text(done, setting))
    raise typer.Exit(FOUND if done.differs else FINE)


def _from_store(reader: Reader, setting: Setting, since: str, end: int | None,
                told: Told) -> tuple[Setting, Backtest]:
    book = reader.book()
    with reader.reading() as connection:
        whole = period_of(connection, 0, end)
    if book is None or whole.begins is None or whole.ends is None:
        raise TocsinError("the store has recorded nothing yet: let the engine run first, or give events with --events")
    stop = whole.ends if end is None else min(end, whole.ends)
    asked = _since(since, stop)
    start = max(asked, whole.begins)
    read_from = start - warm_up(book.content, setting.content)
    done = try_journal(reader, book.content, setting.content, read_from, setting.answered_after, start, stop, told)
    with reader.reading() as connection:
        lost = period_of(connection, read_from, stop).lost
    return replace(setting, against=f"rule book {book.number}", content=book.content, lost=lost,
                   begins=start if asked < start else None), done


def try_journal(reader: Reader, old: Content, new: Content, read_from: int, answered_after: int, since: int,
                until: int, told: Told = lambda done: None) -> Backtest:
    """Both contents over the journal between two instants, read from an earlier one on so that windows are filled.

    The engine may be running: each page is a snapshot of its own, and nothing is written.
    """
    with reader.reading() as connection:
        stretch = period_of(connection, read_from, until)
    length = max(1, stretch.last - stretch.after)
    recorded = from_journal(History(reader.reading).on(stretch.after), read_from, stretch.last,
                            lambda position: told((position - stretch.after) / length))
    return backtest(*sides(old, new, answered_after), recorded, ZoneInfo(old.site.time_zone), since, until)


def try_files(old: Content, new: Content, files: Iterable[Path], answered_after: int, since: int | None = None,
              until: int | None = None, told: Told = lambda done: None) -> Backtest:
    """Both contents over recorded events; those before ``since`` only fill windows. EventError names file and line."""
    return backtest(*sides(old, new, answered_after), _of_files(list(files), told), ZoneInfo(old.site.time_zone), since,
                    until)


def sides(old: Content, new: Content, answered_after: int) -> tuple[list[Side], list[Side]]:
    """The parts of both books; what they have in common is the same side in both."""
    common, before, after = (side(content, answered_after) if content.rules else None for content in divide(old, new))
    return [one for one in (common, before) if one], [one for one in (common, after) if one]


def side(content: Content, answered_after: int) -> Side:
    """One side with the matcher and the areas that the engine itself uses."""
    tables = Tables.of(content)
    return Side(content, IndexMatcher(content.rules, tables), tables.areas.names, answered_after)


def _of_files(files: list[Path], told: Told) -> Iterator[Recorded]:
    doors, repetitions = Doors(), Repetitions()
    clock = 0
    for number, path in enumerate(files):
        try:
            size = max(1, path.stat().st_size)
            with path.open("rb") as lines:
                for count, (event, at) in enumerate(read_recording(lines, doors.event, decode_plain)):
                    clock = max(at, clock)
                    if not repetitions.has(event, clock):
                        yield clock, event
                    if count % 1_000 == 0:
                        told((number + lines.tell() / size) / len(files))
        except OSError as error:
            raise TocsinError(f"{path} cannot be read ({error.strerror}): give the file with --events") from None
        except EventError as error:
            raise EventError(f"{path}: {error}") from None


def _since(text: str, end: int) -> int:
    """An instant, or so long before the end."""
    try:
        return end - parse_duration(text)
    except ValueError:
        found = instant_of_option(text, "--since")
        assert found is not None
        return found


def _duration(text: str, option: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise TocsinError(f"{option}: {error}") from None
