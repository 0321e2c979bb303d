"""Files change beside a running engine: what is whole and right takes over, what is not is told and changes nothing."""

import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.live_site import LiveSite, comes

from tocsin.emulators.mailboxes import Emulators

RULE = """\
rules:
  - rule: {name}
    say: "{name}: {{{{ site }}}}"
    when: {{event: {{type: acceptance.{name}}}}}
    per: [site]
    severity: critical
    escalate_to: police-patrol
    tests:
      - name: it fires
        events: [{{+0s: {{type: acceptance.{name}, site: park}}}}]
        expect: {expect}
"""
FIRES = "[{incident: {site: park}}]"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with Emulators().in_thread() as emulators:
        running = LiveSite(tmp_path_factory.mktemp("reload") / "site", emulators)
        running.start()
        yield running
        running.close()


def rule(name: str, expect: str = FIRES) -> str:
    return RULE.format(name=name, expect=expect)


def loaded(site: LiveSite) -> int:
    return site.log().count("book.loaded")


def refused(site: LiveSite) -> int:
    return site.log().count("book.refused")


def messages(site: LiveSite) -> str:
    """All that has left by any channel."""
    return "\n".join(text for _, text in told(site))


def told(site: LiveSite) -> list[tuple[str, str]]:
    """All that has left by any channel: to whom, and what."""
    emulators = site.emulators

    def said() -> list[tuple[str, str]]:
        mails = [(str(mail.message["To"]), str(part.get_payload(decode=True), "utf-8", "replace"))
                 for mail in emulators.email.outbox for part in mail.message.walk()
                 if part.get_content_type() == "text/plain"]
        chats = [(str(message.chat.id), message.text) for message in emulators.telegram.state.outbox]
        return [*mails, *chats, *((sms.to, sms.body) for sms in emulators.sms.state.messages)]

    return list(emulators.call(said))


@contextmanager
def written(path: Path, text: str) -> Iterator[None]:
    """A file that is there for a while, whatever happens meanwhile."""
    path.write_text(text, "utf-8")
    try:
        yield
    finally:
        path.unlink()


def test_a_new_rule_in_a_file_pages(site: LiveSite) -> None:
    """The file is saved, the next event opens an incident that names the new book."""
    before = loaded(site)
    (site.home / "rules" / "siren.yaml").write_text(rule("siren"), "utf-8")
    comes(lambda: loaded(site) > before, site.log)
    assert site.post({"type": "acceptance.siren", "site": "park"}).status_code == 202
    comes(lambda: "siren: park" in messages(site), lambda: messages(site))
    explained = site.run("explain", "1", "--json")
    assert '"book": 2' in explained.stdout or '"book":2' in explained.stdout, explained.stdout


def test_a_changed_rule_pages_for_what_is_active_now(site: LiveSite) -> None:
    """The child process finds the two reports in the journal; two of them are enough now."""
    text = """\
rules:
  - rule: knocks
    say: "knocks: {{ site }}"
    when: {count: {type: acceptance.knock}, at_least: 5, within: 1 h}
    per: [site]
    severity: critical
    escalate_to: police-patrol
"""
    path = site.home / "rules" / "knocks.yaml"
    before = loaded(site)
    path.write_text(text, "utf-8")
    comes(lambda: loaded(site) > before, site.log)
    for number in range(2):
        assert site.post({"type": "acceptance.knock", "site": "park", "id": f"k{number}"}).status_code == 202
    path.write_text(text.replace("5", "2"), "utf-8")
    comes(lambda: "knocks: park" in messages(site), lambda: messages(site))
    assert loaded(site) == before + 2


def test_a_broken_file_changes_nothing_and_the_administrators_are_told_once(site: LiveSite) -> None:
    """They get the file, the line and what is wrong; saving the same again says nothing more."""
    before, held = refused(site), loaded(site)
    path, text = site.home / "rules" / "broken.yaml", "rules:\n  - rule: broken\n    sya: oops\n"
    with written(path, text):
        comes(lambda: refused(site) > before, site.log)
        comes(lambda: "rules/broken.yaml:3" in messages(site), lambda: messages(site))
        path.write_text(text, "utf-8")
        comes(lambda: refused(site) > before + 1, site.log)
        assert site.post({"type": "acceptance.siren", "site": "market"}).status_code == 202
        comes(lambda: "siren: market" in messages(site), lambda: messages(site))
        notices = Counter(to for to, said in told(site) if "not taken over" in said)
        assert set(notices.values()) == {1}, notices
        assert loaded(site) == held


