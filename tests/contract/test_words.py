"""What every word of ``when`` owes: pure, repeatable, restorable anywhere, bounded, forgetful, harmless to others.

TOCSIN_EXAMPLES=2000 looks longer.
"""

import os
import random
import subprocess
import sys
from typing import Any

import pytest
from msgspec import Raw
from msgspec.structs import replace
from tests.support.checked_run import START, picture, restored
from tests.support.city import event_rule, match
from tests.support.every_word import ALL, ROWS, WordRun, digest, event, play, rules_of, site

from tocsin.book.book import encode_content, number_book, read_book
from tocsin.domain.change import IncidentSet, Noted
from tocsin.domain.codec import encode
from tocsin.domain.event import Event, Place
from tocsin.domain.time import DAY, HOUR, SECOND
from tocsin.rules.operators import sequence, together, window

EXAMPLES = int(os.environ.get("TOCSIN_EXAMPLES", "60"))
SEEDS = range(max(1, EXAMPLES // 20))
WORDS = sorted(ROWS)
HERE = Place(48.7, 37.5)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_step_is_pure_repeatable_and_idempotent(word: str, seed: int) -> None:
    """The run itself takes every step twice and compares."""
    run = play(WordRun(*rules_of(word)), seed, 80)
    assert run.board.last_incident, "nothing fired, so nothing was shown"
    assert not errors(run)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_restart_between_any_two_inputs_gives_the_same_future(word: str, seed: int) -> None:
    straight = play(WordRun(*rules_of(word), checks=False), seed, 150)
    restarted = play(WordRun(*rules_of(word), checks=False, restarts=True), seed, 150)
    assert restarted.log == straight.log
    assert picture(restarted.board) == picture(straight.board)


def test_processes_with_different_hash_seeds_decide_the_same() -> None:
    """No iteration over a set reaches a decision."""
    found = set()
    for hash_seed in ("1", "2"):
        done = subprocess.run([sys.executable, "-m", "tests.support.every_word", "7", "150"], capture_output=True,
                              text=True, check=True, env={**os.environ, "PYTHONHASHSEED": hash_seed})
        found.add(done.stdout)
    assert found == {digest(play(WordRun(*ALL, checks=False), 7, 150))}


@pytest.mark.parametrize("word", WORDS)
def test_a_stored_book_means_the_same(word: str) -> None:
    """A rule read back from the store decides as the one that was read from its file."""
    book = number_book(1, site(*rules_of(word)))
    again = read_book(1, encode_content(book.content))
    assert again == book
    run = WordRun(*again.content.rules, checks=False)
    assert play(run, 3, 120).log == play(WordRun(*rules_of(word), checks=False), 3, 120).log


@pytest.mark.parametrize("word", WORDS)
def test_the_memory_of_a_key_is_bounded(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many events come in a window, what is kept of a key stays below what a few of them take."""
    for module in (window, sequence, together):
        monkeypatch.setattr(module, "MOST", 50)
    run = storm(word, 600)
    sizes = {place: len(encode(body)) for place, body in run.board.windows.items()}
    assert max(sizes.values(), default=0) < 50 * 200 + 1500, sizes
    assert len(run.board.timers) < 100


def storm(word: str, length: int) -> WordRun:
    run = WordRun(*rules_of(word), checks=False)
    dice = random.Random(1)
    for number in range(length):
        at = START + number * SECOND
        one = event(number, at, dice, 1)
        run.feed(replace(one, time=at, site="s0", device=f"device-{number}", data={
            **one.data, "w": ("a", "b", f"value {number} " * 30)[number % 3]}), at)
    return run


@pytest.mark.parametrize("word", [word for word in WORDS if word not in ("event", "incident")])
def test_an_idle_key_takes_little_room(word: str) -> None:
    """At most 300 bytes on average, for keys that were heard of once, as most are."""
    run = WordRun(*(replace(rule, limits={"keys": 10_000}) for rule in rules_of(word)[:1]), checks=False)
    for number in range(300):
        run.feed(Event(id=str(number), source="s", type="x", time=START, received=START, site=f"school-{number}",
                       data={"v": 4.5, "w": "a"}), START)
    bodies = [len(encode(body)) for (_, key), body in run.board.windows.items() if key.startswith("site=")]
    assert len(bodies) == 300
    assert sum(bodies) / len(bodies) <= 300
    forgetting = [timer for timer in run.board.timers.values() if timer.kind in ("rests", "forget")]
    assert len(forgetting) <= 1, "a deadline for each key takes more room than the key"


@pytest.mark.parametrize("word", [word for word in WORDS if word != "absence"])
def test_a_key_that_cannot_matter_any_more_is_forgotten(word: str) -> None:
    """No window and no deadline is left of keys at rest; `absence` watches on."""
    run = WordRun(*(replace(rule, escalate_to=()) for rule in rules_of(word)), checks=False)
    dice = random.Random(2)
    for number in range(200):
        run.feed(event(number, START + number * SECOND, dice), START + number * SECOND)
    at = START + HOUR
    for site_ in ("s0", "s1", "unknown"):
        for value in (8.5, 8.5, 2, 1, 1):
            at += 10 * SECOND
            run.feed(Event(id=f"{site_}{at}", source="s", type="x", time=at, received=at, site=site_,
                           data={"v": value, "w": "b"}), at)
        run.feed(Event(id=f"{site_}done", source="s", type="done", time=at, received=at, site=site_), at)
    for device in "ab":
        for site_ in ("s0", "s1", None):
            at += SECOND
            run.feed(Event(id=f"{site_}{at}", source="s", type="x", time=at, received=at, site=site_, device=device,
                           status="resolved", data={"v": 2, "w": "b"}), at)
    run.run_until(at + 40 * DAY)
    assert not [place for place in run.board.windows if not place[1].startswith("\x1e")]
    assert not [timer for timer in run.board.timers.values() if timer.lane == "window"]


@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_fails_stops_no_other_rule(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is counted and reported, and nothing of what it began holds."""
    rules = (*rules_of(word), event_rule("bystander", match(type="x")))
    run = WordRun(*rules, checks=False)
    for broken in rules_of(word):
        def fail(*arguments: Any, **more: Any) -> Any:
            raise ZeroDivisionError("broken")
        for method in ("hear", "follow", "hearing"):
            if hasattr(run._meaning.words[broken.id], method):
                monkeypatch.setattr(run._meaning.words[broken.id], method, fail)
    run.feed(Event(id="1", source="s", type="x", time=START, received=START, site="s", data={"v": 20, "w": "a"}), START)
    assert errors(run)
    fired = {change.incident.rule for changes in run.seen for change in changes if isinstance(change, IncidentSet)}
    assert fired == {"bystander"}
    assert {rule for rule, key in run.board.windows if not key.startswith("\x1e")} == {"bystander"}


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("left", [b'{"word":"another","times":[1]}', b'{"word":"event","members":{}}', b"{}"])
def test_what_another_word_left_behind_counts_for_nothing(word: str, left: bytes) -> None:
    run = WordRun(*rules_of(word), checks=False)
    one = Event(id="1", source="s", type="x", time=START, received=START, site="s", location=HERE,
                data={"v": 20, "w": "a"})
    clean = WordRun(*rules_of(word), checks=False)
    for rule in rules_of(word):
        run.board.restore_window(rule.id, "near=48.7,37.5\x1fsite=s" if rule.when.near else "site=s", Raw(left))
    for each in (run, clean):
        each.feed(one, START)
    assert not errors(run)
    bodies = [[encode(body) for (_, key), body in sorted(each.board.windows.items()) if key.endswith("site=s")]
              for each in (run, clean)]
    assert bodies[0] == bodies[1]


def test_a_restored_window_is_as_the_one_in_memory() -> None:
    """Every window of every word survives JSON."""
    run = play(WordRun(*ALL, checks=False), 5, 200)
    assert picture(restored(run.board)) == picture(run.board)
    assert len({rule for rule, _ in run.board.windows}) >= 5


def errors(run: WordRun) -> list[str]:
    return [change.detail for changes in run.seen for change in changes
            if isinstance(change, Noted) and change.what == "rule_error"]
