"""Texts with names in rules and template files: what cannot be filled is refused where it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.book.content import find_problems
from tocsin.book.rules import RULE
from tocsin.book.template import FILTERS as TAKES
from tocsin.book.template import LONGEST_SOURCE, fault_of, names_in
from tocsin.delivery.templates import FILTERS, fill
from tocsin.settings import Settings

WRONG = [
    ("{{ 7*7 }}", "no arithmetic"), ("{% raw %}x{% endraw %}", 'no "raw"'), ("{{ name.upper() }}", "no calls"),
    ("{{ x | tojson }}", 'there is no filter "tojson"'), ("{{ site | uper }}", 'did you mean "upper"?'),
    ("{{ site", "a {{ has no }}"), ("site }}", "a {{ has no }}"), ("{% if a %}b", "is never ended"),
    ("{{ n | plural }}", "takes 2 to 3 values"), ("{{ n | shorten('a') }}", "takes a number"),
    ("{{ n | default(other) }}", "plain values"), ("{{ }}", "Expected an expression"),
]


@pytest.mark.parametrize("key", ["say", "advice"])
@pytest.mark.parametrize("text, sentence", WRONG)
def test_a_text_that_cannot_be_filled_is_refused_where_it_stands(read, key, text, sentence):
    """The place is that of the block that is wrong, not of the whole text."""
    _, findings = read(RULE, f'rule: a\n{key}: "Пожежа: {text}"\nwhen: {{event: {{type: x}}}}\nsay_: 1\n')
    found = next(finding for finding in findings if sentence in finding)
    assert found.startswith("f.yaml:2:")


def test_a_filter_is_repaired(read):
    """The nearest filter, and the line as it should be."""
    _, findings = read(RULE, 'rule: a\nsay: "A {{ b }} {{ site | uper }}"\nwhen: {event: {type: x}}\ntests: []')
    assert findings[0] == ('f.yaml:2:17: error: there is no filter "uper": did you mean "upper"?\n'
                           '    say: "A {{ b }} {{ site | upper }}"')


TEMPLATES = [
    ("page/telegram.uk.j2", "{{ say }}\n{{ 7*7 }}\n", "templates/page/telegram.uk.j2:2:1: error: templates have names"),
    ("page/sms.uk.j2", "a\n  {{ say | uper }}", "templates/page/sms.uk.j2:2:3: error: there is no filter"),
    ("pgae/sms.uk.j2", "x", 'the message "pgae" is unknown: did you mean "page"?'),
    ("page/smss.uk.j2", "x", 'the channel "smss" is unknown: did you mean "sms"?'),
    ("page/sms.ua.j2", "x", 'the language "ua" is unknown'),
    ("page/sms.uk.j2", "x" * (LONGEST_SOURCE + 1), "more than"),
]


@pytest.mark.parametrize("name, text, sentence", TEMPLATES, ids=[case[2] for case in TEMPLATES])
def test_a_template_file_that_cannot_be_used_is_an_error(home, name, text, sentence):
    """With file, line and column; also one whose name means that it would never be looked for."""
    assert sentence in "\n".join(str(found) for found in find_problems(home({f"templates/{name}": text}), Settings()))


def test_the_names_of_a_text():
    """Those of its own loops are none."""
    source = "{{ site }} {% for x in list %}{{ x.a }}{{ first.device | upper }}{% endfor %}{% if b %}{% endif %}"
    assert names_in(source) == ("site", "list", "first.device", "b")


PIECES = st.lists(st.sampled_from([
    "{{", "}}", "{%", "%}", "{#", "#}", " site ", "|", "upper", "plural", "('a','b')", "(", ")", " if ", " for ",
    " in ", " endfor ", " endif ", " raw ", "x.y", "1", "-", "'", '"', "Пожежа", "\n", "not ", "~", "[", "]",
    "shorten(5)", " else ", "default", "join"]), max_size=14).map("".join)


@given(PIECES)
def test_whatever_is_not_refused_can_be_filled(source):
    """With names that have values of every kind, and with names that have none."""
    if fault_of(source) is None:
        names_in(source)
        for names in ({}, {"site": "a", "x": {"y": "z"}}, {"site": ["a", "b"], "x": "c"}):
            assert isinstance(fill(source, names, html=False), str)
    else:
        assert fault_of(source).line >= 1


def test_every_filter_that_is_read_exists():
    """The reader and the renderer know the same filters."""
    assert TAKES.keys() == FILTERS.keys()
