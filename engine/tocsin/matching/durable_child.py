"""The process in which durable-rules runs: it may crash or hang there as it likes.

Reads length-prefixed requests from standard input and answers each on what was standard output. Stateless: every
event is asserted as a fact, its firings are drained, and the fact is retracted. The alarm signal ends the process
when one request takes too long, even inside C code and even when nobody is left to kill it.
"""

import json
import os
import resource
import signal
import struct
import sys
from typing import Any, BinaryIO

from msgspec.structs import replace

from tocsin.domain.event import RESOLVED
from tocsin.matching.durable_talk import Answer, Judge, Load, Plan, Prove, Request, decode_request, encode
from tocsin.matching.properties import Property, default_of, properties_of, to_json
from tocsin.matching.shards import Shard, plan_shards

LONGEST_REQUEST = 120
"""Seconds after which a request ends the process; the parent is less patient."""

MOST_MEMORY = 4 * 1024**3


class Ruleset:
    """One shard as a live ruleset of durable-rules.

    Never deleted but with its process: ``delete_state`` corrupts the heap, ``delete_ruleset`` without it leaks.
    """

    def __init__(self, engine: Any, shard: Shard) -> None:
        self._engine = engine
        self.properties: dict[str, Property] = shard.properties
        self.resolved = shard.resolved
        self.uses = {rule.number: frozenset(rule.properties) for rule in shard.rules}
        rules = {f"r{rule.number}": rule.rule for rule in shard.rules}
        self._handle = engine.create_ruleset(shard.name, json.dumps(rules, ensure_ascii=False))

    def fired(self, identity: str, properties: dict[str, Any]) -> set[int]:
        """The numbers of the rules that fire on these properties."""
        engine, handle = self._engine, self._handle
        fact = to_json({"id": identity, **properties})
        numbers: set[int] = set()
        code, offset = engine.assert_fact(handle, fact)
        if code == 0:
            result = engine.start_action_for_state(handle, offset)
            firing = result and result[1]
            while firing:
                numbers.add(int(next(iter(json.loads(firing)))[1:]))
                firing = engine.complete_and_start_action(handle, offset)
            engine.retract_fact(handle, fact)
        elif code != 1:
            raise RuntimeError(f"durable-rules answered {code} to a fact")
        return numbers


class Judges:
    """All live rulesets, by the event types that they are asked of."""

    def __init__(self, engine: Any, shards: tuple[Shard, ...]) -> None:
        self._always: list[Ruleset] = []
        self._by_type: dict[str, list[Ruleset]] = {}
        self._count = 0
        for shard in shards:
            if not shard.rules:
                continue
            ruleset = Ruleset(engine, shard)
            if shard.types is None:
                self._always.append(ruleset)
            for kind in shard.types or ():
                self._by_type.setdefault(kind, []).append(ruleset)

    def judge(self, request: Judge) -> Answer:
        differ: list[tuple[int, int, bool]] = []
        unsound = 0
        for place, (event, found) in enumerate(zip(request.events, request.found, strict=True)):
            expected, fired, skipped = set(found), set[int](), set[int]()
            for ruleset in [*self._by_type.get(event.type, ()), *self._always]:
                if ruleset.resolved and event.status != RESOLVED:
                    continue
                properties, doubtful = properties_of(event, ruleset.properties)
                self._count += 1
                fired |= ruleset.fired(f"e{self._count}", properties)
                if doubtful:
                    skipped |= {number for number, uses in ruleset.uses.items() if uses & doubtful}
            unsound += len(skipped)
            differ += [(place, number, number in fired) for number in sorted((expected ^ fired) - skipped)]
        return Answer(differ=tuple(differ), unsound=unsound, memory=_memory())


def prove(engine: Any, shard: Shard) -> Answer:
    """Build a shard and put every rule's two examples to it."""
    ruleset = Ruleset(engine, shard)
    wrong = []
    blank = {name: default_of(one) for name, one in shard.properties.items()}
    for rule in shard.rules:
        if rule.number not in ruleset.fired(f"y{rule.number}", blank | rule.fits):
            wrong.append((0, rule.number, False))
        if rule.number in ruleset.fired(f"n{rule.number}", blank | rule.fails):
            wrong.append((0, rule.number, True))
    return Answer(differ=tuple(wrong), memory=_memory())


def _without(shard: Shard, numbers: tuple[int, ...]) -> Shard:
    return replace(shard, rules=tuple(rule for rule in shard.rules if rule.number not in numbers))


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Session:
    """What one process knows: the plan, then the live rulesets."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._shards: tuple[Shard, ...] = ()
        self._judges = Judges(engine, ())

    def answer(self, request: Request) -> Answer:
        match request:
            case Plan(slots=slots):
                plan = plan_shards(slots)
                self._shards = plan.shards
                numbers = tuple(tuple(rule.number for rule in shard.rules) for shard in plan.shards)
                return Answer(shards=numbers, left_out=plan.left_out, memory=_memory())
            case Prove(shard=number, without=without):
                return prove(self._engine, _without(self._shards[number], without))
            case Load(without=without):
                self._judges = Judges(self._engine, tuple(_without(shard, without) for shard in self._shards))
                return Answer(memory=_memory())
            case Judge():
                return self._judges.judge(request)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more."""
    session: Session | None = None
    while len(size := requests.read(4)) == 4:
        request = decode_request(requests.read(struct.unpack("<I", size)[0]))
        signal.setitimer(signal.ITIMER_REAL, LONGEST_REQUEST)
        try:
            if session is None:
                # Imported here, so that an import that fails is an answer.
                import durable_rules_engine

                session = Session(durable_rules_engine)
            answer = session.answer(request)
        except Exception as error:  # noqa: BLE001 - a supervised loop: the parent decides what an error means
            answer = Answer(problem=f"{type(error).__name__}: {error}")
        signal.setitimer(signal.ITIMER_REAL, 0)
        body = encode(answer)
        answers.write(struct.pack("<I", len(body)) + body)
        answers.flush()


def main() -> None:
    """Serve on the standard streams; whatever else prints goes to standard error."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
