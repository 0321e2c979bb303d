"""What a value is called when it is a key."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.rules.text import key_text


@pytest.mark.parametrize("value, texts", [
    ("school-12", ("school-12",)),
    # Blanks around it and the way of composing letters do not make another key.
    (" school-12\n", ("school-12",)),
    ("Й", ("Й",)),
    # 12 and "12" are the same key, a flag is its word.
    (12, ("12",)),
    ("12", ("12",)),
    (True, ("true",)),
    (False, ("false",)),
    # Numbers as written, in decimal, never with an exponent.
    (12.0, ("12.0",)),
    (0.1, ("0.1",)),
    (1e-7, ("0.0000001",)),
    (1e22, ("10000000000000000000000",)),
    # A list is one key per element, each once, in order.
    (["b", "a", " b ", 12, "12"], ("b", "a", "12")),
    (("yard",), ("yard",)),
    # Nobody.
    (None, ()),
    ([], ()),
    ([None, " "], ()),
    ("  ", ()),
    (math.nan, ()),
    # Objects, and lists in lists, are deterministic JSON.
    ({"b": 1, "a": "Київ"}, ('{"a":"Київ","b":1}',)),
    ([["a", 1]], ('["a",1]',)),
])
def test_key_text(value, texts):
    """A value has the key texts that a person would take for the same."""
    assert key_text(value) == texts


json = st.recursive(st.none() | st.booleans() | st.integers(-2**63, 2**63) | st.floats() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


@given(json)
def test_key_texts_are_stable(value):
    """Whatever comes as JSON has key texts; each is trimmed, not empty, comes once and is its own key text."""
    texts = key_text(value)
    assert len(set(texts)) == len(texts)
    for text in texts:
        assert key_text(text) == (text,)
