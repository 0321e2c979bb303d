"""``expected:`` of ``absence``: the list whose keys should be heard, or ``seen``; and whether it fits the rule."""

from collections.abc import Mapping

from tocsin.book.book import Table
from tocsin.book.matches import ListName
from tocsin.book.node import Node, Scalar
from tocsin.book.report import Report, nearest
from tocsin.book.rule import Rule
from tocsin.book.shape import Json, Shape

SEEN = "seen"


class Expected(Shape[str]):
    """``lists/<name>.<column>`` or ``seen``; read as ``name.column`` or ``seen``."""

    what = "lists/<name>.<column>, or seen"
    listed = ListName()

    def read(self, node: Node, report: Report) -> str:
        if isinstance(node, Scalar) and node.text == SEEN:
            return SEEN
        if isinstance(node, Scalar) and not node.text.startswith("lists/") and nearest(node.text, [SEEN]) == SEEN:
            report.unknown(node.where, "the word", node.text, [SEEN])
        name = self.listed.read(node, report)
        if "." not in name:
            self.refuse(node, report, f"a list has several columns: say which of them names what should be heard, as "
                        f"lists/{name}.device")
        return name

    def schema(self) -> Json:
        return {"anyOf": [{"const": SEEN}, {"type": "string", "pattern": r"^lists/.+\..+$"}]}


EXPECTED: Shape[str] = Expected()


def expected_problem(rule: Rule) -> str:
    """A sentence about ``expected`` and ``per`` of an ``absence`` that do not fit, "" when nothing is wrong."""
    if rule.when.word != "absence":
        return ""
    if rule.per and not rule.when.expected:
        return ("absence: with per: needs expected:, the keys that should be heard: lists/<name>.<column>, or seen for "
                "those heard before")
    if not rule.per and rule.when.expected not in ("", SEEN):
        return ("expected: names a list, but without per: there is one silence for the whole rule: write per: with the "
                "field that tells the listed ones apart")
    return ""


def check_expected(rules: tuple[Rule, ...], lists: Mapping[str, Table], report: Report) -> None:
    """An error for every ``absence`` whose list cannot give the ``per`` fields."""
    for rule in rules:
        name, _, column = rule.when.expected.partition(".")
        table = lists.get(name)
        if rule.when.word != "absence" or table is None or len(rule.per) < 2:
            continue
        without = [field.name for field in rule.per if field.name not in table.columns]
        if len(without) > 1 or (without and column in {field.name for field in rule.per}):
            report.error(rule.where, f"the list {name} has no column {' and '.join(without)}, which per: asks for: a "
                         "key that was never heard must be given by its row")
