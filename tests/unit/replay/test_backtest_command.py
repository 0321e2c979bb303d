"""``tocsin backtest`` on a store and on files: what it says, and that it writes nothing."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.support.city import micros
from tests.support.small_site import NOON, PANIC, content, event, running
from typer.testing import CliRunner, Result

from tocsin.book.book import Content, number_book
from tocsin.book.catalogue import EventType, FieldKind
from tocsin.book.match import Expect, Match
from tocsin.cli.backtest import try_journal
from tocsin.cli.main import build
from tocsin.domain.errors import BookError, TocsinError
from tocsin.domain.input import Answer
from tocsin.domain.time import DAY, HOUR, MINUTE, SECOND, format_instant
from tocsin.store import journal, open_store
from tocsin.store.journal import Sealer
from tocsin.store.period import period_of
from tocsin.store.reader import Reader
from tocsin.store.retention import Keep, Retention

WAITING = replace(PANIC, when=replace(PANIC.when, for_=MINUTE))
RULES = """\
rules:
  - rule: panic
    say: "Panic: {{{{ site }}}}"
    when: {{event: {{type: {type}}}}}
    per: [site]
    severity: critical
    escalate_to: patrol
"""
CONTACTS = """\
people:
  olena: {name: Олена, telegram: 1, by: {critical: [telegram]}}
  chief: {name: Chief, email: chief@example.org, by: {critical: [email]}}
services: {duty-office: {name: Duty office, members: [chief]}}
policies:
  patrol:
    steps: [{to: {person: olena}, answer_within: 60s}]
    last_resort: {to: {service: duty-office}, every: 5 min}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with the rule in rules/ and another one in new/."""
    for folder, type_ in (("rules", "alarm.panic"), ("new", "alarm.smoke")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "rules.yaml").write_text(RULES.format(type=type_), "utf-8")
    (tmp_path / "contacts").mkdir()
    (tmp_path / "contacts" / "all.yaml").write_text(CONTACTS, "utf-8")
    (tmp_path / "config.yaml").write_text(
        'site: {time_zone: Europe/Kyiv}\nstorage: {url: "sqlite:///tocsin.db"}\n', "utf-8")
    return tmp_path


def tocsin(home: Path, *arguments: str | Path) -> Result:
    words = ["backtest", "--config", str(home / "config.yaml"), *map(str, arguments)]
    return CliRunner().invoke(build(words), words)


def recorded(home: Path, *lines: tuple[str, str]) -> Path:
    """Events of a type at an offset from noon, as a file."""
    path = home / "events.jsonl"
    path.write_text("".join(json.dumps({"type": type_, "site": "school", "id": str(number), "time": format_instant(
        NOON + micros(offset))}) + "\n" for number, (offset, type_) in enumerate(lines)), "utf-8")
    return path


def content_of(path: Path) -> dict[str, str]:
    """Every file that belongs to the store, by its hash."""
    return {one.name: sha256(one.read_bytes()).hexdigest() for one in path.parent.glob(path.name + "*")
            if not one.name.endswith("-shm")}


async def test_the_journal_is_read_beside_the_engine_and_nothing_is_written(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealed and hot rows, each event once, while the loop goes on and a segment is being sealed."""
    monkeypatch.setattr(journal, "ROWS", 10)
    path = tmp_path / "t.db"
    async with running(path) as (loop, store, clock):
        await loop.submit_events([event(n, site=f"site-{n}") for n in range(15)])
        await Sealer(store, loop.run_work, clock).seal_due(now=clock.now() + 2 * MINUTE)
        await clock.advance(HOUR)
        await loop.submit_events([event(100, type="other", at=clock.now())])
        before = content_of(path)
        reader = Reader(path)
        try:
            done = try_journal(reader, content(), content(WAITING), 0, 30 * SECOND, 0, clock.now())
        finally:
            reader.close()
        assert content_of(path) == before
        assert (done.events, len(done.of("changed"))) == (16, 15)
        assert (await loop.submit_events([event(200)]))[0].position


async def test_what_is_thinned_is_named_and_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neighbouring segments are one stretch; a period behind them has none."""
    monkeypatch.setattr(journal, "ROWS", 10)
    path = tmp_path / "t.db"
    async with running(path) as (loop, store, clock):
        sealer = Sealer(store, loop.run_work, clock)
        await loop.submit_events([event(0), *(event(n, type="other") for n in range(1, 25))])
        await loop.submit(Answer("olena", 1, "resolve", "telegram", notification=1))
        await clock.advance(40 * DAY)
        await loop.submit_events([event(n, site="late", at=clock.now()) for n in range(100, 125)])
        while await sealer.seal_due(now=clock.now() + 2 * MINUTE):
            pass
        await Retention(store, loop.run_work, clock, Keep(30 * DAY, 10**9, 1000 * DAY)).run()
        with store.reading() as connection:
            whole, later = period_of(connection, 0), period_of(connection, clock.now() - DAY)
            assert period_of(connection, clock.now() + 1).after == whole.last
        (lost,) = whole.lost
        assert (lost.first, lost.since, later.lost) == (1, NOON, ())
        assert lost.last >= 20
        assert (whole.begins, whole.ends, whole.after) == (NOON, clock.now(), 0)
        assert lost.last <= later.after < later.last
        reader = Reader(path)
        try:
            done = try_journal(reader, content(), content(), 0, 30 * SECOND, 0, clock.now())
        finally:
            reader.close()
        assert [one.one.key["site"] for one in done.of("same")] == ["late"]
        assert 25 <= done.events < 50


async def test_the_command_tries_a_folder_on_the_journal(home: Path) -> None:
    """Exit code 1 as something differs; against the rule book in force."""
    async with running(home / "tocsin.db") as (loop, _, clock):
        await loop.submit_events([event(1)])
        await clock.advance(HOUR)
        await loop.submit_events([event(2, type="alarm.smoke", at=clock.now())])
    done = tocsin(home, "--rules", home / "new")
    assert done.exit_code == 1, done.output
    assert "against rule book 1: 2 events" in done.output
    assert "journal begins" in done.output
    assert "panic (site school-12), critical, active for 15m, calls Олена" in done.output
    done = tocsin(home, "--rules", home / "new", "--since", "1d", "--json")
    *found, whole = map(json.loads, done.output.splitlines())
    assert [(one["difference"], one["rule"], one["key"]) for one in found] == [
        ("fewer", "panic", {"site": "school-12"}), ("more", "panic", {"site": "school-12"})]
    assert whole["incidents"] == {"before": 1, "after": 1, "more": 1, "fewer": 1, "changed": 0, "same": 0}
    assert whole["people"] == [{"person": "olena", "before": 1, "after": 1}]
    assert sum(one["before"] for one in whole["woken"]) == 1
    assert whole["left_out"] == []


async def test_the_rules_in_force_differ_in_nothing_from_themselves(home: Path) -> None:
    """Without --rules the home's own rules/ are tried; exit code 0."""
    async with running(home / "tocsin.db") as (loop, _, _):
        await loop.submit_events([event(1)])
    done = tocsin(home)
    assert done.exit_code == 0, done.output
    assert "changed" in done.output


