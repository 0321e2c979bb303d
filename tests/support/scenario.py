"""A long mixed story from a seed, the same in every process; as a program it prints the digest of all changes."""

import hashlib
import random
import sys
from collections.abc import Callable, Sequence
from typing import Any

from tests.support.checked_run import START, CheckedRun, event, smaller_book

from tocsin.domain.input import Answer, OperatorAction, Receipt, Started
from tocsin.domain.time import SECOND

WORDS = ("acknowledge", "accept", "arrived", "decline", "resolve", "false_alarm")
FOLK = ("olena", "taras", "ivan", "duty", "chief", "admin", "stranger")


BY_HAND = ("escalate", "add", "reassign", "hand_over", "snooze")
_ANYBODY = ({"person": "chief"}, {"person": "mute"}, {"policy": "office"}, {"skill": "k9"}, {"service": "nobody"})
WHOM: dict[str, tuple[Any, ...]] = {"add": _ANYBODY, "reassign": _ANYBODY, "hand_over": ("taras", "chief", "mute"),
                                    "escalate": ("",), "snooze": ("",)}
Choice = Callable[[Sequence[Any]], Any]


def act(choice: Choice, now: int) -> tuple[str, dict[str, Any]]:
    """What an operator does, and its arguments."""
    action = choice(("address_on", "address_off", "silence", "unsilence", "dance", *BY_HAND))
    if action in BY_HAND:
        return action, {"incident": choice(range(1, 9)), "to": choice(WHOM[action]), "reason": "work",
                        "until": now + choice((60, 600)) * SECOND}
    if action == "silence":
        of = choice(({"rule": "panic"}, {"rule": "door"}, {"key": {"site": "s1"}}, {"severity": ["high", "low"]}))
        return action, {**of, "until": now + choice((1, 60, 600, 3600)) * SECOND, "reason": "work"}
    if action == "unsilence":
        return action, {"silence": choice((1, 2, 3))}
    return action, {"person": choice(FOLK), "channel": choice(("telegram", "sms"))}


def play(run: CheckedRun, seed: int, length: int) -> CheckedRun:
    """Feed ``length`` inputs drawn from a seed."""
    dice = random.Random(seed)
    now = START
    for number in range(length):
        now += dice.choice((0, 0, 1, 5, 20, 60, 61, 300, 900)) * SECOND
        kind = dice.randrange(20)
        if kind < 10:
            run.feed(event(number, now, dice.choice(("panic", "smoke", "smoke", "door", "all.clear", "other")),
                           dice.choice(("s1", "s2", None)), dice.choice((None, "firing", "firing", "resolved")),
                           dice.choice("ab"), dice.choice((0, 0, 3, 90, 900)), dice.choice("abcd")), now)
        elif kind < 14:
            incident = dice.randint(1, max(1, run.board.last_incident))
            channel = dice.choice(("telegram", "sms", "console"))
            run.put(Answer(dice.choice(FOLK), incident, dice.choice(WORDS), channel,
                           0 if channel == "console" else 1), now)
        elif kind < 17 and run.messages:
            one = dice.choice(run.messages[-12:]).notification
            state = dice.choice(("delivered", "failed_permanent", "failed_permanent", "expired", "failed_temporary"))
            run.put(Receipt(one.id, state, one.incident, one.person, one.channel,
                            address_dead=state == "failed_permanent" and dice.random() < 0.4), now)
        elif kind in (17, 18):
            run.put(OperatorAction("op", *act(dice.choice, now)), now)
        elif dice.random() < 0.3:
            run.run_until(now)
            smaller_book(run, 10 + number)
        else:
            run.put(Started("1", 5 * SECOND), now)
    run.run_until(now + 7200 * SECOND)
    return run


def digest(run: CheckedRun) -> str:
    return hashlib.sha256(b"\n".join(run.log)).hexdigest()


if __name__ == "__main__":
    sys.stdout.write(digest(play(CheckedRun(checks=False), int(sys.argv[1]), int(sys.argv[2]))))
