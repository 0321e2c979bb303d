"""The life of an incident, written plainly: which state it is in, what covers a need, what explains a transition."""

from collections.abc import Iterator

from tocsin.book.book import Content
from tocsin.book.contacts import Need, Policy
from tocsin.domain.change import ActivationSet, Change, Noted, NotificationSet, Suppressed
from tocsin.domain.incident import ACKNOWLEDGED, CLOSED, UNANSWERED, Escalation, Incident

POSITIVE, COMING = ("acknowledge", "accept", "arrived"), ("accept", "arrived")

WEAKER = (("acknowledge", "accept"), ("acknowledge", "arrived"), ("accept", "arrived"))
"""A word that takes nothing back from the one before it."""


def state_of(incident: Incident) -> str:
    """The row of docs/life.md."""
    if not incident.board:
        return "state, closed" if incident.response == CLOSED else f"state, {incident.condition}"
    if incident.response == CLOSED:
        return "closed, looked at again" if incident.reopens is not None else "closed"
    if incident.response == ACKNOWLEDGED:
        return f"{incident.condition}, {'taken' if incident.held else 'seen'}"
    states = {one.state for one in incident.escalations}
    how = ("on the board" if not states else "muted" if incident.quiet else "nobody reached" if incident.unreached
           else "answered in part" if "answered" in states else "asked")
    return f"{incident.condition}, {how}"


def is_covered(incident: Incident, escalation: Escalation, policy: Policy, content: Content) -> bool:
    """A plain count over the last words that this escalation hears."""
    words: dict[str, str] = {}
    for given in incident.answers[escalation.heard:]:
        if (given.notification == 0 or given.person in escalation.asked) and (
                given.word, words.get(given.person)) not in WEAKER:
            words[given.person] = given.word
    needs = policy.need
    for step in policy.steps[:escalation.step or None]:
        needs = step.need or needs
    if not needs:
        return any(word in POSITIVE for word in words.values())
    coming = [person for person, word in words.items() if word in COMING]
    return all(sum(_counts(person, need, content) for person in coming) >= need.accepted for need in needs)


def _counts(person: str, need: Need, content: Content) -> bool:
    known = content.people.get(person)
    return not need.skill or (known is not None and need.skill in known.skills)


def unexplained(before: Incident | None, after: Incident, changes: list[Change]) -> Iterator[str]:
    """What is otherwise than before although nothing that `explain` shows of this incident says why."""
    lines = [change for change in changes if getattr(change, "incident", 0) == after.id]
    period = any(isinstance(change, ActivationSet) for change in lines)
    noted = {change.what for change in lines if isinstance(change, Noted)}
    withheld = any(isinstance(change, Suppressed) for change in lines)
    asked = {change.notification.policy for change in changes if isinstance(change, NotificationSet)
             and change.notification.incident == after.id}
    if before is None:
        if not period:
            yield "opened"
        return
    said = len(after.answers) > len(before.answers)
    if before.condition != after.condition and not period:
        yield f"{before.condition} became {after.condition}"
    if before.response != after.response and not (said or period or noted):
        yield f"{before.response} became {after.response}"
    if before.response == CLOSED and after.response == UNANSWERED and not period:
        yield "opened again"
    if before.severity != after.severity and "raised" not in noted and not (
            period and after.activation.number != before.activation.number):
        yield f"severity {before.severity} became {after.severity}"
    if before.quiet != after.quiet and not (withheld or noted or asked or said or period):
        yield f"quiet {before.quiet} became {after.quiet}"
    if before.reopens != after.reopens and not (noted or period):
        yield "looked at again"
    if before.unreached != after.unreached and not (noted or asked):
        yield "unreached"
    for old, new in zip(before.escalations, after.escalations, strict=False):
        if (old.policy, old.state, old.round, old.step) != (new.policy, new.state, new.round, new.step) and not (
                said or period or noted or withheld or new.policy in asked):
            yield f"{new.policy}: {old.state} {old.round}/{old.step} became {new.state} {new.round}/{new.step}"
