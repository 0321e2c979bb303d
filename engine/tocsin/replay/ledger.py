"""What a replay has shown, incident by incident, in the words of ``replay --json``."""

from typing import Any

from tocsin.domain.change import ActivationSet, Change, IncidentSet, NotificationSet, Suppressed
from tocsin.domain.incident import RANK, Activation
from tocsin.domain.input import Input
from tocsin.domain.notification import NOTICE, TAKEN, Notification
from tocsin.domain.time import format_instant


class Story:
    """One incident as it went, or one inhibited firing (``number`` None)."""

    def __init__(self, number: int | None, rule: str, key: dict[str, str], severity: str) -> None:
        self.number, self.rule, self.key, self.severity = number, rule, key, severity
        self.activations: dict[int, Activation] = {}
        self.notifications: list[Notification] = []
        self.suppressed: list[Suppressed] = []
        self.values: dict[str, Any] = {}

    def line(self) -> dict[str, Any]:
        """The JSON object of this incident; instants as RFC 3339 in UTC."""
        return {
            "incident": self.number, "rule": self.rule, "key": self.key, "severity": self.severity,
            "activations": [{"at": format_instant(one.at),
                             "cleared": None if one.cleared is None else format_instant(one.cleared),
                             "events": one.events} for _, one in sorted(self.activations.items())],
            "notifications": [{"at": format_instant(one.created), "kind": one.kind, "policy": one.policy,
                               "step": one.step, "to": one.person, "channel": one.channel}
                              for one in self.notifications],
            "suppressed": [{"at": format_instant(one.at), "reason": one.reason} for one in self.suppressed],
        }


class Ledger:
    """A witness of a run that keeps the stories."""

    def __init__(self) -> None:
        self.incidents: dict[int, Story] = {}
        self.inhibited: list[Story] = []

    def __call__(self, now: int, item: Input, changes: list[Change]) -> None:
        """Take one step's changes down."""
        for change in changes:
            if isinstance(change, IncidentSet):
                incident = change.incident
                story = self._story(incident.id)
                story.rule, story.key, story.values = incident.rule, incident.key, incident.values
                story.severity = max(story.severity, incident.severity, key=RANK.__getitem__)
        for change in changes:
            match change:
                case ActivationSet(number, activation):
                    self._story(number).activations[activation.number] = activation
                case NotificationSet(told) if told.incident and told.kind not in (TAKEN, NOTICE):
                    self._story(told.incident).notifications.append(told)
                case Suppressed() if change.incident:
                    self._story(change.incident).suppressed.append(change)
                case Suppressed():
                    story = Story(None, change.rule, change.key, change.severity)
                    story.suppressed.append(change)
                    self.inhibited.append(story)
                case _:
                    pass

    def _story(self, number: int) -> Story:
        return self.incidents.setdefault(number, Story(number, "", {}, "info"))

    def stories(self) -> list[Story]:
        """Every story: incidents by number, then inhibited firings in order."""
        return [self.incidents[number] for number in sorted(self.incidents)] + self.inhibited
