"""``tocsin send-test`` with the real clients against the emulated providers."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tocsin.cli.main import build
from tocsin.domain.errors import TocsinError
from tocsin.emulators.mailboxes import Emulators

PHONE = "+380501234501"


@pytest.fixture
def emulators() -> Iterator[Emulators]:
    with Emulators().in_thread() as running:
        running.call(lambda: running.telegram.state.add_chat(5, "Олена"))
        yield running


@pytest.fixture
def config(tmp_path: Path, emulators: Emulators) -> Path:
    urls, sms = emulators.urls, emulators.sms.state
    path = tmp_path / "config.yaml"
    path.write_text(f"""
site: {{name: Kramatorsk}}
channels:
  telegram: {{token: "{emulators.telegram.state.token}", api_base: "{urls.telegram}"}}
  sms: {{account_sid: {sms.account_sid}, auth_token: {sms.auth_token}, from: "{sms.numbers[0]}",
         api_base: "{urls.sms}"}}
  email: {{host: {urls.email_host}, port: {urls.email_port}, starttls: none, from: alarm@example.org}}
roles: {{duty_office: [{{person: olena}}], shift_head: [{{person: olena}}], administrators: [{{person: olena}}]}}
allow_endpoint: [127.0.0.1]
""", "utf-8")
    (tmp_path / "contacts").mkdir()
    (tmp_path / "contacts" / "people.yaml").write_text(f"""
people:
  olena: {{name: Олена, language: uk, telegram: 5, phone: "{PHONE}", email: olena@example.org}}
  maria: {{name: Марія, language: uk}}
""", "utf-8")
    return path


def send(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(build(["send-test"]), ["send-test", "--config", str(config), *arguments])


def test_each_channel_of_the_person_gets_a_marked_test(config: Path, emulators: Emulators) -> None:
    """In their language; the command says what each provider answered."""
    done = send(config, "--to", "olena")
    assert done.exit_code == 0, done.output
    assert [line.partition(" (")[0] for line in done.output.splitlines()] == [
        "telegram: handed over", "sms: handed over", "email: handed over"]
    (sms,) = emulators.call(lambda: emulators.sms.state.to(PHONE))
    assert sms.body == "ТЕСТ системи оповіщення, Kramatorsk. Відповідати не треба."
    (mail,) = emulators.call(lambda: emulators.email.mailbox("olena@example.org"))
    assert mail["Subject"].startswith("ТЕСТ")
    assert len(emulators.call(lambda: emulators.telegram.state.messages(5))) == 1


def test_one_channel_that_fails_is_told_with_the_providers_words(config: Path, emulators: Emulators) -> None:
    """The others are tried all the same; exit code 1."""
    emulators.call(lambda: emulators.sms.faults.add({"method": "create"}, "status", status=500))
    done = send(config, "--to", "olena", "--json")
    assert done.exit_code == 1
    results = {found["channel"]: found for found in map(json.loads, done.output.splitlines())}
    assert (results["sms"]["outcome"], "HTTP 500" in results["sms"]["said"]) == ("failed", True)
    assert results["email"]["outcome"] == "handed over"


def test_one_channel_may_be_chosen(config: Path, emulators: Emulators) -> None:
    """Nothing goes out by the others."""
    assert send(config, "--to", "olena", "--channel", "email").exit_code == 0
    assert emulators.call(lambda: emulators.sms.state.outbox) == []


def test_whoever_cannot_be_reached_is_a_sentence(config: Path) -> None:
    """An unknown person, and one without an address."""
    assert 'nobody is called "petro"' in str(send(config, "--to", "petro").exception)
    assert isinstance(send(config, "--to", "petro").exception, TocsinError)
    done = send(config, "--to", "maria")
    assert (done.exit_code, "Марія has no address" in done.output) == (1, True)
