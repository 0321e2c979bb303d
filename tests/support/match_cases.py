"""Hypothesis strategies for matches, rules and events over one small vocabulary, so that they often meet."""

from hypothesis import strategies as st

from tocsin.book.book import AreaShape, Content, Site, Table
from tocsin.book.match import AnyOf, Expect, FieldRef, Inside, Match, Near, NoneOf
from tocsin.book.rule import Clear, PerKey, Rule, When
from tocsin.domain.event import Event, Place

DAY = 86_400_000_000


def _square(name, west, south):
    corners = [[west, south], [west + 0.01, south], [west + 0.01, south + 0.01], [west, south + 0.01], [west, south]]
    return AreaShape(name, {"type": "Polygon", "coordinates": [corners]})


CONTENT = Content(
    site=Site(time_zone="Europe/Kyiv"),
    areas={"yard": _square("yard", 37.0, 48.0), "12": _square("12", 37.005, 48.005)},
    lists={"watch": Table(("plate", "note", "from", "until"), (
        {"plate": "12", "note": "fire"},
        {"plate": " Fire ", "note": "x", "from": "1970-01-02"},
        {"plate": "smoke", "note": "1.5", "until": "1970-01-02"},
        {"plate": "yard", "note": "true", "from": "1970-01-02T06:00:00+00:00", "until": "1970-01-03T00:00:00+02:00"},
    ))},
)

FIELDS = ["type", "site", "device", "status", "zone", "value", "tags", "data.type", "deep.er", "areas", "missing"]
TEXTS = ["fire", "Fire", "smoke", "alarm.panic", "alarm.fire.hot", "alarm", "yard", "12", "1.5", "true", "resolved", ""]
PATTERNS = ["fire", "alarm.*", "alarm.fire.*", "*", "f?re", "*i*e", "a*.*t", "[", ""]
REGEXES = ["fire", "(?:alarm|fire).*", "[a-z]+", ".*1.*", ""]

texts = st.sampled_from(TEXTS)
numbers = st.sampled_from([0, 1, 1.0, 1.5, 12, 12.0, -3, 2**53, 2**53 + 1, float(2**53), 10**23, 1e23])
scalars = texts | numbers | st.booleans()
types = st.sampled_from(["alarm", "alarm.panic", "alarm.fire.hot", "alarm.", "fire", "alarm.*"])
values = (scalars | st.none() | st.just(float("nan")) | st.lists(scalars | st.none(), max_size=3)
          | st.just({"er": "fire"}) | st.just({"er": 12}))

expects = st.one_of(
    st.builds(Expect, st.sampled_from(FIELDS), st.sampled_from(["is", "not"]),
              scalars | types | st.none() | st.sampled_from(["alarm.*", "alarm.fire.*"]), st.booleans()),
    st.builds(Expect, st.sampled_from(FIELDS), st.sampled_from(["any_of", "not_in", "is"]),
              st.lists(scalars | st.none() | st.just("alarm.*"), min_size=1, max_size=3).map(tuple), st.booleans()),
    st.builds(Expect, st.sampled_from(FIELDS), st.sampled_from(["above", "at_least", "below", "at_most"]), numbers),
    st.builds(Expect, st.sampled_from(FIELDS),
              st.sampled_from(["is", "not", "in", "not_in", "any_of", "above", "at_least", "below", "at_most"]),
              st.sampled_from(FIELDS).map(FieldRef), st.booleans()),
    st.builds(Expect, st.sampled_from(FIELDS), st.sampled_from(["in", "not_in"]),
              st.sampled_from(["watch", "watch.note", "watch.plate"]), st.booleans()),
    st.builds(Expect, st.sampled_from(FIELDS), st.sampled_from(["contains"]), scalars, st.booleans()),
    st.builds(Expect, st.sampled_from(FIELDS), st.sampled_from(["starts_with", "ends_with"]), texts, st.booleans()),
    st.builds(Expect, st.sampled_from(FIELDS), st.just("like"), st.sampled_from(PATTERNS), st.booleans()),
    st.builds(Expect, st.sampled_from(FIELDS), st.just("matches"), st.sampled_from(REGEXES), st.booleans()),
    st.builds(Expect, st.sampled_from(FIELDS), st.just("exists"), st.booleans()),
)
equalities = st.builds(Expect, st.sampled_from(["type", "site", "zone", "value"]), st.just("is"), scalars | types)
places = st.builds(Inside, st.sampled_from(["yard", "12", FieldRef("zone")])) | st.builds(
    Near, st.sampled_from([(48.0, 37.0), (48.012, 37.0), "yard"]),
    st.sampled_from([0.5, 300.0, 2000.0, FieldRef("value")]))
leaves = st.one_of(expects, expects, equalities, equalities, places)


def _nest(clauses):
    matches = st.lists(clauses, max_size=2).map(lambda some: Match(tuple(some)))
    branches = st.lists(matches, min_size=1, max_size=3).map(tuple)
    return st.builds(AnyOf, branches) | st.builds(NoneOf, branches)


