"""An array with items that JSON refuses: the others are still accepted, or the byte is said where nobody can tell."""

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.errors import EventError
from tocsin.sources import array
from tocsin.sources.array import TornError, cut_array
from tocsin.sources.body import UnreadableError, split_json
from tocsin.sources.raw import decode_raw

GOOD = b'{"type":"alarm.panic","text":"[a], {b} \\" \\\\"}'
BAD = [b'{"type":"x","text":"\\ud800"}', b"[" * 1200 + b"]" * 1200, b"NaN", b'{"type":"x","text":"\\x"}', b"",
       b'{"type":"x" "id":1}', b'{"type":"x","text":"a\nb"}', b'{"type":"x","text":"\xff"}', b"{}{}",
       b'{"type":"x","data":{"a":01}}']

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=8)
texts = st.one_of(values.map(lambda value: json.dumps(value).encode()), st.sampled_from(BAD), st.just(GOOD))
blanks = st.sampled_from([b"", b" ", b"\n\t", b"\r"])


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_what_json_refuses_is_one_item_and_the_others_are_read(bad: bytes) -> None:
    """The bad item stands at its own place and is refused when decoded, with a reason; its neighbours are events."""
    items = split_json(b"[" + b" , ".join([GOOD, bad, GOOD]) + b"]")
    assert len(items) == 3
    assert decode_raw(items[0]).type == decode_raw(items[2]).type == "alarm.panic"
    with pytest.raises(EventError, match=r".{10}"):
        decode_raw(items[1])


@pytest.mark.parametrize(("body", "place"), [
    (b'[{"a":1},{"a":"b}]', 14), (b'[{"a":1]},{"b":2}]', 7), (b"[1,2]]", 5), (b"[NaN,{}", 7), (b"[NaN},1]", 4),
    (b"[NaN,[1,2,{]", 11), (b'["\\ud800"][1]', 10)])
def test_where_items_cannot_be_told_apart_the_byte_is_said(body: bytes, place: int) -> None:
    """A text or bracket that never closes, or closes nothing, makes the whole array unreadable, at that byte."""
    with pytest.raises(UnreadableError, match=rf"told apart.* byte {place}\b"):
        split_json(body)


def test_a_broken_array_of_endless_brackets_is_refused_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not more brackets than the limit are looked at, however large the body."""
    monkeypatch.setattr(array, "MOST_BRACKETS", 1000)
    with pytest.raises(TornError, match="more than 1000 brackets"):
        cut_array(b"[" * 4_000_000)
    assert len(cut_array(b"[" + b'["a,b",1],' * 300 + b"1]")) == 301


@given(st.lists(st.tuples(blanks, texts, blanks), max_size=6))
def test_cutting_agrees_with_json_item_by_item(parts: list[tuple[bytes, bytes, bytes]]) -> None:
    """Cut or decoded, an array of these texts has exactly these texts as its items, in order."""
    body = b"[" + b",".join(b"".join(part) for part in parts) + b"]"
    expected = [text.strip(b" \t\r\n") for _, text, _ in parts]
    expected = [] if expected == [b""] else expected
    assert list(cut_array(body)) == expected
    assert [bytes(memoryview(item)) for item in split_json(body)] == expected


@given(st.lists(st.sampled_from([b'"', b"[", b"]", b"{", b"}", b",", b":", b"\\", b"1", b"a", b" ", b"\xd0"]),
                max_size=24))
def test_whatever_json_can_read_is_cut_as_json_reads_it(tokens: list[bytes]) -> None:
    """On any mixture of signs: never another error, nothing lost, and the same items where JSON reads an array."""
    body = b"[" + b"".join(tokens)
    try:
        items = cut_array(body)
    except TornError:
        items = None
    known: Any = None
    with suppress(ValueError, RecursionError):
        known = json.loads(body)
    if known is not None:
        assert items is not None
        assert [json.loads(item) for item in items] == known
        assert [msgspec.json.decode(item) for item in items] == known
    if items is not None:
        assert b",".join(items).replace(b" ", b"") == body.strip()[1:-1].replace(b" ", b"")
