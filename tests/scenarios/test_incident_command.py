"""`tocsin incident` over a real port: entered, acted, refused by a sentence, listed and explained."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from click.testing import Result
from tests.support.site import OPERATOR, Site
from typer.testing import CliRunner

from tocsin.api.server import serve
from tocsin.cli.init import write_home
from tocsin.cli.main import build
from tocsin.domain.errors import TocsinError

Command = Callable[..., Awaitable[Result]]


@asynccontextmanager
async def at_the_desk(site: Site, home: Path) -> AsyncIterator[Command]:
    """An operator's command line beside the engine of a site."""
    write_home(home)
    listening = await serve(site.engine.app, "127.0.0.1", 0)
    config = ["--config", str(home / "config.yaml"), "--url", f"http://127.0.0.1:{listening.port}"]

    async def command(*arguments: str) -> Result:
        given = [*arguments, *config]
        result = await asyncio.to_thread(CliRunner().invoke, build(given), given)
        await site.settles()
        return result

    try:
        yield command
    finally:
        await listening.stop()


async def test_an_operator_answers_and_acts_by_the_command(site: Site, tmp_path: Path,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command says how the incident stands afterwards, with --json as an object."""
    monkeypatch.setenv("TOCSIN_TOKEN", OPERATOR)
    await site.event()
    async with at_the_desk(site, tmp_path / "home") as command:
        said = await command("incident", "escalate", "1", "--reason", "no answer")
        assert said.output.splitlines() == [
            "incident 1: Тривожна кнопка: school-12 [critical], active, unanswered", "  asked now: Тарас Бондаренко"]
        said = await command("incident", "answer", "1", "accept", "--person", "maria", "--eta", "10 min", "--note", "x")
        assert said.output.splitlines()[0].endswith("active, acknowledged")
        assert said.output.splitlines()[1] == "  has it: Марія Шевченко"
        said = await command("incident", "add", "1", "--person", "ivan", "--json")
        assert json.loads(said.output)["asked"] == ["Иван Петренко"]
        await command("incident", "answer", "1", "accept", "--person", "ivan")
        said = await command("incident", "hand-over", "1", "--from", "maria", "--to", "olena")
        assert "asked now: Олена Коваленко" in said.output
        said = await command("incident", "reassign", "1", "--policy", "patrol")
        assert "asked now: Олена Коваленко" in said.output
        said = await command("incident", "snooze", "1", "--for", "2 h", "--reason", "the guard looks")
        assert "silence 1 keeps it quiet" in said.output
        said = await command("silence", "list")
        assert "silence 1: incident 1 of panic-button" in said.output
        said = await command("incident", "answer", "1", "resolve", "--person", "maria")
        assert "closed by: Марія Шевченко" in said.output
    site.forget_what_was_told()


async def test_what_is_wrong_is_said_in_a_sentence(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the command itself, by the engine, and when there is none."""
    monkeypatch.setenv("TOCSIN_TOKEN", OPERATOR)
    async with at_the_desk(site, tmp_path / "home") as command:
        for arguments, sentence in ((("add", "1"), "say whom, by one of --person, --service"),
                                    (("add", "1", "--person", "a", "--service", "b"), "say whom, by one of"),
                                    (("escalate", "1"), "there never was an incident 1")):
            failed = await command("incident", *arguments)
            assert isinstance(failed.exception, TocsinError)
            assert sentence in str(failed.exception)
    gone = await command("incident", "escalate", "1")
    assert "does not answer" in str(gone.exception)
