"""``when:``: exactly one word, its parameters, and what may stand beside any word."""

from collections.abc import Callable
from typing import Any

from tocsin import __version__
from tocsin.book.compare import COMPARE, LEVEL, compare_of
from tocsin.book.expected import EXPECTED
from tocsin.book.fields import FIELD, OrField
from tocsin.book.matches import MATCH, Number
from tocsin.book.node import Mapping, Node, Scalar
from tocsin.book.report import Report, Unreadable, nearest
from tocsin.book.rule import When
from tocsin.book.scalars import Distance, Duration, Name, Whole, plain_value
from tocsin.book.shape import Field, Json, Many, Record, Shape
from tocsin.book.steps import NAMED_MATCHES, STEPS
from tocsin.domain.time import MINUTE

WORDS = ("event", "count", "absence", "sequence", "together", "level", "average", "sum", "minimum", "maximum", "change",
         "new", "incident")
"""The words of the language, exactly one in a ``when``."""

AGGREGATES = ("average", "sum", "minimum", "maximum")
MOST = 10_000
"""The most events that a window may be asked to hold."""
MOMENTARY_FOR = 15 * MINUTE

_BUILT = ("event", "incident", "count", "level", *AGGREGATES, "change", "new", "sequence",
          "together", "absence")

PARAMETERS = {
    "event": ("member",), "incident": (), "count": ("at_least", "within", "distinct", "near"),
    "absence": ("expected",), "sequence": ("near",), "together": ("within", "near"),
    "level": ("of", "levels", "holds", *COMPARE, "stale_after"),
    **dict.fromkeys(AGGREGATES, ("of", "over", "samples", *COMPARE, "stale_after")),
    "change": ("of", "rises", "falls", "within", "from", "to", "samples", "stale_after"), "new": ("of", "over"),
}
"""What may stand beside each word, ``for`` apart, which may stand beside any."""


class _Plain(Shape[Any]):
    """A value that a field may change from or to."""

    what = "a number, a text, true or false"

    def read(self, node: Node, report: Report) -> Any:
        return plain_value(self.scalar(node, report)) if isinstance(node, Scalar) else self.refuse(node, report)

    def schema(self) -> Json:
        return {"type": ["number", "string", "boolean"]}


_DURATION = OrField(Duration())
_MATCH = Field(MATCH, required=True, about="the events that the word hears")
_FOR = {"for": Field(_DURATION, about="fires when still active that much later")}
_OF = Field(FIELD, required=True, about="the field that holds the number")
_STALE = {"stale_after": Field(_DURATION, about="silence for so long ends it as \"no data\"")}
_NEAR = {"near": Field(Distance(), about="the events lie so close to the first; farther ones are another incident")}
_SAMPLES = {"samples": Field(Whole(1, MOST), about="judges only when there are so many")}


def _common(word: str, values: dict[str, Any], **own: Any) -> When:
    return When(word, values[word], for_=values.get("for"), stale_after=values.get("stale_after"), **own)


def _event(values: dict[str, Any]) -> When:
    return _common("event", values, member=values.get("member", ()))


def _incident(values: dict[str, Any]) -> When:
    return When("incident", of=values["incident"], for_=values.get("for"))


def _count(values: dict[str, Any]) -> When:
    return _common("count", values, at_least=values["at_least"], within=values["within"],
                   distinct=values.get("distinct", ""), near=values.get("near"))


def _level(values: dict[str, Any]) -> When:
    compare = compare_of(values)
    told = [name for name, there in (("a comparison", compare), ("levels:", values.get("levels")),
                                     ("holds:", "holds" in values)) if there]
    if len(told) != 1:
        raise ValueError("level: takes exactly one of a comparison, levels: and holds:"
                         + (f", not {' and '.join(told)} together" if told else ""))
    if ("of" in values) == ("holds" in values):
        raise ValueError("of: names the field that a comparison or levels: test: " + (
            "leave it out beside holds:, which is a match of its own" if "of" in values else "write of: temperature"))
    return _common("level", values, of=values.get("of", ""), compare=compare, levels=values.get("levels", ()),
                   holds=values.get("holds"))


