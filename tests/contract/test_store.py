"""What every store must do, whatever database lies below it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.small_site import BOOK, NOON

from tocsin.core.board import Board, apply
from tocsin.domain.change import (
    ActivationSet,
    AddressSet,
    Change,
    IncidentSet,
    Noted,
    NotificationSet,
    PolicyKept,
    Suppressed,
    Timer,
    TimerDropped,
    TimerSet,
    WindowDropped,
    WindowSet,
)
from tocsin.domain.codec import encode
from tocsin.domain.entry import Entry
from tocsin.domain.errors import StoreRefusedError
from tocsin.domain.incident import Activation, Incident
from tocsin.domain.notification import Address, Notification
from tocsin.store import Store, open_store

Open = Callable[[], Store]


@pytest.fixture(params=["sqlite"])
def open_again(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Opens the same store each time; the one before must be closed."""
    path = tmp_path_factory.mktemp("store") / "tocsin.db"
    opened: list[Store] = []

    def open_() -> Store:
        opened.append(open_store(path))
        return opened[-1]

    yield open_
    opened[-1].close()


def entry(position: int, *changes: Change, **more: Any) -> Entry:
    return Entry(position, NOON + position, "arrival", b"{}", None, changes, **more)


def write(store: Store, *entries: Entry) -> bool:
    store.begin()
    outbox = store.write(entries)
    store.commit()
    return outbox


def rows(store: Store, text: str) -> list[Any]:
    with store.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(text)]


def test_what_is_committed_is_read_and_the_rest_is_not(open_again: Open) -> None:
    """Readers see whole transactions; a rollback leaves nothing."""
    store = open_again()
    store.begin()
    store.write([entry(1, TimerSet(Timer("t", 1, "window", "x")))])
    assert rows(store, "SELECT position FROM journal") == []
    store.commit()
    assert rows(store, "SELECT position FROM journal") == [(1,)]
    store.begin()
    store.write([entry(2)])
    store.rollback()
    store.close()
    restored = open_again().restore()
    assert (restored.position, restored.at, list(restored.board.timers)) == (1, NOON + 1, ["t"])


def test_the_last_value_of_a_batch_is_the_one_kept(open_again: Open) -> None:
    """Each incident, timer and window is written once; dropped and set again counts as set."""
    store = open_again()
    write(store, entry(1, TimerSet(Timer("a", 1, "window", "x")), TimerSet(Timer("b", 1, "window", "x"))),
          entry(2, TimerDropped("a"), TimerSet(Timer("b", 2, "window", "x"))),
          entry(3, TimerSet(Timer("a", 3, "window", "x")), TimerDropped("b")))
    assert rows(store, "SELECT id, due FROM timers") == [("a", 3)]


def test_the_outbox_row_of_a_notification_is_in_the_same_transaction(open_again: Open) -> None:
    """Queued, due at once, with the rank of its severity."""
    store = open_again()
    note = Notification(id=5, kind="page", person="olena", channel="sms", created=NOON, incident=3, severity="high")
    assert write(store, entry(1, NotificationSet(note)))
    assert rows(store, "SELECT id, incident, state, due, tries, rank FROM outbox") == [(5, 3, "queued", NOON, 0, 3)]
    assert not write(store, entry(2))


def test_what_an_incident_rests_on_is_kept(open_again: Open) -> None:
    """Every position that touched it, once."""
    store = open_again()
    one = incident(1)
    write(store, entry(1, IncidentSet(one), ActivationSet(1, one.activation)), entry(2), entry(3, IncidentSet(one)))
    assert rows(store, "SELECT incident, position FROM evidence") == [(1, 1), (1, 3)]


def test_numbers_given_once_are_never_given_again(open_again: Open) -> None:
    """Touching an old incident does not take the counter back."""
    store = open_again()
    write(store, entry(1, *[IncidentSet(incident(n)) for n in (1, 2, 3)]))
    write(store, entry(2, IncidentSet(incident(1))))
    assert store.board().last_incident == 3


def test_a_book_is_kept_and_in_force(open_again: Open) -> None:
    """Also after opening again."""
    store = open_again()
    assert store.book() is None
    store.begin()
    store.put_book(BOOK, NOON)
    store.commit()
    store.close()
    again = open_again()
    assert again.book() == again.book(1) == BOOK
    assert again.last_book() == 1