clauses = st.recursive(leaves, _nest, max_leaves=4)
matches = st.lists(clauses, max_size=4).map(lambda some: Match(tuple(some)))



def _near_misses(value):
    """The value, and those that a careless comparison takes for it."""
    if isinstance(value, bool):
        return [value, int(value), str(value).lower()]
    if isinstance(value, int | float):
        return [value, float(value), int(value), str(value), bool(value), value + 1]
    if isinstance(value, str):
        return [value, value.swapcase(), f" {value} ", value + ".more", value.removesuffix(".*") + ".x", [value, value]]
    return [value]


def _mentioned(match, found):
    """Field → the values that a match compares it with, with their near misses."""
    for clause in match.clauses:
        if isinstance(clause, Expect):
            wanted = clause.value if isinstance(clause.value, tuple) else (clause.value,)
            found.setdefault(clause.field, []).extend(
                miss for value in wanted if not isinstance(value, FieldRef) for miss in _near_misses(value))
        elif isinstance(clause, AnyOf | NoneOf):
            for inner in clause.matches:
                _mentioned(inner, found)
    return found


@st.composite
def events_for(draw, asked):
    """An event whose fields are mostly the values, or near misses of the values, that the matches ask for."""
    found = {}
    for match in asked:
        _mentioned(match, found)

    def value(field, otherwise, only=object):
        fitting = [one for one in found.get(field, []) if isinstance(one, only)]
        if fitting and draw(st.integers(0, 4)):
            one = draw(st.sampled_from(fitting))
            if only is object and draw(st.integers(0, 4)) == 0:
                return draw(st.sampled_from([[one], [one, one], ["other", one], [None, one]]))
            return one
        return draw(otherwise)

    data = {}
    for field in ("zone", "value", "tags"):
        if field in found or draw(st.booleans()):
            data[field] = value(field, values)
    if "data.type" in found:
        data["type"] = value("data.type", values)
    if "deep.er" in found:
        inner = value("deep.er", values)
        data.update({"deep.er": inner} if draw(st.booleans()) else {"deep": {"er": inner}})
    return Event(
        id="1", source="s", received=0, data=data,
        type=value("type", types, str), site=value("site", st.none() | texts, str),
        device=value("device", st.none() | texts, str),
        time=draw(st.sampled_from([0, DAY - 2 * 3600 * 10**6 - 1, DAY - 2 * 3600 * 10**6, DAY + DAY // 4,
                                   2 * DAY - 3 * 3600 * 10**6, 2 * DAY - 3 * 3600 * 10**6 - 1, 3 * DAY])),
        status=draw(st.sampled_from([None, "firing", "resolved"])),
        location=draw(st.none() | st.builds(
            Place, st.sampled_from([48.0, 48.005, 48.011, 50.0]), st.sampled_from([37.0, 37.005, 37.02]),
            st.sampled_from([None, 0.0, 100.0, 1500.0, -5.0]))),
        areas=draw(st.sampled_from([(), ("yard",), ("12", "yard")])),
    )


@st.composite
def rule_books(draw, size=6):
    """Up to ``size`` rules with unique ids."""
    rules = []
    for number in range(draw(st.integers(1, size))):
        when = draw(st.builds(When, word=st.just("event"), match=matches) | st.just(When("incident", of="rule-0")))
        clear = draw(st.just(Clear()) | st.builds(Clear, when=matches))
        rules.append(Rule(id=f"rule-{number}", say="…", when=when, clear=clear, enabled=draw(st.integers(0, 9)) > 0))
    return rules


@st.composite
def meetings(draw):
    """A rule book with events that mostly concern it."""
    rules = draw(rule_books())
    asked = [rule.when.match for rule in rules] + [rule.clear.when for rule in rules if rule.clear.when is not None]
    return rules, draw(st.lists(events_for(asked), min_size=1, max_size=4))


@st.composite
def encounters(draw):
    """A match with an event that mostly concerns it."""
    match = draw(matches)
    return match, draw(events_for([match]))


@st.composite
def equal_fields(draw):
    """A rule book of plain equalities, many of them on the same values: the index's own ground."""
    wanted = scalars | st.just("alarm.*") | st.lists(scalars, min_size=1, max_size=3).map(tuple)
    folded = st.integers(0, 5).map(lambda number: number == 0)
    clause = st.builds(Expect, st.sampled_from(["type", "site", "zone", "value", "tags"]),
                       st.sampled_from(["is", "any_of"]), wanted, folded) | st.just(Inside("yard"))
    plain = st.lists(clause, max_size=4).map(lambda some: Match(tuple(some)))
    asked = draw(st.lists(plain, min_size=1, max_size=12))
    per = draw(st.sampled_from([(), (PerKey("site"),)]))
    rules = [Rule(id=f"rule-{number}", say="…", when=When("event", match=match), per=per)
             for number, match in enumerate(asked)]
    return rules, draw(st.lists(events_for(asked), min_size=1, max_size=4))
