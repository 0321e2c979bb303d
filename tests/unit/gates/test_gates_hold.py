"""What holds for every story with gates and silences: pure, repeatable, restorable, and nothing is lost in between.

TOCSIN_EXAMPLES=5000 looks longer.
"""

import hashlib
import os
import random
import subprocess
import sys

import pytest
from msgspec.structs import replace
from tests.support.checked_run import START, CheckedRun, picture, prepared
from tests.support.city import content, event_rule, incident_rule, match, policy, step
from tests.support.gates import active, calendar, running
from tests.support.words import word_rule

from tocsin.book.rule import SequenceStep
from tocsin.core.board import key_of
from tocsin.domain.event import Event, Place
from tocsin.domain.incident import CLOSED, Incident
from tocsin.domain.input import Answer, OperatorAction
from tocsin.domain.time import MINUTE, SECOND

EXAMPLES = int(os.environ.get("TOCSIN_EXAMPLES", "60"))
DAY = "2026-11-22"
RULES = (
    event_rule("raid", match(type="raid"), per=("town",), to=None),
    event_rule("alert", match(type="raid"), per=(), unless=(calendar("tests"),)),
    event_rule("office", match(type="door"), during=(calendar("hours"),), for_="4 min",
               unless=(active("raid", "town"),)),
    event_rule("door", match(type="door"), unless=(active("raid", "town"), active("alert"), calendar("tests"))),
    event_rule("shelter", match(type="door"), during=(active("raid", "town"), running("fair")), for_="3 min"),
    event_rule("crowd", match(type="crowd"), per=(), during=(running("any"),), severity="high"),
    incident_rule("both", "door", during=(active("alert"),)),
    incident_rule("of-crowd", "crowd", per=("operation",), unless=(active("office", "site"),), to=None),
    replace(word_rule("absence", match(type="crowd"), id_="empty", for_="5 min", expected="seen"),
            during=(active("raid", "town"),)),
    replace(word_rule("sequence", id_="unguarded", steps=(
        SequenceStep(match(type="door")), SequenceStep(match(type="crowd"), within=3 * MINUTE, negated=True))),
        during=(active("raid", "town"),)))
CALENDARS = {
    "hours": {"time_zone": "UTC", "also": [{"date": DAY, "from": f"{hour:02d}:10", "to": f"{hour:02d}:40"}
                                           for hour in range(24)]},
    "tests": {"time_zone": "UTC", "also": [{"date": DAY, "from": f"{hour:02d}:30", "to": f"{hour:02d}:45"}
                                           for hour in range(24)]}}
OPERATIONS = {"fair": {"area": "centre", "hours": [{"from": f"{DAY} 00:20", "to": f"{DAY} 02:00"}]},
              "match": {"hours": [{"from": f"{DAY} 01:00", "to": f"{DAY} 03:00"}]}}
CITY = content(*RULES, calendars=CALENDARS, operations=OPERATIONS, policies=(policy("police", step("olena")),))
OTHER = content(*RULES[:3], event_rule("door", match(type="door")), *RULES[5:], calendars={
    **CALENDARS, "hours": CALENDARS["tests"]}, operations={"match": OPERATIONS["match"]}, policies=(
    policy("police", step("olena")),))


