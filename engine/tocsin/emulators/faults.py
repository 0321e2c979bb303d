"""Fault injection, one concept for all emulators: rules that say which request goes wrong and how.

A request is described by its *facts*, a flat mapping. Each emulator adds ``method``:

* Telegram: the method's name (``sendMessage``) and every parameter of the request;
* SMS: ``create`` and ``fetch`` with the request's parameters, ``outcome`` (what becomes of an accepted
  message), ``callback`` (its status callbacks) and ``incoming``, each with ``To``, ``From`` and ``Body``;
* e-mail: ``CONNECT``, ``EHLO``, ``STARTTLS``, ``AUTH``, ``MAIL``, ``RCPT``, ``DATA`` with ``sender``,
  ``recipient`` (RCPT) or ``recipients`` (DATA).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal, get_args

from tocsin.domain.errors import TocsinError
from tocsin.emulators.bell import Bell

Kind = Literal[
    "status",  # answer `status` and `body` (an object, the error's text, or "<…" for a proxy's page)
    "retry_after",  # 429 (SMTP: 451), come again in `retry_after` seconds
    "hang",  # say nothing until released or the client gives up; then the work is not done
    "slow",  # wait `seconds`, then do the work
    "drop",  # close the connection before the work
    "drop_after_accept",  # do the work, close the connection without an answer
    "outcome",  # SMS: the message ends as `outcome` ("failed", "undelivered") with `code` (30003…30008)
    "shuffle",  # SMS callbacks: the last status first
    "duplicate",  # SMS callbacks and incoming messages: each twice
    "lose",  # SMS callbacks and incoming messages: never
]
KINDS: tuple[str, ...] = get_args(Kind)


class FaultError(TocsinError):
    """A fault rule that cannot be understood."""


@dataclass(eq=False, slots=True)
class Fault:
    """One rule; ``times`` is how often it still strikes (None: always), ``hits`` how often it did."""

    id: int
    match: dict[str, Any]
    kind: str
    times: int | None
    status: int
    body: Any
    seconds: float
    retry_after: int
    outcome: str
    code: int
    hits: int = 0
    released: bool = False

    def strikes(self, facts: Mapping[str, Any]) -> bool:
        """Whether every fact that the rule names has the rule's value; a list of facts may contain it."""
        for name, wanted in self.match.items():
            fact = facts.get(name)
            if isinstance(fact, list | tuple):
                if str(wanted) not in map(str, fact):
                    return False
            elif fact is None or str(fact) != str(wanted):
                return False
        return True


@dataclass(slots=True)
class Faults:
    """The fault rules of one emulator, tried in the order in which they were added."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    rules: list[Fault] = field(default_factory=list)
    _hanging: list[Fault] = field(default_factory=list)
    _bell: Bell = field(default_factory=Bell)
    _ids: Any = field(default_factory=lambda: count(1))

    def add(
        self,
        match: Mapping[str, Any] | None = None,
        kind: str = "status",
        *,
        times: int | None = 1,
        status: int = 500,
        body: Any = None,
        seconds: float = 1.0,
        retry_after: int = 1,
        outcome: str = "undelivered",
        code: int = 30003,
    ) -> Fault:
        """Add a rule; an empty ``match`` strikes every request, ``times=None`` strikes for ever."""
        if kind not in KINDS:
            raise FaultError(f'there is no fault "{kind}"; known are {", ".join(KINDS)}.')
        if times is not None and times < 1:
            raise FaultError(f"times is {times}; give a number from 1, or nothing for ever.")
        rule = Fault(next(self._ids), dict(match or {}), kind, times, status, body, seconds, retry_after, outcome, code)
        self.rules = [*self.rules, rule]
        return rule

    def take(self, facts: Mapping[str, Any]) -> Fault | None:
        """The first rule that strikes this request, counted down; None when all goes well."""
        if not self.rules:
            return None
        for rule in self.rules:
            if rule.strikes(facts):
                rule.hits += 1
                if rule.times is not None:
                    rule.times -= 1
                    if rule.times == 0:
                        self.rules = [other for other in self.rules if other is not rule]
                self._bell.ring()
                return rule
        return None

    async def hang(self, rule: Fault) -> None:
        """Stand still until ``release`` or ``clear``."""
        self._hanging.append(rule)
        self._bell.ring()
        try:
            await self._bell.wait_for(lambda: rule.released)
        finally:
            self._hanging.remove(rule)
            self._bell.ring()

    async def struck(self, rule: Fault, hits: int = 1, seconds: float = 10.0) -> bool:
        """Wait until the rule has struck ``hits`` times, and a ``hang`` really hangs.

        False when that has not come about within ``seconds``.
        """

        def seen() -> bool:
            return rule.hits >= hits and (rule.kind != "hang" or rule in self._hanging)

        return await self._bell.wait_for(seen, seconds)

    async def idle(self, seconds: float = 10.0) -> bool:
        """Wait until no request hangs any more; False when one still does after ``seconds``."""
        return await self._bell.wait_for(lambda: not self._hanging, seconds)

    def release(self, rule: Fault) -> None:
        """Let go what hangs on this rule, and remove the rule."""
        rule.released = True
        self.remove(rule.id)
        self._bell.ring()

    def release_id(self, rule_id: int) -> bool:
        """``release`` by id; False when no such rule waits or hangs."""
        for rule in (*self.rules, *self._hanging):
            if rule.id == rule_id:
                self.release(rule)
                return True
        return False

    def remove(self, rule_id: int) -> None:
        """Remove one rule; what hangs on it goes on hanging. Unknown ids are ignored."""
        self.rules = [rule for rule in self.rules if rule.id != rule_id]

    def clear(self) -> None:
        """Remove every rule and release everything that hangs."""
        rules, self.rules = [*self.rules, *self._hanging], []
        for rule in rules:
            rule.released = True
        self._bell.ring()
