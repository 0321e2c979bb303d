"""Silences: incidents that match open, join and clear as ever, and nobody is asked until the silence ends."""

from msgspec.structs import replace

from tocsin.book.catalogue import PLATE, EventTypes, key_kind, types_of
from tocsin.book.kinds import constant
from tocsin.book.report import nearest
from tocsin.core import escalate
from tocsin.core.draft import Draft
from tocsin.domain.change import IncidentSet, Noted, SilenceSet, Suppressed, Timer
from tocsin.domain.incident import CLOSED, RANK, UNANSWERED, Incident
from tocsin.domain.input import OperatorAction
from tocsin.domain.notification import PAGE
from tocsin.domain.silence import Silence
from tocsin.domain.time import DAY, format_instant, parse_instant
from tocsin.roster.policies import policies_for
from tocsin.rules.gates import OPERATION
from tocsin.rules.meaning import Meaning
from tocsin.rules.near import NEAR
from tocsin.rules.text import key_text

KNOWN = ("rule", "key", "severity", "until", "reason")
LONGEST = 31 * DAY
"""What is to be silent for longer is a change of the rules."""


def judged(draft: Draft, incident: Incident, now: int, *, after: bool = False) -> Incident:
    """The incident, quiet while a silence that matches it lasts; the reason is recorded.

    What comes at the very end of a silence is silenced; ``after`` asks about the time behind it. A state is never
    quiet.
    """
    lasting = [silence for silence in draft.silences() if incident.board and matches(silence, incident)
               and (now < silence.until or (now == silence.until and not after))]
    if not lasting:
        if incident.quiet:
            draft.drop_timer(unmute_timer(incident))
            incident = replace(incident, quiet=False)
        return incident
    longest = max(lasting, key=lambda silence: (silence.until, silence.id))
    draft.put(Suppressed(now, incident.rule, incident.key, why(longest), incident.severity, incident.id,
                         longest.id))
    draft.set_timer(Timer(unmute_timer(incident), longest.until, "escalation", "unmute", incident.id))
    return replace(incident, quiet=True)


def matches(silence: Silence, incident: Incident) -> bool:
    """Whether the silence means this incident as it is now."""
    return ((not silence.rule or silence.rule == incident.rule)
            and (not silence.severities or incident.severity in silence.severities)
            and all(incident.key.get(name) == value for name, value in silence.key.items()))


def why(silence: Silence) -> str:
    return f"silenced by {silence.author}: {silence.reason}"


def unmute_timer(incident: Incident) -> str:
    """The deadline by which a muted incident is looked at again."""
    return f"7|unmute|{incident.id}"


def set_silence(draft: Draft, meaning: Meaning, item: OperatorAction, now: int) -> None:
    """An operator mutes: what matches and runs stops asking, what opens asks nobody."""
    silence = _read(draft, meaning, item, now)
    if isinstance(silence, str):
        draft.put(Noted(now, "refused", f"{item.actor}: silence: {silence}", person=item.actor))
        return
    draft.put(SilenceSet(silence))
    draft.set_timer(Timer(f"6|silence|{silence.id}", silence.until, "escalation", "silence", key=str(silence.id)))
    draft.put(Noted(now, "silence", f"{silence.id}: {_words(silence)}, until {format_instant(silence.until)}: "
                    f"{silence.reason}", rule=silence.rule, person=silence.author))
    for incident in _meant(draft, silence):
        muted = escalate.stop(draft, judged(draft, incident, now), why(silence), now, state="muted")
        draft.put(IncidentSet(muted))


def end_silence(draft: Draft, meaning: Meaning, item: OperatorAction, now: int) -> None:
    """An operator ends a silence before its time."""
    number = item.arguments.get("silence")
    silence = next((one for one in draft.silences() if one.id == number), None)
    if silence is None:
        draft.put(Noted(now, "refused", f"{item.actor}: there is no silence {number} that lasts", person=item.actor))
        return
    _end(draft, silence, item.actor, now)
    for incident in _meant(draft, silence):
        if incident.quiet:
            unmute(draft, meaning, incident, now)