class GatedRun(CheckedRun):
    """``unjudged`` are moments between a new book and the next event, when windows of gone keys may stand."""

    def __init__(self, *, restarts: bool = False, checks: bool = True) -> None:
        super().__init__(restarts=restarts, checks=checks)
        self._meaning, self._matcher = prepared(1, CITY)

    def judge(self) -> None:
        super().judge()
        board, meaning = self.board, self._meaning
        for (rule, key, gate), gated in board.kept.all.items():
            assert (rule, key_of(gated.key), gate) == (gated.rule, key, gated.gate)
            assert (rule, key) in board.windows, "something is kept back of a condition that is forgotten"
            for place in gated.asks:
                assert (rule, key, gate) in board.kept.asking(place)
            if gate == "unless":
                free = board.timers.get(f"1|free|{rule}|{key}")
                held = any(not incident.quiet for place in gated.asks for incident in self._at(place))
                assert free or held, "kept back, and nothing will ever let it go"
            elif gated.waits:
                state = meaning.words[rule].state(board.windows[rule, key])
                assert meaning.words[rule].waiting(state), "a gate is asked for nothing"
            elif meaning.words[rule].lasting(board.windows[rule, key]):
                during = meaning.gates[rule].during
                assert during is not None
                now = self.clock or 0
                is_open = during.hours(gated.key, gated.values).open_at(now) or any(map(self._at, gated.asks))
                assert gated.told or not is_open or self._due_now(), "open, and what lasts was not told"

    def _due_now(self) -> bool:
        return any(timer.due <= (self.clock or 0) for timer in self.board.timers.values())

    def _at(self, place: tuple) -> list[Incident]:
        return [incident for number in self.board.active(place)
                if (incident := self.board.incident(number)) is not None]

    def _judge_incident(self, incident: Incident, now: int) -> None:
        if not incident.quiet or incident.response == CLOSED:
            super()._judge_incident(incident, now)
            return
        due = {timer.id for timer in self.board.timers.values() if timer.incident == incident.id}
        assert f"7|unmute|{incident.id}" in due, "muted for ever"
        assert all(one.state != "running" for one in incident.escalations), "asked in silence"


def play(run: GatedRun, seed: int, length: int) -> GatedRun:
    """Feed ``length`` inputs drawn from a seed."""
    dice = random.Random(seed)
    now = START
    for number in range(length):
        now += dice.choice((0, 0, 1, 20, 60, 61, 300)) * SECOND
        kind = dice.randrange(20)
        if kind < 14:
            place = dice.choice((None, ("centre",), ()))
            run.feed(Event(
                id=f"e{number}", source="s", type=dice.choice(("raid", "door", "door", "crowd")),
                time=now - dice.choice((0, 0, 0, 30, 900)) * SECOND, received=now, device=dice.choice("ab"),
                status=dice.choice((None, "firing", "firing", "resolved")), site=dice.choice(("s1", "s2")),
                areas=place or (), location=None if place is None else Place(1, 2),
                data={"town": dice.choice("xy")} if dice.random() < 0.9 else {}), now)
        elif kind < 16:
            run.put(Answer("olena", dice.randint(1, max(1, run.board.last_incident)),
                           dice.choice(("acknowledge", "decline", "accept", "resolve")), "telegram", 1), now)
        elif kind == 16:
            run.put(OperatorAction("op", "silence", {
                "until": now + dice.choice((1, 5, 20)) * MINUTE, "reason": "r", **dice.choice((
                    {"rule": "alert"}, {"rule": "door", "key": {"site": "s1"}}, {"severity": "critical"}))}), now)
        elif kind == 17:
            run.put(OperatorAction("op", "unsilence", {"silence": run.board.last_silence}), now)
        elif dice.random() < 0.2:
            run.run_until(now)
            run.renew(*prepared(10 + number, dice.choice((CITY, OTHER))), now)
    run.run_until(now + 7200 * SECOND)
    return run


def digest(run: GatedRun) -> str:
    return hashlib.sha256(b"\n".join(run.log)).hexdigest()


@pytest.mark.parametrize("seed", range(EXAMPLES // 10))
def test_every_step_is_pure_and_nothing_that_is_kept_back_is_lost(seed: int) -> None:
    play(GatedRun(), seed, 120)


@pytest.mark.parametrize("seed", range(EXAMPLES // 10))
def test_a_restart_between_any_two_inputs_changes_nothing_that_follows(seed: int) -> None:
    straight = play(GatedRun(checks=False), seed, 120)
    restarted = play(GatedRun(checks=False, restarts=True), seed, 120)
    assert restarted.log == straight.log
    assert picture(restarted.board) == picture(straight.board)


def test_two_processes_with_different_hash_seeds_decide_the_same() -> None:
    """No iteration over a set reaches a decision."""
    code = ("import sys; from tests.unit.gates.test_gates_hold import GatedRun, digest, play; "
            "sys.stdout.write(digest(play(GatedRun(checks=False), 7, 300)))")
    found = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}).stdout
             for seed in ("1", "2")}
    assert found == {digest(play(GatedRun(checks=False), 7, 300))}
