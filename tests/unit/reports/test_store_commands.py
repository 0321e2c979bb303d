"""The commands that read a store: explain and verify, with their exit codes."""

import json
import sqlite3
from pathlib import Path

import pytest
from tests.support.told_story import told_story
from typer.testing import CliRunner, Result

from tocsin.cli.main import build
from tocsin.domain.errors import StoreError, TocsinError


@pytest.fixture
async def config(tmp_path: Path) -> Path:
    """A site whose engine has lived through the story and stopped."""
    async with told_story(tmp_path / "tocsin.db"):
        pass
    path = tmp_path / "config.yaml"
    path.write_text('storage: {url: "sqlite:///tocsin.db"}\n', "utf-8")
    return path


def tocsin(*arguments: str | Path) -> Result:
    return CliRunner().invoke(build([str(one) for one in arguments]), [str(one) for one in arguments])


def test_explain_prints_the_whole_story(config: Path) -> None:
    """For a person."""
    done = tocsin("explain", "1", "--config", config)
    assert done.exit_code == 0
    assert "patrol, round 1, step 1: on_call patrol was Олена" in done.output
    assert "Олена: accept by sms, in 6 min" in done.output


def test_explain_prints_json_for_a_program(config: Path) -> None:
    """One object on a line."""
    done = tocsin("explain", "1", "--json", "--config", config)
    found = json.loads(done.output)
    assert (found["incident"], found["rule"], found["answers"][0]["word"]) == (1, "panic", "accept")
    assert found["asked"][0]["meant"] == [{"target": "on_call patrol", "people": ["olena"]}]


def test_explain_says_that_there_is_no_such_incident(config: Path) -> None:
    """A sentence; the command line ends with 2."""
    assert "no incident 99" in str(tocsin("explain", "99", "--config", config).exception)


def test_explain_answers_why_a_rule_told_nobody(config: Path) -> None:
    """Messages that failed are among the reasons; a rule that kept nothing back is fine."""
    done = tocsin("explain", "--rule", "panic", "--config", config)
    assert done.exit_code == 1
    assert "Олена by telegram: failed_permanent: Telegram refused this chat: blocked." in done.output
    assert tocsin("explain", "--rule", "other", "--config", config).exit_code == 0
    (line, *_) = tocsin("explain", "--rule", "panic", "--json", "--config", config).output.splitlines()
    assert json.loads(line)["incident"] == 1


def test_explain_needs_a_number_or_a_rule(config: Path) -> None:
    """With neither it says what to give."""
    done = tocsin("explain", "--config", config)
    assert isinstance(done.exception, TocsinError)
    assert "give the number of an incident" in str(done.exception)


def test_a_store_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    """With the way out."""
    path = tmp_path / "config.yaml"
    path.write_text('storage: {url: "sqlite:///none.db"}\n', "utf-8")
    done = tocsin("explain", "1", "--config", path)
    assert isinstance(done.exception, StoreError)
    assert "check storage.url" in str(done.exception)


def test_verify_of_a_whole_store_is_a_sentence_and_of_a_changed_one_names_the_row(config: Path, tmp_path: Path) -> None:
    """Exit codes 0 and 1; in JSON too."""
    done = tocsin("verify", "--config", config)
    assert done.exit_code == 0, done.output
    assert "The store is as the journal says" in done.output
    assert json.loads(tocsin("verify", "--json", "--config", config).output)["ok"] is True
    with sqlite3.connect(tmp_path / "tocsin.db") as connection:
        connection.execute("UPDATE journal SET body = replace(body, 'school-12', 'school-13') WHERE position = 2")
    connection.close()
    done = tocsin("verify", "--config", config)
    assert done.exit_code == 1
    assert "Position 2" in done.output
    found = json.loads(tocsin("verify", "--json", "--config", config).output)
    assert found["ok"] is False
    assert "Position 2" in found["findings"][0]
