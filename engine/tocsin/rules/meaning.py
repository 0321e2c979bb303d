"""What a book means: its rules and contacts, made ready for the core."""

import hashlib
from collections.abc import Callable

import msgspec

from tocsin.book.book import Book
from tocsin.book.contacts import Policy
from tocsin.book.rule import Rule, SeverityBy
from tocsin.rules.catalogue import Catalogue
from tocsin.rules.gates import Named, gates_of
from tocsin.rules.names import names_used
from tocsin.rules.operators.absence import AbsenceWord
from tocsin.rules.operators.average import AverageWord
from tocsin.rules.operators.change import change_word
from tocsin.rules.operators.condition import LATE
from tocsin.rules.operators.count import CountWord
from tocsin.rules.operators.event import EventWord
from tocsin.rules.operators.incident import IncidentWord
from tocsin.rules.operators.level import LevelWord
from tocsin.rules.operators.maximum import MaximumWord
from tocsin.rules.operators.minimum import MinimumWord
from tocsin.rules.operators.new import NewWord
from tocsin.rules.operators.sequence import SequenceWord
from tocsin.rules.operators.sum import SumWord
from tocsin.rules.operators.together import TogetherWord
from tocsin.rules.operators.window import WindowWord
from tocsin.rules.order import ranks_of

Word = EventWord | IncidentWord | WindowWord

WORDS: dict[str, Callable[[Rule, tuple[str, ...]], Word]] = {
    "event": EventWord, "incident": IncidentWord, "count": CountWord, "level": LevelWord,
    "average": AverageWord, "sum": SumWord, "minimum": MinimumWord, "maximum": MaximumWord,
    "change": change_word, "new": NewWord, "sequence": SequenceWord,
    "together": TogetherWord, "absence": AbsenceWord,
}
"""The words of ``when`` that have a meaning in this version."""

PLACE_NAMES = ("location.lat", "location.lon", "areas")
"""What the incident of a rule keeps whose policy asks by the place."""

_encode = msgspec.json.Encoder(order="deterministic").encode


def policies_named(rule: Rule) -> frozenset[str]:
    """Every policy that a rule may start."""
    chosen = rule.escalate_to
    return frozenset(chosen.values() if isinstance(chosen, dict) else chosen)


def _asks_by_place(policy: Policy) -> bool:
    targets = [target for step in policy.steps for target in step.to] + list(policy.last_resort.to)
    return any(target.kind in ("area_service", "commander") for target in targets)


class Meaning:
    """A book compiled for the core; immutable.

    ``order`` ranks rules so that every ``incident`` rule comes after the rule it follows; ``followers`` names the
    rules that follow a rule. ``receipts`` are the channels whose delivery receipts are awaited. ``gates`` holds the
    rules that have any; ``asked`` says by which fields the gates of others ask about a rule's incidents. ``named`` are
    the calendars and operations of the book, ``catalogue`` its declared event types.
    """

    def __init__(self, book: Book) -> None:
        self.book = book
        self.content = book.content
        self.catalogue = Catalogue(book.content)
        self.receipts = frozenset(book.content.receipts)
        self.rules: dict[str, Rule] = {rule.id: rule for rule in book.content.rules if rule.enabled}
        self.followers: dict[str, tuple[str, ...]] = {}
        for rule in self.rules.values():
            if rule.when.word == "incident" and rule.when.of in self.rules:
                self.followers[rule.when.of] = (*self.followers.get(rule.when.of, ()), rule.id)
        self.order = ranks_of(self.rules)
        named = self.named = Named(book.content)
        self._placed = frozenset(policy.id for policy in book.content.policies.values() if _asks_by_place(policy))
        self.gates = {rule.id: gates for rule in self.rules.values() if (gates := gates_of(rule, named)) is not None}
        self.asked: dict[str, tuple[tuple[str, ...], ...]] = {}
        for gates in self.gates.values():
            for other, same in gates.others:
                if same not in self.asked.get(other, ()):
                    self.asked[other] = (*self.asked.get(other, ()), same)
        self._hashes: dict[str, tuple[Policy, str]] = {}
        names = self._names()
        self.words: dict[str, Word] = {
            rule.id: WORDS[rule.when.word](rule, names[rule.id]) for rule in self.rules.values()}
        self.late = max([LATE, *(one.late for one in book.content.patience.values())])
        for word in self.words.values():
            word.wait_for(book.content.patience)
            if isinstance(word, WindowWord):
                word.read(book.content)
        for name, gates in self.gates.items():
            self.words[name].during = gates.during

    def policy(self, name: str) -> Policy | None:
        """The policy of this name in this book."""
        return self.content.policies.get(name)

    def policy_hash(self, policy: Policy) -> str:
        """The content hash under which a policy is kept while an escalation rests on it."""
        known = self._hashes.get(policy.id)
        if known is None or known[0] is not policy:
            known = self._hashes[policy.id] = (policy, hashlib.sha256(_encode(policy)).hexdigest()[:32])
        return known[1]

    def _names(self) -> dict[str, tuple[str, ...]]:
        """By rule what its incidents must know, for itself and for the rules that follow it."""
        found: dict[str, tuple[str, ...]] = {}
        for rule in sorted(self.rules, key=lambda one: -self.order[one]):
            names = self._own_names(rule).union(*(found[follower] for follower in self.followers.get(rule, ())))
            found[rule] = tuple(sorted(names))
        return found

    def _own_names(self, rule_id: str) -> set[str]:
        rule = self.rules[rule_id]
        names = set(names_used(rule)) | {field.name for field in rule.per if rule.when.word == "incident"}
        if rule.when.word == "incident":
            names |= {rule.clear.at} - {""}
            if isinstance(rule.severity, SeverityBy):
                names.add(rule.severity.field)
        if rule_id in self.gates:
            names.update(self.gates[rule_id].names)
        names.update(field for same in self.asked.get(rule_id, ()) for field in same)
        if self._placed & policies_named(rule):
            names |= {*PLACE_NAMES, "location"}
        return names