def test_content_that_cannot_be_stored_is_refused_as_such(open_again: Open) -> None:
    """Not as trouble with the store: a number out of range, text that is no Unicode, a position given twice."""
    store = open_again()
    write(store, entry(1))
    for bad in (entry(2, TimerSet(Timer("t", 2**80, "window", "x"))), entry(2, reason="\ud800"), entry(1)):
        store.begin()
        with pytest.raises(StoreRefusedError):
            store.write([bad])
        store.rollback()
    write(store, entry(2))


def test_identities_are_read_back_in_order(open_again: Open) -> None:
    """Only those that something can repeat, only since an instant."""
    store = open_again()
    write(store, *[entry(n, identity=bytes([n]) * 25 if n % 2 else b"") for n in range(1, 8)])
    expected = [n.to_bytes(8, "big") + (NOON + n).to_bytes(8, "big") + bytes([n]) * 25 for n in (3, 5, 7)]
    assert b"".join(store.identities(NOON + 3)) == b"".join(expected)


def incident(number: int, **more: Any) -> Incident:
    return Incident(id=number, rule="r", key={"site": str(number)}, book=1, severity="high", opened=NOON,
                    activation=Activation(1, NOON, NOON, 1), **more)


names = st.sampled_from(["a", "b", "c"])
small = st.integers(0, 3)
changes = st.one_of(
    st.builds(lambda n, due, lane: TimerSet(Timer(n, due, lane, "k")), names, small,
              st.sampled_from(["window", "escalation"])),
    st.builds(TimerDropped, names),
    st.builds(lambda r, k, v: WindowSet(r, k, {"value": v}), names, names, small),
    st.builds(WindowDropped, names, names),
    st.builds(lambda n, response, reopens: IncidentSet(incident(
        n, response=response, reopens=reopens, told={"z": "sms", "a": "telegram"})),
        st.integers(1, 4), st.sampled_from(["unanswered", "acknowledged", "closed"]), st.none() | small),
    st.builds(lambda n, m: ActivationSet(n, Activation(m, NOON, NOON, 1)), small, small),
    st.builds(lambda p, c, off: AddressSet(Address(p, c, off)), names, names, names),
    st.builds(lambda h, v: PolicyKept(h, {"v": v}), names, small),
    st.builds(lambda n: Noted(NOON, "said", n), names),
    st.builds(lambda n: Suppressed(NOON, "r", {"site": n}, "why", "high"), names),
)


def encoded(board: Board) -> dict[str, Any]:
    """Everything on a board, in one form whether it was restored or not."""
    return {
        "incidents": {n: one if isinstance(one, bytes) else encode(one) for n, one in sorted(board.incidents.items())},
        "open": dict(sorted(board.open.items())),
        "windows": {place: encode(body) for place, body in sorted(board.windows.items())},
        "timers": dict(sorted(board.timers.items())),
        "addresses": dict(sorted(board.addresses.items())),
        "policies": {name: encode(body) for name, body in sorted(board.policies.items())},
        "last": (board.last_incident, board.last_notification),
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(st.lists(changes, max_size=4), min_size=1, max_size=4), max_size=5),
       notes=st.lists(st.booleans(), max_size=5))
def test_whatever_happened_the_restored_board_is_the_one_in_memory(
        open_again: Open, batches: list[list[list[Change]]], notes: list[bool]) -> None:
    """Any sequence of batches of changes."""
    store = open_again()
    before = store.restore()
    board, position = before.board, before.position
    for index, batch in enumerate(batches):
        entries = []
        for listed in batch:
            position += 1
            decided = list(listed)
            if index < len(notes) and notes[index]:
                decided.append(NotificationSet(Notification(
                    id=board.last_notification + 1, kind="page", person="p", channel="sms", created=NOON,
                    severity="high")))
            apply(board, decided)
            entries.append(entry(position, *decided))
        write(store, *entries)
    restored = store.restore()
    assert encoded(restored.board) == encoded(board)
    assert restored.position == position
    store.close()
