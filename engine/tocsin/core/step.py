"""One input, one step: dispatch only."""

import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

from msgspec.structs import replace

from tocsin.core import (
    after_answer,
    answers,
    asking,
    correlate,
    drill,
    escalate,
    gates,
    handover,
    incidents,
    inhibit,
    listening,
    operator,
    receipts,
    renew,
    silences,
)
from tocsin.core.board import Board, key_of
from tocsin.core.draft import Draft
from tocsin.core.overflow import OVERFLOW_KEY
from tocsin.domain.change import Change, IncidentSet, Noted, Timer, TimerDropped
from tocsin.domain.gated import DURING, UNLESS, Which
from tocsin.domain.input import Answer, Arrival, BookLoaded, Input, OperatorAction, Receipt, Started, TimerDue
from tocsin.rules.meaning import Meaning
from tocsin.rules.signal import Cleared, Fired, Signal

Said = tuple[str, tuple[Signal, ...]]
_MOST_ROUNDS = 100
"""Rules that ask one another cannot keep a step from ending."""


def step(board: Board, meaning: Meaning, item: Input, now: int) -> list[Change]:
    """What this input changes, as new values; ``now`` in microseconds on the engine's clock.

    Pure: the board is read, never written. An exception means that the input is poison and nothing of it holds.
    """
    if isinstance(item, Arrival) and not item.hits:
        return [Noted(now, "implausible", doubt) for doubt in meaning.catalogue.doubts(item.event)]
    draft = Draft(board)
    follower = asking.Asking(draft, meaning)
    match item:
        case Arrival():
            _arrival(draft, meaning, item, now)
        case TimerDue(timer_id):
            _timer(draft, meaning, timer_id, now)
        case Answer():
            for one in answers.each(item):
                closed = answers.answer(draft, meaning, one, now)
                if closed is not None:
                    said = correlate.closed(draft, meaning, closed.rule, closed.key, now)
                    _carry_on(draft, meaning, [(closed.rule, said)], now)
        case Receipt():
            receipts.receipt(draft, meaning, item, now)
        case OperatorAction():
            operator.act(draft, meaning, item, now)
        case BookLoaded():
            _carry_on(draft, meaning, renew.book_loaded(board, draft, meaning, item, now), now)
            _carry_on(draft, meaning, listening.begins(draft, meaning, now), now)
            _look(draft, meaning, asking.renewed(board, draft, meaning), now)
            handover.renewed(board, draft, meaning, now)
        case Started(version, gap):
            draft.put(Noted(now, "started", f"version {version} started after {gap // 1_000_000} s without listening"))
            _carry_on(draft, meaning, listening.paused(draft, meaning, gap, now), now)
            handover.begins(draft, meaning, now)
    answers.settle(draft, meaning, now)
    for _ in range(_MOST_ROUNDS):
        concerned = follower.concerned()
        if not concerned:
            break
        _look(draft, meaning, concerned, now)
        answers.settle(draft, meaning, now)
    return settled(draft.changes)


def settled(changes: list[Change]) -> list[Change]:
    """The changes without values of an incident that a later one in the same list replaces."""
    last: dict[int, int] = {}
    for position, change in enumerate(changes):
        if isinstance(change, IncidentSet):
            last[change.incident.id] = position
    return [change for position, change in enumerate(changes)
            if not isinstance(change, IncidentSet) or last[change.incident.id] == position]


def _arrival(draft: Draft, meaning: Meaning, item: Arrival, now: int) -> None:
    slots: dict[str, set[str]] = {}
    for hit in item.hits:
        slots.setdefault(hit.rule, set()).add(hit.slot)
    for doubt in meaning.catalogue.doubts(item.event):
        draft.put(Noted(now, "implausible", doubt))
    said: list[Said] = []
    for rule, found in slots.items():
        if rule in meaning.words:
            heard = _guarded(draft, rule, now, correlate.hear, meaning, rule, frozenset(found), item, now)
            said += [(rule, signals) for signals in heard or ()]
    _carry_on(draft, meaning, said, now)


def _look(draft: Draft, meaning: Meaning, concerned: list[Which], now: int) -> None:
    """What conditions at gates say now that these have opened or shut."""
    said = [(which[0], _guarded(draft, which[0], now, asking.look, meaning, which, now) or ()) for which in concerned]
    _carry_on(draft, meaning, said, now, admitted=True)


def _carry_on(draft: Draft, meaning: Meaning, said: list[Said], now: int, *, admitted: bool = False) -> None:
    """Clearings first, then firings, each along the chain of rules that follow one another.

    ``admitted`` says that the rules' ``during`` has been asked already.
    """
    order = count()
    queue: list[tuple[bool, int, int, str, tuple[Signal, ...], bool]] = []

    def push(rule: str, signals: tuple[Signal, ...], admitted: bool) -> None:
        if signals:
            starts = not isinstance(signals[0], Cleared)
            heapq.heappush(queue, (starts, meaning.order.get(rule, 0), next(order), rule, signals, admitted))

    for rule, signals in said:
        push(rule, signals, admitted)
    while queue:
        _, _, _, rule, signals, done = heapq.heappop(queue)
        following: dict[tuple[str, str], tuple[Signal, ...]] = {}
        for signal in signals:
            passed = (signal,) if done else _guarded(draft, rule, now, gates.admit, meaning, signal, now)
            if passed is None:
                _tell_unanswerable(draft, meaning, signal, now)
            for one in passed or ():
                stands = _guarded(draft, rule, now, _respond, meaning, one, now)
                if stands is None:
                    _tell_unanswerable(draft, meaning, one, now)
                for follower in meaning.followers.get(rule, ()) if stands is not False else ():
                    for more in _guarded(draft, follower, now, correlate.follow, meaning, follower, one, now) or ():
                        if more:
                            place = (follower, key_of(more[0].key))
                            following[place] = (*following.get(place, ()), *more)
        for (follower, _), together in following.items():
            push(follower, together, admitted=False)


