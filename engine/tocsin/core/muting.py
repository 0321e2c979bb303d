"""What an operator asks to be muted, read and checked: a silence, or a sentence on what is wrong with it."""

from typing import Any

from tocsin.book.catalogue import PLATE, EventTypes, key_kind, types_of
from tocsin.book.kinds import constant
from tocsin.book.report import nearest
from tocsin.core.draft import Draft
from tocsin.domain.incident import RANK, Incident
from tocsin.domain.input import OperatorAction
from tocsin.domain.silence import Silence
from tocsin.domain.time import DAY, parse_instant
from tocsin.rules.gates import OPERATION
from tocsin.rules.meaning import Meaning
from tocsin.rules.near import NEAR
from tocsin.rules.text import key_text

KNOWN = ("rule", "key", "severity", "until", "reason")
LONGEST = 31 * DAY
"""What is to be silent for longer is a change of the rules."""


def wanted(draft: Draft, meaning: Meaning, item: OperatorAction, now: int) -> Silence | str:
    """The silence that an action asks for, or a sentence on what is wrong with it."""
    given = item.arguments
    unknown = [name for name in given if name not in KNOWN]
    if unknown:
        return f"{', '.join(unknown)} is unknown: known are {', '.join(KNOWN)}"
    rule = str(given.get("rule") or "").strip()
    key, severity = given.get("key") or {}, given.get("severity") or ()
    severities = (severity,) if isinstance(severity, str) else tuple(severity)
    if not isinstance(key, dict) or any(len(key_text(value)) != 1 for value in key.values()):
        return "key holds fields of the incident's key, each with one value"
    if wrong := [str(one) for one in severities if one not in RANK]:
        return f"{', '.join(wrong)} is no severity: known are {', '.join(RANK)}"
    if not (rule or key or severities):
        return "say what is to be silent: a rule, fields of the key, or a severity"
    until = _end(given, now)
    if isinstance(until, str):
        return until
    if stray := _stray(draft, meaning, rule, [str(name) for name in key]):
        return stray
    return Silence(id=_number(draft), author=item.actor, reason=_reason(given), begun=now, until=until, rule=rule,
                   severities=severities, key={str(name): _spelled(meaning, rule, str(name), key_text(value)[0])
                                               for name, value in key.items()})


def _spelled(meaning: Meaning, rule: str, name: str, text: str) -> str:
    """A value of a key as the incidents of the rule (of any, when none is named) have it."""
    types = EventTypes(meaning.content.events)
    kinds = {key_kind(types, types_of(one), field) for one in meaning.rules.values() if rule in ("", one.id)
             for field in one.per if field.name == name}
    return str(constant(PLATE, text)) if kinds == {PLATE} else text


def snoozed(draft: Draft, incident: Incident, item: OperatorAction, now: int) -> Silence | str:
    """The silence of one incident alone, up to its present severity; a sentence when that is none."""
    until = _end(item.arguments, now)
    if isinstance(until, str):
        return until
    return Silence(id=_number(draft), author=item.actor, reason=_reason(item.arguments), begun=now, until=until,
                   rule=incident.rule, incident=incident.id,
                   severities=tuple(one for one in RANK if RANK[one] <= RANK[incident.severity]))


def _number(draft: Draft) -> int:
    return max([draft.board.last_silence, *(one.id for one in draft.silences())]) + 1


def _reason(given: dict[str, Any]) -> str:
    return str(given.get("reason") or "").strip()


def _end(given: dict[str, Any], now: int) -> int | str:
    """When it ends; a sentence when it has no end or no reason."""
    if not _reason(given):
        return "say why: a silence has a reason"
    until = given.get("until")
    try:
        end = parse_instant(until) if isinstance(until, str) else until
    except ValueError as error:
        return f"until: {error}"
    if not isinstance(end, int) or isinstance(end, bool) or end <= now:
        return "say until when: a silence has an end that is still to come"
    if end - now > LONGEST:
        return f"a silence lasts {LONGEST // DAY} days at most: what is to be silent for longer is a change of rules"
    return end


def _stray(draft: Draft, meaning: Meaning, rule: str, names: list[str]) -> str:
    """Why nothing can ever match this rule and these fields of its key; "" when something may."""
    written = meaning.rules.get(rule)
    if rule and written is None and not any(one == rule for one, _ in draft.board.open):
        near = nearest(rule, meaning.rules)
        return f"there is no rule {rule}" + (f": did you mean {near}?" if near else "")
    if written is not None and not written.escalate_to:
        return f"the rule {rule} is a state and tells nobody, so there is nothing to silence"
    rules = meaning.rules.values() if not rule else (written,) if written is not None else ()
    known = {field.name for one in rules for field in one.per} | {
        OPERATION for one in rules if any(gate.operation == "any" for gate in one.during)} | {
        NEAR for one in rules if one.when.near is not None}
    if all(name in known for name in names):
        return ""
    known |= {part.partition("=")[0] for one, key in draft.board.open if rule in ("", one)
              for part in key.split("\x1f")}
    wrong = [name for name in names if name not in known]
    whose = f"the rule {rule}" if rule else "any rule"
    fields = ", ".join(sorted(known - {""})) or "none"
    return f"{', '.join(wrong)} is no field of the key of {whose}: its fields are {fields}" if wrong else ""
