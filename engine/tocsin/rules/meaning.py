"""What a book means: its rules and contacts, made ready for the core."""

import hashlib
from collections.abc import Callable

import msgspec

from tocsin.book.book import Book
from tocsin.book.contacts import Policy
from tocsin.book.rule import Rule, SeverityBy
from tocsin.rules.names import names_used
from tocsin.rules.operators.count import CountWord
from tocsin.rules.operators.event import EventWord
from tocsin.rules.operators.incident import IncidentWord
from tocsin.rules.operators.level import LevelWord
from tocsin.rules.operators.window import WindowWord

Word = EventWord | IncidentWord | WindowWord

WORDS: dict[str, Callable[[Rule, tuple[str, ...]], Word]] = {
    "event": EventWord, "incident": IncidentWord, "count": CountWord, "level": LevelWord,
}
"""The words of ``when`` that have a meaning in this version."""


_encode = msgspec.json.Encoder(order="deterministic").encode


class Meaning:
    """A book compiled for the core; immutable.

    ``order`` ranks rules so that every ``incident`` rule comes after the rule it follows; ``followers`` names the
    rules that follow a rule. ``receipts`` are the channels whose delivery receipts are awaited.
    """

    def __init__(self, book: Book) -> None:
        self.book = book
        self.content = book.content
        self.receipts = frozenset(book.content.receipts)
        self.rules: dict[str, Rule] = {rule.id: rule for rule in book.content.rules if rule.enabled}
        self.followers: dict[str, tuple[str, ...]] = {}
        for rule in self.rules.values():
            if rule.when.word == "incident" and rule.when.of in self.rules:
                self.followers[rule.when.of] = (*self.followers.get(rule.when.of, ()), rule.id)
        self.order = self._ranks()
        self._hashes: dict[str, tuple[Policy, str]] = {}
        self.words: dict[str, Word] = {
            rule.id: WORDS[rule.when.word](rule, self._names(rule.id)) for rule in self.rules.values()}

    def policy(self, name: str) -> Policy | None:
        """The policy of this name in this book."""
        return self.content.policies.get(name)

    def policy_hash(self, policy: Policy) -> str:
        """The content hash under which a policy is kept while an escalation rests on it."""
        known = self._hashes.get(policy.id)
        if known is None or known[0] is not policy:
            known = self._hashes[policy.id] = (policy, hashlib.sha256(_encode(policy)).hexdigest()[:32])
        return known[1]

    def _ranks(self) -> dict[str, int]:
        ranks: dict[str, int] = {}
        for position, rule in enumerate(self.rules.values()):
            if rule.when.word != "incident" or rule.when.of not in self.rules:
                self._rank(rule.id, position, ranks)
        return ranks

    def _rank(self, rule: str, rank: int, ranks: dict[str, int]) -> None:
        ranks[rule] = rank
        for follower in self.followers.get(rule, ()):
            self._rank(follower, rank + len(self.rules), ranks)

    def _names(self, rule_id: str) -> tuple[str, ...]:
        rule = self.rules[rule_id]
        names = set(names_used(rule)) | {field.name for field in rule.per if rule.when.word == "incident"}
        if rule.when.word == "incident":
            names |= {rule.clear.at} - {""}
            if isinstance(rule.severity, SeverityBy):
                names.add(rule.severity.field)
        for follower in self.followers.get(rule_id, ()):
            names.update(self._names(follower))
        return tuple(sorted(names))
