"""Repetitions and conflicting names, whether they lie in the dictionaries, on the way, or in the archive."""

from hashlib import blake2b

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.domain.time import DAY, HOUR, MINUTE, SECOND
from tocsin.loop.recent import UNTIMED, Recent

NOON = 1_795_000_000 * SECOND


def identity(name: int, content: int, *, untimed: bool) -> bytes:
    """As the loop packs it."""
    same = blake2b(bytes([name, content, untimed]), digest_size=16).digest()
    return same + blake2b(bytes([name]), digest_size=8).digest() + (UNTIMED if untimed else b"\0")


def packed(*rows: tuple[int, int, bytes]) -> bytes:
    return b"".join(position.to_bytes(8, "big") + at.to_bytes(8, "big") + one for position, at, one in rows)


class Plain:
    """The same by looking at everything: what is 24 h (5 min) old is forgotten."""

    def __init__(self) -> None:
        self.kept: list[tuple[bytes, int, int]] = []

    def find(self, one: bytes, now: int) -> int:
        life = 5 * MINUTE if one[24:] == UNTIMED else DAY
        return next((position for other, position, at in self.kept if other == one and at + life > now), 0)

    def named(self, one: bytes, now: int) -> bool:
        return any(other[16:24] == one[16:24] and at + (5 * MINUTE if other[24:] == UNTIMED else DAY) > now
                   for other, _, at in self.kept)


events = st.tuples(st.integers(0, 5), st.integers(0, 2), st.booleans(), st.sampled_from([0, 1, 7]),
                   st.sampled_from([0, SECOND, 4 * MINUTE, HOUR, 13 * HOUR]), st.integers(0, 6))


@settings(max_examples=300, deadline=None)
@given(steps=st.lists(events, max_size=60), past=st.lists(events, max_size=12), young=st.integers(1, 5))
def test_everything_is_recognised_for_its_time_and_no_longer(
        steps: list[tuple[int, int, bool, int, int, int]], past: list[tuple[int, int, bool, int, int, int]],
        young: int) -> None:
    """Against a plain list: with a past that was loaded, moves to the archive, undone batches, late screening."""
    recent, plain, now, position = Recent(young=young), Plain(), NOON, 0
    rows = []
    for name, content, untimed, _, passes, _ in past:
        now, position = now + passes, position + 1
        one = identity(name, content, untimed=untimed)
        if not plain.find(one, now):
            plain.kept.append((one, position, now))
            rows.append((position, now, one))
    recent.load([packed(*rows)], now)
    assert recent.settle()
    waiting: list[tuple[bytes, int, bool, int]] = []
    for name, content, untimed, undone, passes, wait in steps:
        now += passes
        one = identity(name, content, untimed=untimed)
        archived = recent.archived
        before, named = (recent.screen([one], now) or [(0, False)])[0]
        waiting.insert(max(0, len(waiting) - wait), (one, before, named, archived))
        one, before, named, archived = waiting.pop(0) if len(waiting) > 3 else waiting.pop()
        recent.expire(now)
        found, known = recent.look(one, before, named, archived, now)
        assert found == plain.find(one, now)
        assert known or not plain.named(one, now)
        if not found:
            position += 1
            recent.add(one, position, now)
            if undone == 7:
                recent.undo(position - 1)
                assert recent.look(one, *(recent.screen([one], now) or [(0, False)])[0], recent.archived, now)[0] == 0
            else:
                plain.kept.append((one, position, now))


def test_many_more_than_the_dictionaries_hold_are_recognised() -> None:
    """Moved on in the background, nothing falls between the two."""
    recent = Recent(young=500)
    recent.load([], NOON)
    recent.settle()
    ones = [blake2b(number.to_bytes(4, "big"), digest_size=24).digest() + b"\0" for number in range(5_000)]
    for position, one in enumerate(ones, 1):
        recent.expire(NOON)
        assert recent.look(one, 0, False, recent.archived, NOON)[0] == 0 or position < 500
        recent.add(one, position, NOON)
        if position % 700 == 0:
            recent.undo(position - 1)
            recent.add(one, position, NOON)
    assert max(len(one) for run in (recent.young, recent.old) for one in (run.positions, run.names, run.queue)) <= 500
    archived = recent.archived
    screened = recent.screen(ones, NOON)
    for position, (one, (before, named)) in enumerate(zip(ones, screened, strict=True), 1):
        assert recent.look(one, before, named, archived, NOON) == (position, True)
    assert recent.screen(ones[:1], NOON + DAY + 2 * SECOND)[0][0] == 0


def test_more_untimed_ones_than_can_be_kept_are_counted() -> None:
    """They are the only ones that may be forgotten before their time."""
    recent = Recent(untimed=10)
    recent.load([], NOON)
    recent.settle()
    for number in range(12):
        recent.add(identity(number, 0, untimed=True), number + 1, NOON)
    recent.expire(NOON)
    assert recent.forgotten == 2
    assert recent.look(identity(11, 0, untimed=True), 0, False, recent.archived, NOON)[0] == 12