def test_files_are_tried_without_a_store(home: Path) -> None:
    """A chart by hour of the site's zone; repetitions count once; nothing on standard error beside a terminal."""
    path = recorded(home, ("+0s", "alarm.panic"), ("+1h", "alarm.smoke"), ("+2h", "other"))
    done = tocsin(home, "--rules", home / "new", "--events", path, "--events", path)
    assert done.exit_code == 1, done.output
    assert done.stderr == ""
    assert "3 events" in done.stdout
    assert "called by hour of the day (Europe/Kyiv): before 1, after 1" in done.stdout
    assert "█" in done.stdout
    assert not (home / "tocsin.db").exists()


def test_files_before_since_are_not_counted(home: Path) -> None:
    path = recorded(home, ("+0s", "alarm.panic"), ("+1h", "alarm.smoke"), ("+2h", "other"))
    later = format_instant(NOON + 30 * MINUTE)
    *found, whole = map(json.loads, tocsin(home, "--rules", home / "new", "--events", path, "--since", later, "--json")
                        .output.splitlines())
    assert [one["difference"] for one in found] == ["more"]
    assert (whole["since"], whole["events"]) == (later, 2)


@pytest.mark.parametrize("arguments, sentence", [
    (["--rules", "none"], "there is no folder"), (["--since", "soon"], "--since"), (["--until", "soon"], "--until"),
    (["--answered-after", "soon"], "--answered-after")])
async def test_what_cannot_be_done_is_said(home: Path, arguments: list[str], sentence: str) -> None:
    """In a sentence that names the option."""
    async with running(home / "tocsin.db") as (loop, _, _):
        await loop.submit_events([event(1)])
    assert sentence in str(tocsin(home, *arguments).exception)


def test_a_store_that_has_recorded_nothing_is_said(home: Path) -> None:
    open_store(home / "tocsin.db").close()
    assert "nothing yet" in str(tocsin(home).exception)


def test_files_need_the_new_rules(home: Path) -> None:
    path = recorded(home, ("+0s", "alarm.panic"))
    assert "--rules" in str(tocsin(home, "--events", path).exception)
    assert "cannot be read" in str(tocsin(home, "--rules", home / "new", "--events", home / "none.jsonl").exception)
    path.write_text("{}\n", "utf-8")
    error = tocsin(home, "--rules", home / "new", "--events", path).exception
    assert isinstance(error, TocsinError)
    assert f"{path}: line 1" in str(error)


def test_a_mistake_in_the_new_rules_is_named_with_its_file_as_given(home: Path) -> None:
    """Lists of the folder are its own."""
    file = home / "new" / "rules.yaml"
    file.write_text(file.read_text("utf-8").replace("alarm.smoke", "alarm.smoke, account: {in: lists/known}"), "utf-8")
    error = tocsin(home, "--rules", home / "new").exception
    assert isinstance(error, BookError)
    assert f"{file.as_posix()}:4:" in str(error)
    (home / "new" / "lists").mkdir()
    (home / "new" / "lists" / "known.csv").write_text("account\n12\n", "utf-8")
    path = recorded(home, ("+0s", "alarm.panic"))
    assert tocsin(home, "--rules", home / "new", "--events", path).exit_code == 1


async def test_each_book_reads_the_recorded_values_by_its_own_declarations(tmp_path: Path) -> None:
    """What the engine used of an event was read by the book of then: the value as it was sent is read anew."""
    path = tmp_path / "t.db"
    match = Match((Expect("type", "is", "alarm.panic"), Expect("v", "is", 12)))
    rule = replace(PANIC, when=replace(PANIC.when, match=match))

    def book(kind: str) -> Content:
        return replace(content(rule), events={"alarm.panic": EventType(fields={"v": FieldKind(kind)})})

    async with running(path, book=number_book(1, book("text"))) as (loop, _, clock):
        await loop.submit_events([event(1, data={"v": 12})])
        reader = Reader(path)
        try:
            done = try_journal(reader, book("text"), book("number"), 0, 30 * SECOND, 0, clock.now())
        finally:
            reader.close()
    assert [one.kind for one in done.differences] == ["more"]
