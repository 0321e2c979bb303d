"""``when:``: exactly one word, its parameters, and what may stand beside any word."""

from typing import Any

from tocsin import __version__
from tocsin.book.fields import FIELD, OrField
from tocsin.book.matches import MATCH
from tocsin.book.node import Mapping, Node
from tocsin.book.report import Report, Unreadable, nearest
from tocsin.book.rule import When
from tocsin.book.scalars import Duration, Name
from tocsin.book.shape import Field, Json, Many, Record, Shape

WORDS = ("event", "count", "absence", "sequence", "together", "level", "average", "sum", "minimum", "maximum", "change",
         "new", "incident")
"""The words of the language, exactly one in a ``when``."""

BUILT_WORDS: frozenset[str] = frozenset({"event", "incident"})
"""The words that this version knows how to run."""

PARAMETERS = {
    "event": ("member",), "incident": (), "count": ("at_least", "within", "distinct", "near"),
    "absence": ("expected",), "sequence": ("near",), "together": ("within", "near"),
    "level": ("of", "levels", "holds", "above", "at_least", "below", "at_most", "is", "stale_after"),
    "average": ("of", "over", "samples", "above", "at_least", "below", "at_most", "is", "stale_after"),
    "sum": ("of", "over", "samples", "above", "at_least", "below", "at_most", "is", "stale_after"),
    "minimum": ("of", "over", "samples", "above", "at_least", "below", "at_most", "is", "stale_after"),
    "maximum": ("of", "over", "samples", "above", "at_least", "below", "at_most", "is", "stale_after"),
    "change": ("of", "rises", "falls", "within", "from", "to", "samples", "stale_after"), "new": ("of", "over"),
}
"""What may stand beside each word, ``for`` apart, which may stand beside any."""


def _when(values: dict[str, Any]) -> When:
    word = next(word for word in WORDS if word in values)
    if word == "incident":
        return When("incident", of=values["incident"], for_=values.get("for"))
    return When(word, values[word], values.get("member", ()), for_=values.get("for"))


class WhenShape(Shape[When]):
    what = "when: {event: {type: …}}"
    record: Record[When] = Record("when:", {
        "event": Field(MATCH, about="fires on each matching event"),
        "incident": Field(Name("rule"), about="another rule's incident is active"),
        "member": Field(Many(FIELD, single=True, least=1), about="the fields that tell the senders of a key apart"),
        "for": Field(OrField(Duration()), about="fires when still active that much later"),
    }, _when)

    def read(self, node: Node, report: Report) -> When:
        if not isinstance(node, Mapping):
            self.refuse(node, report, f"when: takes one of the words {', '.join(WORDS)}, as {{event: {{type: …}}}}")
        written = [key for key, _ in node.entries if key.text in WORDS]
        unbuilt = [key for key in written if key.text not in BUILT_WORDS]
        for key in unbuilt:
            report.error(key.where, f'the word "{key.text}" is part of the language but not yet built in version '
                         f"{__version__}, which knows {' and '.join(sorted(BUILT_WORDS))}")
        if len(written) > 1:
            report.error(written[1].where, f"when: takes one word, not {' and '.join(key.text for key in written)}: "
                         "make two rules, or a rule on another's incident")
        if not written:
            self._no_word(node, report)
        if len(written) != 1 or unbuilt:
            raise Unreadable
        allowed = {written[0].text, "for", *PARAMETERS[written[0].text]}
        wrong = [key for key, _ in node.entries if key.text not in allowed]
        for key in wrong:
            owners = [word for word in WORDS if key.text in PARAMETERS[word]]
            if owners:
                report.error(key.where, f'"{key.text}" belongs to {", ".join(owners)}, not to {written[0].text}')
            else:
                report.unknown(key.where, "the key", key.text, allowed)
        if wrong:
            raise Unreadable
        return self.record.read(node, report)

    def _no_word(self, node: Mapping, report: Report) -> None:
        near = next(((key, word) for key, _ in node.entries if (word := nearest(key.text, WORDS))
                     and key.text not in self.record.fields), None)
        if near is not None:
            report.unknown(near[0].where, "the word", near[0].text, WORDS)
            return
        inner = any(key.text in ("type", "site", "device") for key, _ in node.entries)
        report.error(node.where, f"when: needs one of the words {', '.join(WORDS)}"
                     + (": write when: {event: {…}} around this match" if inner else ""))

    def schema(self) -> Json:
        found = self.record.schema()
        found["oneOf"] = [{"required": [word]} for word in WORDS if word in BUILT_WORDS]
        found["$comment"] = "not built yet: " + ", ".join(word for word in WORDS if word not in BUILT_WORDS)
        return found


WHEN = WhenShape()
