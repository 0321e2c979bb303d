"""``people:`` as Persons."""

from typing import Any

from tocsin.book.addresses import ChatId, Email, Phone, Webhook
from tocsin.book.contacts import Away, Person
from tocsin.book.moments import Moment, is_after
from tocsin.book.node import Mapping, Node
from tocsin.book.report import Report, Unreadable
from tocsin.book.scalars import Id, Name
from tocsin.book.shape import Field, Json, Many, Names, Record, Shape, Text, Word, named
from tocsin.book.targets import CHANNEL_GROUPS
from tocsin.domain.incident import SEVERITIES

LANGUAGES = ("uk", "ru", "en")
ADDRESS_KEYS = {"telegram": "telegram", "phone": "sms", "email": "email", "webhook": "webhook"}
SHARED = ("telegram", "phone", "email")
"""The keys of addresses that belong to one person."""
Groups = tuple[tuple[str, ...], ...]


def _away(values: dict[str, Any]) -> Away:
    if not is_after(values["from"], values["to"]):
        raise ValueError(f"this absence ends ({values['to']}) before it begins ({values['from']})")
    return Away(values["from"], values["to"], values.get("stand_in", ""))


AWAY: Record[Away] = Record("an absence", {
    "from": Field(Moment(), required=True), "to": Field(Moment(), required=True), "stand_in": Name("person"),
}, _away)


class By(Shape[dict[str, Groups]]):
    """Channels by severity; without severities the same for all."""

    what = "channels by severity, as {critical: [telegram + sms], low: [email]}"
    by_severity = Names(CHANNEL_GROUPS, key=Word(*SEVERITIES, what="the severity"))

    def read(self, node: Node, report: Report) -> dict[str, Groups]:
        if isinstance(node, Mapping):
            return self.by_severity.read(node, report)
        return dict.fromkeys(SEVERITIES, CHANNEL_GROUPS.read(node, report))

    def schema(self) -> Json:
        return {"anyOf": [CHANNEL_GROUPS.schema(), self.by_severity.schema()]}


_RECORD: Record[dict[str, Any]] = Record("a person", {
    "name": Field(Text("a name", prose=True), required=True), "language": Word(*LANGUAGES, what="the language"),
    "telegram": Field(ChatId(), about="the number of the user; leave it out for a /start link"),
    "phone": Phone(), "email": Email(),
    "webhook": Field(Webhook(), about="this person is a system, which takes messages there"),
    "skills": Many(Id("a skill"), single=True),
    "by": Field(By(), about="channels in turn, 1 min apart; + for at once"),
    "away": Many(AWAY, single=True),
    "feed": Field(Text("any text"), about="write another text to end the links to rosters that this person has"),
}, lambda values: values)


class PersonShape(Shape[Person]):
    what = "a person"

    def read(self, node: Node, report: Report) -> Person:
        values = _RECORD.read(node, report)
        addresses = {channel: values.pop(key) for key, channel in ADDRESS_KEYS.items() if key in values}
        person = Person(id="", addresses=addresses, where=node.where, **values)
        for skill in person.skills:
            report.know("skill", skill, node.where)
        self._check(person, node, report)
        self._check_own(person, node, report)
        return person

    def _check(self, person: Person, node: Node, report: Report) -> None:
        used = {channel for groups in person.by.values() for group in groups for channel in group}
        bad = False
        for key, channel in ADDRESS_KEYS.items():
            if channel in used and channel not in person.addresses:
                if channel == "telegram":
                    report.warn(node.where, f"{person.name} cannot be reached by telegram before opening a link that "
                                "`tocsin enrol` makes")
                else:
                    report.error(node.where, f"by: names {channel}, but {person.name} has no {key}:")
                    bad = True
        if not person.addresses:
            report.warn(node.where, f"{person.name} has neither phone:, email:, telegram: nor webhook: and cannot be "
                        "reached")
        if bad:
            raise Unreadable

    def _check_own(self, person: Person, node: Node, report: Report) -> None:
        """Two people with one number could not be told apart by their answers."""
        for key in SHARED:
            channel, part = ADDRESS_KEYS[key], node.get(key) if isinstance(node, Mapping) else None
            if part is None or channel not in person.addresses:
                continue
            address = person.addresses[channel].casefold()
            first = report.first(f"{key} of a person", address, part.where)
            if first is None:
                continue
            if key == "email":
                report.warn(part.where, f"{person.addresses[channel]} is also the address of the person at {first}: "
                            "whoever reads it gets both messages, and each link answers for the one it was sent to")
            else:
                report.error(part.where, f"{key}: {person.addresses[channel]} is also that of the person at {first}: "
                             "an answer from it could not be told apart; give each person their own, or make one "
                             "person of the two")

    def schema(self) -> Json:
        return _RECORD.schema()


PEOPLE: Names[Person] = Names(PersonShape(), what="people: by their ids", declares="person",
                              key=Id("the id of a person"), finish=named)