def over(draft: Draft, number: str, now: int) -> None:
    """The end of a silence has come; each incident that it muted has a deadline of its own."""
    silence = next((one for one in draft.silences() if str(one.id) == number), None)
    if silence is not None:
        _end(draft, silence, "time", now)


def unmute(draft: Draft, meaning: Meaning, incident: Incident, now: int) -> None:
    """A silence of this incident has ended: unanswered, it starts at step one, unless another silence lasts."""
    if incident.response == CLOSED:
        return
    was = incident.quiet
    incident = judged(draft, incident, now, after=True)
    if was and not incident.quiet:
        draft.put(Noted(now, "unmuted", "no silence keeps it quiet any more", incident.id, incident.rule))
    if not incident.quiet and incident.response == UNANSWERED:
        rule = meaning.rules.get(incident.rule)
        policies = (policies_for(rule, incident.severity) if rule is not None
                    else tuple(escalation.policy for escalation in incident.escalations))
        incident = escalate.begin(draft, meaning, incident, policies, PAGE, now)
    draft.put(IncidentSet(incident))


def _end(draft: Draft, silence: Silence, by: str, now: int) -> None:
    draft.put(SilenceSet(replace(silence, ended=now, ended_by=by)))
    draft.drop_timer(f"6|silence|{silence.id}")
    draft.put(Noted(now, "silence_over", f"{silence.id}: {_words(silence)}: ended by {by}", rule=silence.rule,
                    person=silence.author))


def _meant(draft: Draft, silence: Silence) -> list[Incident]:
    """The open incidents that a silence means; only those of its rule and key are read."""
    parts = [f"{name}={value}" for name, value in silence.key.items()]
    found = []
    for number in sorted(number for (rule, key), number in draft.board.open.items()
                         if silence.rule in ("", rule) and (not parts or all(
                             part in key.split("\x1f") for part in parts))):
        incident = draft.incident(number)
        if incident is not None and incident.board and incident.response != CLOSED and matches(silence, incident):
            found.append(incident)
    return found


def _words(silence: Silence) -> str:
    parts = [silence.rule or "every rule", *(f"{name} {value}" for name, value in silence.key.items()),
             *silence.severities]
    return ", ".join(parts)


def _read(draft: Draft, meaning: Meaning, item: OperatorAction, now: int) -> Silence | str:
    """The silence that an action asks for, or a sentence on what is wrong with it."""
    given = item.arguments
    unknown = [name for name in given if name not in KNOWN]
    if unknown:
        return f"{', '.join(unknown)} is unknown: known are {', '.join(KNOWN)}"
    rule, reason = str(given.get("rule") or "").strip(), str(given.get("reason") or "").strip()
    key, severity = given.get("key") or {}, given.get("severity") or ()
    severities = (severity,) if isinstance(severity, str) else tuple(severity)
    if not isinstance(key, dict) or any(len(key_text(value)) != 1 for value in key.values()):
        return "key holds fields of the incident's key, each with one value"
    if wrong := [str(one) for one in severities if one not in RANK]:
        return f"{', '.join(wrong)} is no severity: known are {', '.join(RANK)}"
    if not (rule or key or severities):
        return "say what is to be silent: a rule, fields of the key, or a severity"
    if not reason:
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
    if stray := _stray(draft, meaning, rule, [str(name) for name in key]):
        return stray
    key = {str(name): _spelled(meaning, rule, str(name), key_text(value)[0]) for name, value in key.items()}
    return Silence(id=max([draft.board.last_silence, *(one.id for one in draft.silences())]) + 1, author=item.actor,
                   reason=reason, begun=now, until=end, rule=rule, severities=severities,
                   key=key)


def _spelled(meaning: Meaning, rule: str, name: str, text: str) -> str:
    """A value of a key as the incidents of the rule (of any, when none is named) have it."""
    types = EventTypes(meaning.content.events)
    kinds = {key_kind(types, types_of(one), field) for one in meaning.rules.values() if rule in ("", one.id)
             for field in one.per if field.name == name}
    return str(constant(PLATE, text)) if kinds == {PLATE} else text


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
