"""A JSON array that JSON itself refuses, cut into its items by brackets, strings and commas alone.

What stands inside an item is not looked at: whoever decodes it finds out which ones are bad.
"""

import re
from collections.abc import Sequence

MOST_BRACKETS = 500_000
"""A broken array with more of them is refused as a whole: looking at each must not hold up other senders."""

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_NEXT_OUTSIDE = re.compile(rb'(?:[^"\[\]{},]++|' + _STRING + rb")*+", re.DOTALL)
_NEXT_INSIDE = re.compile(rb'(?:[^"\[\]{}]++|' + _STRING + rb")*+", re.DOTALL)
_CLOSES = {ord("["): ord("]"), ord("{"): ord("}")}
_COMMA, _QUOTE, _END = ord(","), ord('"'), ord("]")


class TornError(ValueError):
    """The items cannot be told apart; the text says why and at which byte, counted from 0."""


def cut_array(body: bytes) -> Sequence[bytes]:
    """The items of the array that the body is; TornError where nobody can say which they are. Linear in its size."""
    at = start = body.index(b"[") + 1
    items: list[bytes] = []
    open_: list[int] = []
    opened: list[int] = []
    for _ in range(MOST_BRACKETS):
        found = (_NEXT_INSIDE if open_ else _NEXT_OUTSIDE).match(body, at)
        assert found is not None
        at = found.end()
        if at == len(body):
            inside = f"the {'list' if open_[-1] == _CLOSES[ord('[')] else 'object'} begun at byte {opened[-1]}" \
                if open_ else "the array"
            raise TornError(f"the body ends at byte {at} inside {inside}")
        sign = body[at]
        if sign == _QUOTE:
            raise TornError(f"the text begun at byte {at} never ends")
        if sign in _CLOSES:
            open_.append(_CLOSES[sign])
            opened.append(at)
        elif open_:
            if sign != open_.pop():
                raise TornError(f"`{chr(sign)}` at byte {at} does not close the `{chr(body[opened[-1]])}` at byte "
                                f"{opened[-1]}")
            opened.pop()
        elif sign in (_COMMA, _END):
            items.append(body[start:at].strip(b" \t\r\n"))
            start = at + 1
            if sign == _END:
                return _whole(body, items, start)
        else:
            raise TornError(f"`{chr(sign)}` at byte {at} closes nothing")
        at += 1
    raise TornError(f"it has more than {MOST_BRACKETS} brackets and commas before byte {at}: send it in parts")


def _whole(body: bytes, items: list[bytes], end: int) -> Sequence[bytes]:
    if body[end:].strip(b" \t\r\n"):
        raise TornError(f"something follows the array at byte {end}")
    return () if items == [b""] else items
