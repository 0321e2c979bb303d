"""Bundles: whoever gets too much at once gets it as a list; what is critical never waits for one."""

from tocsin.core.draft import Draft
from tocsin.domain.change import Timer
from tocsin.domain.notification import ASK, FAMILIES, NEWS, family
from tocsin.domain.time import MINUTE, SECOND

ALONE = 3
"""So many messages of one family leave one by one in a minute; what comes after them is gathered."""
EVERY = {ASK: 10 * SECOND, NEWS: 30 * SECOND}
EVERY_ELSE = 30 * SECOND
"""What is gathered leaves this often."""
SYSTEMS = frozenset({"webhook"})
"""Channels behind which nobody reads: each message leaves alone."""


def turn_of(draft: Draft, kind: str, rule: str, person: str, channel: str, policy: str, now: int) -> int:
    """How many messages like this one the person was to get by this channel in the minute that runs; counts it."""
    kin = family(kind, rule)
    if not kin or channel in SYSTEMS:
        return 0
    name = f"8|calm|{kin}|{policy}|{person}|{channel}"
    running = draft.timer(name)
    if running is None or running.due <= now:
        running = Timer(name, now + MINUTE, "escalation", "calm", person=person)
    draft.set_timer(Timer(name, running.due, "escalation", "calm", person=person, count=running.count + 1))
    return running.count


def hold_of(kind: str, turn: int, severity: str, expires: int, now: int) -> int | None:
    """Until when a message is gathered, at most a quarter of the time that there is to answer; None: not at all."""
    if turn < ALONE or (severity == "critical" and FAMILIES[kind] != NEWS):
        return None
    every = EVERY.get(FAMILIES[kind], EVERY_ELSE)
    return min((now // every + 1) * every, now + (expires - now) // 4)