def _aggregate(word: str) -> Callable[[dict[str, Any]], When]:
    def build(values: dict[str, Any]) -> When:
        compare = compare_of(values)
        if not compare:
            raise ValueError(f"{word}: needs a comparison beside it, such as above: 10")
        if isinstance(compare.get("is"), str | bool):
            raise ValueError(f"the {word} is a number: is: {compare['is']} can never be so")
        return _common(word, values, of=values["of"], over=values["over"], compare=compare,
                       samples=values.get("samples", 0))
    return build


def _change(values: dict[str, Any]) -> When:
    moves: list[str] = [name for name in ("rises", "falls") if name in values]
    turns: list[str] = [name for name in ("from", "to") if name in values]
    if len(moves) + bool(turns) > 1:
        raise ValueError(f"change: takes one of rises:, falls: and from:/to:, not {' and '.join(moves + turns)} "
                         "together: make two rules")
    if moves:
        by = values[moves[0]]
        if "within" not in values:
            raise ValueError(f"{moves[0]}: needs within: beside it, the time in which it {moves[0]} so much")
        if isinstance(by, int | float) and by <= 0:
            raise ValueError(f"{moves[0]}: {by} is so always: write how much, a number greater than zero")
        return _common("change", values, of=values["of"], within=values["within"], moves=moves[0],
                       compare={"at_least": by}, samples=values.get("samples", 0))
    odd = [name for name in ("within", "samples", "stale_after") if name in values]
    if odd:
        raise ValueError(f"{odd[0]}: belongs to rises: and falls:; a change from one value to another has none")
    if turns == ["from", "to"] and type(values["from"]) is type(values["to"]) and values["from"] == values["to"]:
        raise ValueError(f"from: and to: are both {values['from']}, which is no change")
    return _momentary(_common("change", values, of=values["of"], changes_from=values.get("from"),
                              changes_to=values.get("to")))


def _new(values: dict[str, Any]) -> When:
    return _momentary(_common("new", values, of=values["of"], over=values["over"]))


def _sequence(values: dict[str, Any]) -> When:
    return _momentary(When("sequence", steps=values["sequence"], for_=values.get("for"),
                           near=values.get("near")))


def _together(values: dict[str, Any]) -> When:
    return _momentary(When("together", named=values["together"], within=values["within"], for_=values.get("for"),
                           near=values.get("near")))


def _absence(values: dict[str, Any]) -> When:
    return When("absence", values["absence"], for_=values["for"], expected=values.get("expected", ""))


def _momentary(when: When) -> When:
    if isinstance(when.for_, int) and when.for_ > MOMENTARY_FOR:
        raise ValueError("for: is at most 15 min here: what happens in a moment is over 15 min later")
    return when


_RECORDS: dict[str, Record[When]] = {
    "event": Record("when:", {
        "event": Field(MATCH, required=True, about="fires on each matching event"),
        "member": Field(Many(FIELD, single=True, least=1), about="the fields that tell the senders of a key apart"),
        **_FOR}, _event),
    "incident": Record("when:", {
        "incident": Field(Name("rule"), required=True, about="another rule's incident is active"), **_FOR}, _incident),
    "count": Record("when:", {
        "count": _MATCH, "at_least": Field(OrField(Whole(1, MOST)), required=True, about="so many, or more"),
        "within": Field(_DURATION, required=True, about="both ends inside"),
        "distinct": Field(FIELD, about="counts its different values instead of the events"),
        **_NEAR, **_FOR}, _count),
    "level": Record("when:", {
        "level": _MATCH, "of": Field(FIELD, about="the field that holds the number"), **COMPARE,
        "levels": Field(Many(LEVEL, least=1), about="several levels with a severity each"),
        "holds": Field(MATCH, about="the newest event also matches this"), **_STALE, **_FOR}, _level),
    **{word: Record("when:", {
        word: _MATCH, "of": _OF, "over": Field(_DURATION, required=True, about="the time before each sample"),
        **COMPARE, **_SAMPLES, **_STALE, **_FOR}, _aggregate(word)) for word in AGGREGATES},
    "change": Record("when:", {
        "change": _MATCH, "of": _OF, "rises": Field(OrField(Number()), about="above the lowest by so much"),
        "falls": Field(OrField(Number()), about="below the highest by so much"),
        "within": Field(_DURATION, about="both ends inside"), "from": Field(_Plain(), about="the value before"),
        "to": Field(_Plain(), about="the value after"), **_SAMPLES, **_STALE, **_FOR}, _change),
    "new": Record("when:", {
        "new": _MATCH, "of": Field(FIELD, required=True, about="the field whose values are remembered"),
        "over": Field(_DURATION, required=True, about="for so long a value is remembered"), **_FOR}, _new),
    "sequence": Record("when:", {
        "sequence": Field(STEPS, required=True, about="the steps in order, each within its time since the one before"),
        **_NEAR, **_FOR}, _sequence),
    "together": Record("when:", {
        "together": Field(NAMED_MATCHES, required=True, about="names for matches, each to be met by another event"),
        "within": Field(_DURATION, required=True, about="from the first to the last, both ends inside"),
        **_NEAR, **_FOR}, _together),
    "absence": Record("when:", {
        "absence": _MATCH, "for": Field(_DURATION, required=True, about="so long after it was last heard"),
        "expected": Field(EXPECTED, about="the keys that should be heard: a list, or those seen before")}, _absence),
}

