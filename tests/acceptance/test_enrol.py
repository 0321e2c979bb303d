"""``tocsin enrol`` beside the emulated Telegram: a link, and who is reached how."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tocsin.cli.main import build
from tocsin.delivery.codes import read_start
from tocsin.domain.errors import TocsinError
from tocsin.emulators.mailboxes import Emulators
from tocsin.store import open_store


@pytest.fixture
def emulators() -> Iterator[Emulators]:
    with Emulators().in_thread() as running:
        yield running


@pytest.fixture
def config(tmp_path: Path, emulators: Emulators) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(f"""
site: {{name: Kramatorsk}}
channels: {{telegram: {{token: "{emulators.telegram.state.token}", api_base: "{emulators.urls.telegram}"}}}}
allow_endpoint: [127.0.0.1]
""", "utf-8")
    (tmp_path / "contacts").mkdir()
    (tmp_path / "contacts" / "people.yaml").write_text("""
people:
  olena: {name: Олена, telegram: 5}
  maria: {name: Марія, phone: "+380501234501"}
""", "utf-8")
    (tmp_path / "var").mkdir()
    open_store(tmp_path / "var" / "tocsin.db").close()
    return path


def enrol(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(build(["enrol"]), ["enrol", "--config", str(config), *arguments])


def secret_of(config: Path) -> bytes:
    store = open_store(config.parent / "var" / "tocsin.db")
    try:
        return store.secret
    finally:
        store.close()


def test_a_link_leads_to_the_bot_with_a_code_for_this_person(config: Path) -> None:
    """Standard output holds the link alone; beside it stands until when it is good, and a warning."""
    done = enrol(config, "maria")
    assert done.exit_code == 0, done.output
    address, _, code = done.stdout.strip().partition("?start=")
    assert address == "https://t.me/tocsin_practice_bot"
    found = read_start(secret_of(config), code, ["olena", "maria"])
    assert found is not None
    assert found[0] == "maria"
    assert "for Марія: good once, until" in done.stderr


def test_without_telegram_there_is_what_to_write_to_the_bot(config: Path, emulators: Emulators) -> None:
    """The bot's name could not be asked for; the code is good all the same."""
    emulators.call(lambda: emulators.telegram.faults.add({"method": "getMe"}, "status", status=500))
    done = enrol(config, "maria", "--json")
    answer = json.loads(done.stdout)
    assert (done.exit_code, answer["person"], answer["link"]) == (0, "maria", None)
    assert answer["start"].startswith("/start ")


def test_everybody_is_listed(config: Path) -> None:
    assert [json.loads(line) for line in enrol(config, "--json").stdout.splitlines()] == [
        {"person": "olena", "telegram": "in the contacts", "since": None, "off": None},
        {"person": "maria", "telegram": "not enrolled", "since": None, "off": None}]
    assert enrol(config).stdout == "olena (Олена): in the contacts\nmaria (Марія): not enrolled\n"


@pytest.mark.parametrize("person, sentence", [("mari", 'did you mean "maria"?'), ("olena", "take it out first")])
def test_a_link_that_could_not_be_used_is_not_made(config: Path, person: str, sentence: str) -> None:
    done = enrol(config, person)
    assert isinstance(done.exception, TocsinError)
    assert sentence in str(done.exception)
