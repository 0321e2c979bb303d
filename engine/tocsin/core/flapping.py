"""Flapping: a condition that comes and goes again and again is one incident, held active until it has been quiet."""

from tocsin.core.board import key_of
from tocsin.core.draft import Draft
from tocsin.domain.change import Noted, Timer
from tocsin.domain.incident import ACKNOWLEDGED, Incident
from tocsin.domain.time import MINUTE

CLEARINGS = 5
"""So many clearings, each soon after the one before, are flapping: the last of them is held back."""
SOON = 15 * MINUTE
QUIET = 15 * MINUTE
"""A condition that is held down clears when it has not come back for this long."""


def held_down(draft: Draft, incident: Incident, now: int) -> bool:
    """Count a clearing; True when the incident flaps, so that it stays active for now.

    Only what somebody has answered can be held down: the next time it would page anew. Unanswered it asks already, and
    what is critical always pages. A condition that lasts longer than ``SOON`` does not begin to flap.
    """
    name = _count(incident)
    running = draft.timer(name)
    before = running.count if running is not None and running.due > now else 0
    lasting = not before and now - incident.activation.at > SOON
    if incident.response != ACKNOWLEDGED or incident.severity == "critical" or lasting:
        return False
    draft.set_timer(Timer(name, now + SOON, "escalation", "flaps", rule=incident.rule, key=key_of(incident.key),
                          count=before + 1))
    if before + 1 < CLEARINGS:
        return False
    if before + 1 == CLEARINGS:
        draft.put(Noted(now, "flapping", f"cleared for the {CLEARINGS}th time in a row, each within {SOON // MINUTE} "
                        f"min of the one before: held active until it has been quiet for {QUIET // MINUTE} min",
                        incident.id, incident.rule))
    draft.set_timer(Timer(quiet_timer(incident), now + QUIET, "escalation", "flap", incident.id))
    return True


def quiet_timer(incident: Incident) -> str:
    """The deadline by which an incident that is held down clears."""
    return f"6|flap|{incident.id}"


def over(draft: Draft, incident: Incident) -> None:
    """It has been quiet: counting begins anew."""
    draft.drop_timer(_count(incident))


def _count(incident: Incident) -> str:
    return f"7|flaps|{incident.rule}|{key_of(incident.key)}"