BUILT_WORDS: frozenset[str] = frozenset(_BUILT)
"""The words that this version knows how to run."""


class WhenShape(Shape[When]):
    what = "when: {event: {type: …}}"

    def read(self, node: Node, report: Report) -> When:
        if not isinstance(node, Mapping):
            self.refuse(node, report, f"when: takes one of the words {', '.join(WORDS)}, as {{event: {{type: …}}}}")
        written = [key for key, _ in node.entries if key.text in WORDS]
        unbuilt = [key for key in written if key.text not in BUILT_WORDS]
        for key in unbuilt:
            report.error(key.where, f'the word "{key.text}" is part of the language but not yet built in version '
                         f"{__version__}, which knows {', '.join(word for word in WORDS if word in BUILT_WORDS)}")
        if len(written) > 1:
            report.error(written[1].where, f"when: takes one word, not {' and '.join(key.text for key in written)}: "
                         "make two rules, or a rule on another's incident")
        if not written:
            self._no_word(node, report)
        if len(written) != 1 or unbuilt:
            raise Unreadable
        word = written[0].text
        allowed = {word, "for", *PARAMETERS[word]}
        wrong = [key for key, _ in node.entries if key.text not in allowed]
        for key in wrong:
            owners = [word for word in WORDS if key.text in PARAMETERS[word]]
            if (word, key.text) == ("sequence", "within"):
                report.error(key.where, "within: stands in each step of a sequence after the first, not beside it: "
                             "sequence: [{type: door.forced}, {type: motion, within: 5 min}]")
            elif owners:
                report.error(key.where, f'"{key.text}" belongs to {", ".join(owners)}, not to {word}')
            else:
                report.unknown(key.where, "the key", key.text, allowed)
        if wrong:
            raise Unreadable
        return _RECORDS[word].read(node, report)

    def _no_word(self, node: Mapping, report: Report) -> None:
        parameters = {name for names in PARAMETERS.values() for name in names} | {"for"}
        near = next(((key, word) for key, _ in node.entries if (word := nearest(key.text, WORDS))
                     and key.text not in parameters), None)
        if near is not None:
            report.unknown(near[0].where, "the word", near[0].text, WORDS)
            return
        inner = any(key.text in ("type", "site", "device") for key, _ in node.entries)
        report.error(node.where, f"when: needs one of the words {', '.join(WORDS)}"
                     + (": write when: {event: {…}} around this match" if inner else ""))

    def schema(self) -> Json:
        built = [word for word in WORDS if word in BUILT_WORDS]
        parts = {word: _RECORDS[word].schema() for word in built}
        found: Json = {"oneOf": [part | {"required": [word, *(name for name in part["required"] if name != word)]}
                                 for word, part in parts.items()]}
        later = [word for word in WORDS if word not in BUILT_WORDS]
        return found | ({"$comment": "not built yet: " + ", ".join(later)} if later else {})


WHEN = WhenShape()
