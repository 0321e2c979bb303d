"""An explained incident as text for a person: why, who was asked and why they, what came of it."""

from collections.abc import Callable, Iterable, Iterator

from tocsin.core.standing import HANDED_OVER
from tocsin.domain.event import Event, as_sent
from tocsin.domain.input import Answer, Receipt
from tocsin.domain.time import MINUTE
from tocsin.reports.asked import Asked
from tocsin.reports.explain import Explained, Rested
from tocsin.reports.local import Local
from tocsin.reports.told import Told
from tocsin.reports.untold import Untold

_LONGEST = 160


def explain_text(explained: Explained) -> str:
    """The whole explanation, in the site's zone."""
    told = _Text(explained)
    parts = [("", told.head()), ("Why", told.why()),
             ("What the window held", told.windows()), ("Who was asked", told.asked()),
             ("News to those who were told", told.news()), ("Answers", told.answers()), ("Not told", told.untold()),
             ("To come", told.deadlines()), ("Record", told.record())]
    lines: list[str] = []
    for title, found in parts:
        body = list(found)
        if body and title:
            lines += ["", title]
        lines += [f"  {line}" if title else line for line in body]
    return "\n".join(lines)


class _Text:
    def __init__(self, explained: Explained) -> None:
        self._of = explained
        self._local = Local(explained.time_zone)

    def _at(self, instant: int) -> str:
        return self._local.beside(instant, self._of.opened)

    def _name(self, person: str) -> str:
        return self._of.names.get(person, person)

    def head(self) -> Iterator[str]:
        of = self._of
        key = ", ".join(f"{name} {value}" for name, value in of.key.items())
        yield f"Incident {of.incident}: {of.rule}" + (f" ({key})" if key else "")
        if of.say:
            yield of.say
        yield (f"{of.severity}, {of.condition}, {of.response}; opened {self._local.full(of.opened)} by rule book "
               f"{of.book}" + (f" ({of.book_hash[:12]})" if of.book_hash else ""))
        if of.closed is not None:
            yield f"closed {self._local.full(of.closed)}" + (f" by {self._name(of.closed_by)}" if of.closed_by else "")

    def why(self) -> Iterator[str]:
        for activation in self._of.activations:
            over = "still active" if activation.cleared is None \
                else f"cleared {self._at(activation.cleared)} ({activation.how})"
            happened = "" if abs(activation.at - activation.happened) < MINUTE \
                else f", happened {self._at(activation.happened)}"
            yield f"activation {activation.number}: active {self._at(activation.at)}{happened}, {over}, " \
                  f"{activation.events} events"
        shown = self._of.rests_on
        for rested in shown:
            if rested.event is not None or not rested.kind:
                yield f"{self._at(rested.at) if rested.kind else '—'}  {_rested(rested)}"
        if self._of.inputs > len(shown):
            yield f"({self._of.inputs - len(shown)} further inputs between them)"

    def windows(self) -> Iterator[str]:
        for window in self._of.windows:
            yield (f"when activation {window.activation} began, {self._at(window.at)} ({window.word}), by the input "
                   f"[position {window.position}]")
            for one in window.held:
                event = f"  {_event(one.event)} [position {one.position}]" if one.event is not None else ""
                yield f"    {self._at(one.time)}  {one.what}{event}".rstrip()
            if window.count > len(window.held):
                yield f"    ({window.count - len(window.held)} before these)"
            if not window.held:
                yield "    nothing that is known"
            if not window.whole:
                yield "    (the journal of then is not kept whole: more may have been in it)"

    def asked(self) -> Iterator[str]:
        by_number = {one.notification.id: one for one in self._of.told}
        for step in self._of.asked:
            yield f"{self._at(step.at)}  {self._why_asked(step)}"
            for number in step.numbers:
                yield from (f"    {line}" for line in self._message(by_number[number]))

    def _why_asked(self, step: Asked) -> str:
        where = "last resort" if step.step == 0 else f"round {step.round}, step {step.step}"
        meant = "; ".join(f"{one.target} was {', '.join(map(self._name, one.people)) or 'nobody'}"
                          for one in step.meant)
        beyond = f"; besides: {', '.join(map(self._name, step.beyond))}" if step.beyond else ""
        kind = "" if step.kind == "page" else f" ({step.kind})"
        return f"{step.policy}, {where}{kind}: {meant or 'the roster of then is not kept'}{beyond}"

    def news(self) -> Iterator[str]:
        for one in self._of.told:
            if not one.notification.policy:
                yield from self._message(one)

    def _message(self, one: Told) -> Iterator[str]:
        notification = one.notification
        reason = f" ({one.reason})" if one.reason and not one.arrived else ""
        who = self._name(notification.person) if notification.person else "every copy"
        only = f" (a {notification.content} only)" if notification.content else ""
        yield f"{who} by {notification.channel}, {notification.kind}{only}: {one.state}{reason}"
        said = ""
        for attempt in one.attempts:
            ended = "in flight" if attempt.ended is None else f"{attempt.state} {self._at(attempt.ended)}"
            detail = f": {attempt.detail}" if attempt.detail else ""
            mark = ", marked as a repeat" if attempt.repeat else ""
            yield f"  try {attempt.number} to {attempt.address or '—'}, begun {self._at(attempt.started)}, " \
                  f"{ended}{mark}{detail}"
            said = attempt.text or said
        if said:
            yield f"  “{_short(said)}”"

    def answers(self) -> Iterator[str]:
        for given in self._of.answers:
            eta = f", in {given.eta // MINUTE} min" if given.eta is not None else ""
            late = ", when it was taken already" if given.late else ""
            note = f": {given.note}" if given.note else ""
            by = f" through {self._name(given.by)}" if given.by else ""
            if given.word == HANDED_OVER:
                yield f"{self._at(given.at)}  {self._name(given.person)} has handed it over to {self._name(given.note)}"
            else:
                yield f"{self._at(given.at)}  {self._name(given.person)}: {given.word} by {given.channel}{by}{eta}" \
                      f"{late}{note}"

    def untold(self) -> Iterator[str]:
        for one in self._of.kept_back:
            yield f"{self._at(one.at)}  no incident: {one.reason}"
        for one in self._of.untold:
            yield f"{self._at(one.at)}  {one.reason}" + (f" (silence {one.silence})" if one.silence else "")

    def deadlines(self) -> Iterator[str]:
        for one in self._of.deadlines:
            yield f"{self._at(one.due)}  {one.what}" + (f" ({self._name(one.person)})" if one.person else "")

    def record(self) -> Iterator[str]:
        for line in self._of.lines:
            if line.what != "answer":
                yield f"{self._at(line.at)}  {line.what}: {line.detail}"


