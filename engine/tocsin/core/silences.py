"""Silences: incidents that match open, join and clear as ever, and nobody is asked until the silence ends."""

from msgspec.structs import replace

from tocsin.core import escalate, muting, policies
from tocsin.core.draft import Draft
from tocsin.domain.change import IncidentSet, Noted, SilenceSet, Suppressed, Timer
from tocsin.domain.incident import CLOSED, UNANSWERED, Incident
from tocsin.domain.input import OperatorAction
from tocsin.domain.notification import PAGE
from tocsin.domain.silence import Silence
from tocsin.domain.time import format_instant
from tocsin.rules.meaning import Meaning


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
    return ((not silence.incident or silence.incident == incident.id)
            and (not silence.rule or silence.rule == incident.rule)
            and (not silence.severities or incident.severity in silence.severities)
            and all(incident.key.get(name) == value for name, value in silence.key.items()))


def why(silence: Silence) -> str:
    return f"{'snoozed' if silence.incident else 'silenced'} by {silence.author}: {silence.reason}"


def unmute_timer(incident: Incident) -> str:
    """The deadline by which a muted incident is looked at again."""
    return f"7|unmute|{incident.id}"


def set_silence(draft: Draft, meaning: Meaning, item: OperatorAction, now: int) -> None:
    """An operator mutes: what matches and runs stops asking, what opens asks nobody."""
    silence = muting.wanted(draft, meaning, item, now)
    if isinstance(silence, str):
        draft.put(Noted(now, "refused", f"{item.actor}: silence: {silence}", person=item.actor))
    else:
        begin(draft, silence, now)


def begin(draft: Draft, silence: Silence, now: int) -> None:
    """What matches from now on is quiet, and what runs stops asking."""
    draft.put(SilenceSet(silence))
    draft.set_timer(Timer(f"6|silence|{silence.id}", silence.until, "escalation", "silence", key=str(silence.id)))
    draft.put(Noted(now, "snooze" if silence.incident else "silence", f"{silence.id}: {_words(silence)}, until "
                    f"{format_instant(silence.until)}: {silence.reason}", silence.incident, silence.rule,
                    silence.author))
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
        incident = escalate.begin(draft, meaning, incident, policies.of_rule(meaning, incident), PAGE, now)
    draft.put(IncidentSet(incident))


def _end(draft: Draft, silence: Silence, by: str, now: int) -> None:
    draft.put(SilenceSet(replace(silence, ended=now, ended_by=by)))
    draft.drop_timer(f"6|silence|{silence.id}")
    draft.put(Noted(now, "silence_over", f"{silence.id}: {_words(silence)}: ended by {by}", silence.incident,
                    silence.rule, silence.author))


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


def closed(draft: Draft, incident: Incident, now: int) -> None:
    """A closed incident is snoozed no more."""
    for silence in draft.silences():
        if silence.incident == incident.id:
            _end(draft, silence, "closing", now)


def _words(silence: Silence) -> str:
    if silence.incident:
        return f"incident {silence.incident}"
    parts = [silence.rule or "every rule", *(f"{name} {value}" for name, value in silence.key.items()),
             *silence.severities]
    return ", ".join(parts)
