"""``policies:`` as Policies: steps in turn, then the last resort."""

from typing import Any

from tocsin.book.contacts import LastResort, Need, Policy, Step
from tocsin.book.node import Node
from tocsin.book.report import Report, Unreadable
from tocsin.book.scalars import Duration, Id, Name, Whole
from tocsin.book.shape import Field, Json, Many, Names, Record, Shape, Word, named
from tocsin.book.targets import CHANNEL_GROUPS, TARGETS
from tocsin.domain.incident import SEVERITIES
from tocsin.domain.time import MINUTE

WAITING_ANSWER = 5 * MINUTE
"""``answer_within`` of a step with ``wait_for`` that names none."""

NEEDS: Shape[tuple[Need, ...]] = Many(Record("a need", {
    "accepted": Field(Whole(1, 1000), required=True), "skill": Name("skill"),
    "kind": Field(Name("service kind"), about="who serve in a service of this kind"),
}, lambda values: Need(values["accepted"], values.get("skill", ""), values.get("kind", ""))), single=True, least=1)
_ONLY: Record[dict[str, tuple[str, ...]]] = Record("only:", {
    "severity": Field(Many(Word(*SEVERITIES, what="the severity"), single=True, least=1), required=True),
}, lambda values: values)
_WAIT: Record[str] = Record("wait_for:", {"calendar": Field(Name("calendar"), required=True)},
                            lambda values: values["calendar"])


def _step(values: dict[str, Any]) -> Step:
    if "answer_within" not in values and "wait_for" not in values:
        raise ValueError("a step needs answer_within:, the time after which the next step begins, such as 60s")
    if "wait_for" in values and values.get("only", {}).get("severity") == ("critical",):
        raise ValueError("wait_for: never holds a critical incident, and this step is for critical ones only: take one "
                         "of the two away")
    return Step(values["to"], values.get("answer_within", WAITING_ANSWER), values.get("by", ()),
                values.get("need", ()), values.get("only", {}), values.get("wait_for", ""))


STEP: Record[Step] = Record("a step", {
    "to": Field(TARGETS, required=True, about="whom to ask"),
    "answer_within": Field(Duration(), about="the time after which the next step begins"),
    "by": Field(CHANNEL_GROUPS, about="channels instead of the person's own"),
    "need": Field(NEEDS, about="how many must accept"),
    "only": Field(_ONLY, about="for these severities only"),
    "wait_for": Field(_WAIT, about="held until this calendar is open; never for critical"),
}, _step)
LAST_RESORT: Record[LastResort] = Record("last_resort:", {
    "to": Field(TARGETS, required=True), "by": CHANNEL_GROUPS, "every": Field(Duration(), required=True),
}, lambda values: LastResort(values["to"], values["every"], values.get("by", ())))
_RECORD: Record[dict[str, Any]] = Record("a policy", {
    "steps": Field(Many(STEP, least=1), required=True),
    "repeat": Field(Whole(0, 100), about="more rounds of the steps"),
    "need": Field(NEEDS, about="for every step that has none"),
    "last_resort": Field(LAST_RESORT, required=True, about="told again and again until somebody answers"),
    "after_answer": Record("after_answer:", {"remind": Duration(), "reopen": Duration()}, lambda values: values),
}, lambda values: values)


class PolicyShape(Shape[Policy]):
    what = "a policy"

    def read(self, node: Node, report: Report) -> Policy:
        values = _RECORD.read(node, report)
        after = values.pop("after_answer", {})
        return Policy(id="", where=node.where, **values, **after)

    def schema(self) -> Json:
        return _RECORD.schema()


class _PolicyId(Id):
    def read(self, node: Node, report: Report) -> str:
        name = super().read(node, report)
        if name == "board":
            report.error(node.where, '"board" means the board itself: give the policy another name')
            raise Unreadable
        return name


POLICIES: Names[Policy] = Names(PolicyShape(), what="policies: by their ids", declares="policy",
                                key=_PolicyId("the id of a policy"), finish=named)