def test_a_failing_rule_test_refuses_the_book(site: LiveSite) -> None:
    """It reads well but does not do what its author expects."""
    before, held = refused(site), loaded(site)
    with written(site.home / "rules" / "wrong.yaml", rule("wrong", "nothing")):
        comes(lambda: refused(site) > before, site.log)
        comes(lambda: "rules/wrong.yaml" in messages(site), lambda: messages(site))
        assert loaded(site) == held


def test_a_last_resort_without_a_channel_is_refused_while_running_live(site: LiveSite) -> None:
    """What must not start live must not be loaded live either."""
    before, held = refused(site), loaded(site)
    path = site.home / "contacts" / "policies.yaml"
    text = path.read_text("utf-8")
    path.write_text(text + """
  nowhere:
    steps: [{to: {person: hermit}, answer_within: 60s}]
    last_resort: {to: {person: hermit}, every: 5 min}
""", "utf-8")
    (site.home / "contacts" / "hermit.yaml").write_text("people:\n  hermit: {name: Hermit}\n", "utf-8")
    comes(lambda: refused(site) > before, site.log)
    assert loaded(site) == held
    path.write_text(text, "utf-8")
    (site.home / "contacts" / "hermit.yaml").unlink()


def test_a_file_that_is_being_written_is_not_taken(site: LiveSite) -> None:
    """Its first half is valid by itself: only the whole is taken, when it is closed."""
    before = loaded(site)
    with (site.home / "rules" / "slow.yaml").open("w", encoding="utf-8") as file:
        file.write(rule("slow"))
        file.flush()
        threading.Event().wait(4)  # far longer than files must be still to be taken
        assert loaded(site) == before
        file.write(rule("slower").removeprefix("rules:\n"))
    comes(lambda: loaded(site) > before, site.log)
    assert loaded(site) == before + 1
    site.post({"type": "acceptance.slower", "site": "park"})
    comes(lambda: "slower: park" in messages(site), lambda: messages(site))


def test_sighup_reads_everything_again(site: LiveSite) -> None:
    """Also what is no rule, no contact and no template: config.yaml gives the site its name."""
    before = loaded(site)
    text = site.config.read_text("utf-8")
    site.config.write_text(text.replace("name: Краматорськ", "name: Інше місто"), "utf-8")
    assert site.process is not None
    site.process.send_signal(signal.SIGHUP)
    comes(lambda: loaded(site) > before, site.log)
    assert site.process.poll() is None


def test_the_journal_proves_all_these_books(site: LiveSite) -> None:
    """And a restart goes on with the last of them."""
    site.stop()
    verdict = site.run("verify")
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
    (site.home / "rules" / "bell.yaml").write_text(rule("bell"), "utf-8")
    before = loaded(site)
    site.start()
    comes(lambda: loaded(site) > before, site.log)
    site.post({"type": "acceptance.bell", "site": "park"})
    comes(lambda: "bell: park" in messages(site), lambda: messages(site))
    site.stop()
    assert site.run("verify").returncode == 0


def test_a_changed_list_is_looked_up_from_the_next_event_on(site: LiveSite) -> None:
    """Twenty thousand plates; what is added is found, what is taken out is not."""
    if site.process is None or site.process.poll() is not None:
        site.start()
    before = loaded(site)
    plates = "plate\n" + "".join(f"P{number:05}\n" for number in range(20_000))
    (site.home / "rules" / "lists" / "acceptance.csv").write_text(plates, "utf-8")
    (site.home / "rules" / "listed.yaml").write_text(
        rule("listed").replace("acceptance.listed}", "acceptance.listed, plate: {in: lists/acceptance}}", 1)
        .replace("site: park}}]", "site: park, data: {plate: P19999}}}]", 1), "utf-8")
    comes(lambda: loaded(site) > before, site.log)
    site.post({"type": "acceptance.listed", "site": "early", "data": {"plate": "NEW-1"}},
              {"type": "acceptance.listed", "site": "known", "data": {"plate": "P19999"}})
    comes(lambda: "listed: known" in messages(site), lambda: messages(site))
    held = loaded(site)
    (site.home / "rules" / "lists" / "acceptance.csv").write_text(plates.replace("P00000\n", "NEW-1\n"), "utf-8")
    comes(lambda: loaded(site) > held, site.log)
    site.post({"type": "acceptance.listed", "site": "gone", "data": {"plate": "P00000"}},
              {"type": "acceptance.listed", "site": "added", "data": {"plate": "NEW-1"}})
    comes(lambda: "listed: added" in messages(site), lambda: messages(site))
    assert "listed: early" not in messages(site)
    assert "listed: gone" not in messages(site)