def untold_text(rule: str, found: Iterable[Untold], zone: str, name: Callable[[str], str]) -> str:
    """Why a rule told nobody, newest first."""
    local = Local(zone)
    lines = []
    for one in found:
        whom = f" {name(one.person)} by {one.channel}" if one.person else ""
        incident = f" incident {one.incident}" if one.incident else ""
        lines.append(f"{local.full(one.at)}{incident} ({one.key or 'one for all'}){whom}: {one.reason}")
    return "\n".join(lines) or f"Nothing that the rule {rule} had to say was kept back."


def _rested(rested: Rested) -> str:
    place = f"[position {rested.position}]"
    match rested.input:
        case None:
            return f"an input that the journal does not keep any more {place}"
        case Answer(person, _, word):
            return f"answer {word} of {person} {place}"
        case Receipt(number, state):
            return f"receipt {state} of notification {number} {place}"
    event = rested.event
    return f"{_event(event)} {place}" if event is not None else f"{rested.kind} {place}"


def _event(event: Event) -> str:
    facts = [event.type, event.status or "", f"from {event.source}", f"id {event.id}"]
    facts += [f"{name} {value}" for name in ("site", "device", "severity") if (value := getattr(event, name))]
    data = ", ".join(f"{name} {value}" for name, value in event.data.items())
    said = " ".join(fact for fact in facts if fact) + (f" ({_short(data)})" if data else "")
    before = as_sent(event).data
    sent = ", ".join(f"{name} {before[name]}" for name in (event.sent.data if event.sent is not None else ()))
    return said + (f" (sent as {_short(sent)})" if sent else "")


def _short(said: str) -> str:
    line = " ".join(said.split())
    return line if len(line) <= _LONGEST else line[:_LONGEST - 1] + "…"