def _tell_unanswerable(draft: Draft, meaning: Meaning, signal: Signal, now: int) -> None:
    """A firing that could not become an incident is told to the duty office by a plain sentence."""
    key = ", ".join(signal.key.values())
    _guarded(draft, signal.rule, now, receipts.tell_role, meaning, "duty_office",
             f"Rule {signal.rule} ({key or 'one for all'}) fired or cleared, but could not be processed: look yourself",
             now, "critical")


def _respond(draft: Draft, meaning: Meaning, signal: Signal, now: int) -> bool:
    """Whether what was said stands: an inhibited firing does not, nor the clearing of what flaps."""
    if isinstance(signal, Cleared):
        inhibit.cleared(draft, signal)
        return incidents.cleared(draft, meaning, signal, now)
    firing = inhibit.asked(draft, meaning, signal, now)
    if firing is None:
        return False
    rule = meaning.rules[signal.rule]
    if signal.key == OVERFLOW_KEY:
        incidents.overflowing(draft, meaning, rule, firing, "too many different keys", now)
    else:
        incidents.fired(draft, meaning, rule, firing, now)
    return True


def _timer(draft: Draft, meaning: Meaning, timer_id: str, now: int) -> None:
    timer = draft.timer(timer_id)
    if timer is None or timer.due > now:
        return
    draft.put(TimerDropped(timer_id))
    if timer.kind in (gates.SHUTS, gates.OPENS):
        _look(draft, meaning, [(timer.rule, timer.key, DURING)], now)
        return
    if timer.kind == inhibit.FREE:
        which = (timer.rule, timer.key, UNLESS)
        said = _guarded(draft, timer.rule, now, inhibit.due, meaning, which, now) or ()
        _carry_on(draft, meaning, [(timer.rule, said)], now, admitted=True)
        return
    if timer.kind == handover.SHIFT:
        handover.due(draft, meaning, timer, now)
        return
    if timer.kind == "silence":
        silences.over(draft, timer.key, now)
        return
    if timer.lane == "window":
        _carry_on(draft, meaning, [(timer.rule, correlate.due(draft, meaning, timer, now))], now)
        return
    incident = draft.incident(timer.incident)
    if incident is None:
        return
    if timer.kind == "joined":
        incidents.joined_due(draft, meaning, incident, now)
    elif timer.kind == "remind":
        after_answer.remind_due(draft, meaning, incident, now)
    elif timer.kind == "forgotten":
        after_answer.forgotten_due(draft, meaning, incident, now)
    elif timer.kind == "overflow":
        incidents.overflow_over(draft, meaning, incident, now)
    elif timer.kind == "drill":
        drill.over(draft, meaning, incident, now)
    elif timer.kind == "flap":
        _carry_on(draft, meaning, [(incident.rule, incidents.quiet_at_last(draft, incident, now))], now, admitted=True)
    elif timer.kind == "unmute":
        silences.unmute(draft, meaning, incident, now)
    elif timer.kind == "reopen":
        _reopen(draft, meaning, timer, now)
    elif timer.policy < len(incident.escalations) and incident.escalations[timer.policy].state == "running":
        _escalation(draft, meaning, timer, now)


def _escalation(draft: Draft, meaning: Meaning, timer: Timer, now: int) -> None:
    incident = draft.incident(timer.incident)
    assert incident is not None
    if timer.kind == "answer":
        incident = escalate.advance(draft, meaning, incident, timer.policy, now)
    elif timer.kind == "held":
        incident = escalate.run(draft, meaning, incident, timer.policy, now)
    else:
        incident = escalate.next_group(draft, meaning, incident, timer.policy, timer.person, now)
    draft.put(IncidentSet(incident))


def _reopen(draft: Draft, meaning: Meaning, timer: Timer, now: int) -> None:
    incident = draft.incident(timer.incident)
    if incident is None or incident.reopens is None:
        return
    rule = meaning.rules.get(incident.rule)
    taken = draft.open_incident(incident.rule, key_of(incident.key)) is not None
    said = () if rule is None or taken else correlate.reopen(draft, meaning, incident.rule, incident.key, now)
    firing = _admitted(draft, meaning, said, now)
    if firing is not None and rule is not None:
        incidents.reopened(draft, meaning, rule, incident, firing, now)
    else:
        draft.put(Noted(now, "stays_closed", "its condition is over, or told otherwise", incident.id, incident.rule))
        draft.put(IncidentSet(replace(incident, reopens=None)))


def _admitted(draft: Draft, meaning: Meaning, said: tuple[Signal, ...], now: int) -> Fired | None:
    """The firing of these that the rule's gates let through now, whenever it happened."""
    anew = [replace(signal, wait=max(0, now - signal.happened)) if isinstance(signal, Fired) else signal
            for signal in said]
    passed = [one for signal in anew for one in gates.admit(draft, meaning, signal, now)]
    if len(passed) != 1 or isinstance(passed[0], Cleared):
        return None
    return inhibit.asked(draft, meaning, passed[0], now)


def _guarded(draft: Draft, rule: str, now: int, do: Callable[..., Any], *arguments: Any) -> Any:
    """Run one rule's part: if it fails, nothing of it holds and the others go on."""
    mark = draft.mark()
    try:
        return do(draft, *arguments)
    except Exception as error:  # noqa: BLE001 - whatever one rule raises must not stop another rule
        draft.back(mark)
        draft.put(Noted(now, "rule_error", f"{type(error).__name__}: {error}", rule=rule))
        return None
