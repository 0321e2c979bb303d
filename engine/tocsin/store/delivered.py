"""Do messages and attempts agree with one another, and with the receipts and withdrawals in the journal?

What a provider said stands in no input; an outcome is believed when its attempt and its message say the same.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from tocsin.domain.input import Receipt
from tocsin.domain.notification import (
    CLEARED,
    CLOSED,
    DELIVERED,
    EXPIRED,
    FAILED_PERMANENT,
    FAILED_TEMPORARY,
    JOINED,
    QUEUED,
    READ,
    SENT,
    STARTED,
    TAKEN,
    UNKNOWN,
    WITHDRAWN,
)
from tocsin.store.statements import fetch

STATES = {QUEUED, STARTED, SENT, DELIVERED, READ, FAILED_PERMANENT, FAILED_TEMPORARY, UNKNOWN, EXPIRED, WITHDRAWN}
_ARRIVED = (SENT, DELIVERED, READ)
_NEWS = (CLEARED, CLOSED, JOINED)
_OUTBOX = "SELECT id, kind, created, due, state, tries, reason, provider_id FROM outbox ORDER BY id"
_ATTEMPTS = ('SELECT notification, id, number, started, ended, state, address, provider_id, detail, repeat, text, '
             "bundle FROM attempts ORDER BY notification, id")
_DUE = "SELECT due FROM outbox WHERE id = ?"
_WITHDRAWN = "SELECT reason FROM outbox WHERE id = ? AND state = 'withdrawn'"


class Message(Struct, frozen=True):
    """An outbox row."""

    id: int
    kind: str
    created: int
    due: int
    state: str
    tries: int
    reason: str | None
    provider_id: str | None


class Attempt(Struct, frozen=True):
    """One of its attempts."""

    id: int
    number: int
    started: int
    ended: int | None
    state: str
    address: str | None
    provider_id: str | None
    detail: str | None
    repeat: int
    text: str | None
    bundle: int


class Derived(Protocol):
    """What the journal says of messages."""

    @property
    def receipts(self) -> dict[int, list[Receipt]]: ...
    @property
    def shadow(self) -> Any: ...


def delivered(connection: Connection, derived: Derived | None) -> Iterator[str]:
    """A sentence for each row that contradicts another; without ``derived`` only what the tables themselves show."""
    attempts = fetch(connection, _ATTEMPTS)
    ahead = next(attempts, None)
    lists: dict[int, set[int]] = {}
    for values in fetch(connection, _OUTBOX):
        message = Message(*values)
        own: list[Attempt] = []
        while ahead is not None and ahead[0] <= message.id:
            if ahead[0] < message.id:
                yield f"attempts, id {ahead[1]}: notification is {ahead[0]}, which is not in the outbox."
            own.append(Attempt(*ahead[1:]))
            ahead = next(attempts, None)
        yield from _attempts(message, own)
        yield from _bundles(message, own, lists)
        receipts = () if derived is None else derived.receipts.get(message.id, ())
        if derived is not None and message.state == QUEUED and not own and message.due != message.created:
            due = next((row[0] for row in fetch(derived.shadow.connection, _DUE, (message.id,))), None)
            message = replace(message, created=message.due if due == message.due else message.created)
        reasons = None if derived is None else [row[0] for row in fetch(derived.shadow.connection, _WITHDRAWN,
                                                                       (message.id,))]
        yield from (f"outbox, id {message.id}: {said}" for said in _contradictions(message, own, receipts, reasons))
    if ahead is not None:
        yield f"attempts, id {ahead[1]}: notification is {ahead[0]}, which is not in the outbox."


def _attempts(message: Message, own: Sequence[Attempt]) -> Iterator[str]:
    before = message.created
    for number, one in enumerate(own, 1):
        place = f"attempts, id {one.id} (of notification {message.id}):"
        if one.number != number:
            yield f"{place} number is {one.number}, it is attempt {number}."
        if one.started < before:
            yield f"{place} started is {one.started}, which is before {before}, when the message could leave."
        if one.state not in STATES - {QUEUED, WITHDRAWN}:
            yield f"{place} state is {one.state}, which no attempt has."
        elif (one.ended is None) != (one.state == STARTED):
            yield f"{place} ended is {one.ended or 'empty'}, which does not go with its state {one.state}."
        if one.ended is not None and one.ended < one.started:
            yield f"{place} ended is {one.ended}, which is before it started ({one.started})."
        if one.state in (FAILED_PERMANENT, FAILED_TEMPORARY, UNKNOWN) and not one.detail:
            yield f"{place} detail is empty, but its state {one.state} has a reason."
        if message.kind != TAKEN and one.repeat != any(other.state == UNKNOWN for other in own[:number - 1]):
            yield f"{place} repeat is {one.repeat}, which is not what the attempts before it give."
        if not one.address or one.text is None:
            yield f"{place} {'text' if one.address else 'address'} is empty."
        before = one.started


def _bundles(message: Message, own: Sequence[Attempt], lists: dict[int, set[int]]) -> Iterator[str]:
    """``lists`` are the instants at which each list left, by its first message, as far as they were seen."""
    for one in own:
        if one.bundle == message.id:
            lists.setdefault(message.id, set()).add(one.started)
        known = lists.get(one.bundle, set())
        if one.bundle and (not known or (message.kind != TAKEN and one.started not in known)):
            yield (f"attempts, id {one.id} (of notification {message.id}): bundle is {one.bundle}, with which no list "
                   "began then.")


def _contradictions(message: Message, own: Sequence[Attempt], receipts: Sequence[Receipt],
                    withdrawn: Sequence[str | None] | None) -> Iterator[str]:
    """``withdrawn`` is the reason by which the journal withdraws the message, [] for none, None when not known."""
    state, reason = message.state, message.reason
    if state not in STATES:
        yield f"state is {state}, which no message has."
        return
    if message.kind == TAKEN:
        if message.tries < len({one.started for one in own}):
            yield f"tries is {message.tries}, which is less than its attempts."
        return
    if message.tries != len(own):
        yield f"tries is {message.tries}, there are {len(own)} attempts."
        return
    said = {(one.state, one.detail) for one in receipts}
    known = withdrawn is not None
    if state == WITHDRAWN:
        untold = message.kind in _NEWS and not withdrawn and reason
        if withdrawn is not None and reason not in withdrawn and not untold:
            yield f"state is withdrawn ({reason}), the journal gives {_or(withdrawn)}."
        return
    if state in (EXPIRED, FAILED_PERMANENT) and known and (state, reason or "") not in said and (
            not own or own[-1].state != state):
        yield f"state is {state} ({reason}), no receipt in the journal says so."
        return
    if not own:
        if state not in (QUEUED, EXPIRED, FAILED_PERMANENT):
            yield f"state is {state}, but no attempt was made."
        elif state == QUEUED and withdrawn:
            yield f"state is queued, the journal gives {_or(withdrawn)}."
        elif state == QUEUED and (reason or message.provider_id):
            name = "reason" if reason else "provider_id"
            yield f"{name} is {reason or message.provider_id}, but no attempt was made."
        elif state == QUEUED and message.kind not in _NEWS and message.due != message.created:
            yield f"due is {message.due}, it is to leave at once ({message.created})."
        return
    yield from _last(message, own, said if known else None, withdrawn or ())


def _last(message: Message, own: Sequence[Attempt], said: set[tuple[str, str]] | None,
          withdrawn: Sequence[str | None]) -> Iterator[str]:
    state, reason, last = message.state, message.reason, own[-1]
    ids = [one.provider_id for one in own if one.provider_id]
    if ids and message.provider_id != ids[-1]:
        yield (f"provider_id is {message.provider_id or 'empty'}, its last attempt (attempts, id {last.id}) has "
               f"{ids[-1]}.")
    if last.state == STARTED:
        if state != STARTED:
            yield f"state is {state}, but attempt {last.number} is in flight."
        elif reason and said is not None and reason not in withdrawn:
            yield f"reason is {reason}, but it was not withdrawn."
        return
    if state in (STARTED, QUEUED):
        yield f"state is {state}, its last attempt ended {last.state}."
        return
    if state in _ARRIVED:
        if last.state not in _ARRIVED and last.state != UNKNOWN:
            yield f"state is {state}, its last attempt ended {last.state}."
        elif last.state in _ARRIVED and last.state != state:
            yield f"state is {state}, its last attempt says {last.state}."
        elif state == DELIVERED and said is not None and DELIVERED not in {one for one, _ in said}:
            yield "state is delivered, no receipt in the journal says so."
        elif reason:
            yield f"reason is {reason}, but it arrived."
    elif state in (FAILED_TEMPORARY, UNKNOWN) and last.state != state:
        yield f"state is {state}, its last attempt ended {last.state}."
    elif state == EXPIRED and last.state in _ARRIVED:
        yield f"state is expired, its last attempt ended {last.state}."
    elif last.state == state and state != EXPIRED and (reason or "") != (last.detail or ""):
        yield f"reason is {reason or 'empty'}, its last attempt has {last.detail or 'empty'}."
    if state in (*_ARRIVED, FAILED_PERMANENT) and last.state == state and message.due < NEVER:
        yield f"due is {message.due}, but it is not tried again."


NEVER = 2**62


def _or(reasons: Sequence[str | None]) -> str:
    return f"withdrawn ({reasons[0]})" if reasons else "no withdrawal"
