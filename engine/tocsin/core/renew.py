"""Another rule book holds: what it does to rules that are gone and to those that mean something else than before."""

from msgspec.structs import replace

from tocsin.core import correlate, receipts
from tocsin.core.board import BESIDE, Board, key_from, key_of
from tocsin.core.draft import Draft
from tocsin.core.informed import informed
from tocsin.core.overflow import OPENED, OVERFLOW_KEY
from tocsin.core.standing import COMING, holders
from tocsin.core.windows import put, timer_of
from tocsin.domain.change import GatedDropped, IncidentSet, Noted, TimerDropped, WindowDropped, WindowSet
from tocsin.domain.drill import is_drill
from tocsin.domain.incident import ACTIVE, CLOSED, RANK, Incident
from tocsin.domain.input import BookLoaded, Firing, Rebuilt
from tocsin.domain.time import format_instant
from tocsin.rules.meaning import Meaning
from tocsin.rules.operators.incident import IncidentWord
from tocsin.rules.operators.window import RESTS
from tocsin.rules.signal import Cleared, Fired, Signal, Verdict

Said = tuple[str, tuple[Signal, ...]]
REMOVED = "rule_removed"
"""The name in an incident's values by which the incident of a removed rule is marked."""
_RESTING = frozenset({"forget", RESTS})
_MARK = f'"{REMOVED}"'.encode()


def book_loaded(board: Board, draft: Draft, meaning: Meaning, item: BookLoaded, now: int) -> list[Said]:
    """The book in ``meaning`` holds from here on; what its rules say to that.

    The incident of a removed rule is marked and stays until a person closes it, its condition cleared. A changed rule
    goes on with the windows that the journal gives: what is active now and was not fires, what is active no more
    clears. Every other rule keeps its state.
    """
    draft.put(Noted(now, "book", f"rule book {item.number} holds ({item.hash[:12]})"))
    said = _removed(board, draft, meaning, now)
    _returned(board, draft, meaning)
    if item.changed:
        said += _Changed(board, draft, meaning, item, now).said()
    return said


def _removed(board: Board, draft: Draft, meaning: Meaning, now: int) -> list[Said]:
    for rule in sorted(rule for rule in board.windows.rules() if rule not in meaning.words):
        for key in sorted(board.windows.of(rule)):
            draft.put(WindowDropped(rule, key))
    for timer in sorted(timer.id for timer in board.timers.values() if timer.rule and timer.rule not in meaning.words):
        draft.put(TimerDropped(timer))
    said: list[Said] = []
    for number, rule in sorted((number, rule) for (rule, _), number in board.open.items()):
        incident = draft.incident(number) if rule not in meaning.words else None
        if incident is not None and not incident.values.get(REMOVED) and not is_drill(rule):
            draft.put(IncidentSet(replace(incident, values={**incident.values, REMOVED: True}, held=True)))
            said.append((rule, (Cleared(rule, incident.key, "the rule was removed", now),)))
    return said


def _returned(board: Board, draft: Draft, meaning: Meaning) -> None:
    """A rule that was removed is there again: its incident is as any other."""
    for number in sorted(number for (rule, _), number in board.open.items() if rule in meaning.words):
        found = board.incidents[number]
        incident = draft.incident(number) if not isinstance(found, bytes) or _MARK in found else None
        if incident is not None and incident.values.get(REMOVED):
            left = holders(incident)
            held = any(given.word in COMING and given.person in left for given in incident.answers)
            values = {name: value for name, value in incident.values.items() if name != REMOVED}
            draft.put(IncidentSet(replace(incident, values=values, held=held)))


class _Changed:
    """The changed rules of one book, each after those that it follows."""

    def __init__(self, board: Board, draft: Draft, meaning: Meaning, item: BookLoaded, now: int) -> None:
        self._board, self._draft, self._meaning, self._item, self._now = board, draft, meaning, item, now
        self._rebuilt: dict[str, list[Rebuilt]] = {}
        for one in item.rebuilt:
            self._rebuilt.setdefault(one.rule, []).append(one)
        self._over: set[tuple[str, str]] = set()
        """Incidents whose condition ends with this book."""
        self._awaiting = _awaiting(board, frozenset(item.changed))

    def said(self) -> list[Said]:
        """What the rules say; afterwards they are all renewed."""
        order = self._meaning.order
        rules = sorted((rule for rule in self._item.changed if rule in order), key=lambda rule: order[rule])
        _forget(self._board, self._draft, frozenset(rules))
        said: list[Said] = []
        for rule in rules:
            mark = self._draft.mark()
            try:
                signals = self._renew(rule)
            except Exception as error:  # noqa: BLE001 - whatever one rule raises must not stop another rule
                self._draft.back(mark)
                self._draft.put(Noted(self._now, "rule_error", f"{type(error).__name__}: {error}", rule=rule))
                receipts.tell_role(self._draft, self._meaning, "duty_office", f"Rule {rule} was changed, but what is "
                                   "active of it could not be made out: look yourself", self._now, "critical")
                continue
            said += [(rule, (signal,)) for signal in signals]
        return said

    def _renew(self, rule: str) -> list[Signal]:
        word, since = self._meaning.words[rule], self._item.since
        signals: list[Signal] = []
        active: set[str] = set()
        if isinstance(word, IncidentWord):
            how = "made anew from the incidents that it follows"
            for key, verdict, firing in self._followed(rule, word):
                signals += self._settle(rule, key, verdict, firing, active)
        else:
            how = f"made anew from the journal since {format_instant(since)}" if since else "begins anew"
            rebuilt = self._rebuilt.get(rule, ())
            for one in rebuilt:
                if one.key.startswith(BESIDE):
                    self._draft.put(WindowSet(rule, one.key, one.body))
            for one in rebuilt:
                if one.key.startswith(BESIDE):
                    continue
                if self._at_rest(one):
                    self._draft.put(WindowSet(rule, one.key, one.body))
                    for kind, due in one.timers.items():
                        self._draft.set_timer(timer_of(rule, one.key, kind, due))
                    continue
                verdict = Verdict(word.state(one.body), dict(one.timers))
                signals += self._settle(rule, key_from(one.key), verdict, one.firing, active)
        self._draft.put(Noted(self._now, "rule_changed", f"book {self._item.number}: {how}", rule=rule))
        for number in sorted(number for (name, key), number in self._board.open.items()
                             if name == rule and key not in active):
            incident = self._draft.incident(number)
            if incident is not None and incident.condition == ACTIVE and incident.key != OVERFLOW_KEY:
                self._over.add((rule, key_of(incident.key)))
                signals.append(Cleared(rule, incident.key, "the rule was changed", self._now,
                                       word.rule.clear.closes))
        return signals

    def _at_rest(self, one: Rebuilt) -> bool:
        """Whether a key is neither active nor waiting nor closed by a person: most are, and are put as they are."""
        return one.firing is None and one.timers.keys() <= _RESTING and one.rule not in self._meaning.gates

    def _settle(self, rule: str, key: dict[str, str], verdict: Verdict, firing: Firing | None,
                active: set[str]) -> tuple[Signal, ...]:
        """Put one key's window; the firing of what is active and has no active incident.

        What waits and is active already by the rule of before waits no more. What a person has closed stays closed
        until it is looked at again.
        """
        now, text = self._now, key_of(key)
        word = informed(self._draft, self._meaning, rule) or self._meaning.words[rule]
        incident = self._active(rule, text)
        if incident is not None and verdict.window.pending:
            verdict.timers["for"] = None
            word.due(verdict.window, "for", key, now, verdict)
        state = verdict.window
        said: tuple[Signal, ...] = ()
        if state is not None and state.active and (rule, text) in self._awaiting:
            verdict = _after(verdict, word.close(state, key, now))
        elif state is not None and state.closed and not state.active and (rule, text) not in self._awaiting:
            again = word.reopen(state, key, now)
            said, verdict = again.signals, _after(verdict, again)
        put(self._draft, self._meaning, rule, key, verdict, now)
        state = verdict.window
        if state is None or not state.active:
            return ()
        active.add(text)
        fired = Fired(rule, key, firing.happened, firing.severity, firing.events, "", firing.values, firing.wait) \
            if firing is not None else next((one for one in said if isinstance(one, Fired)), None)
        if fired is None or (incident is not None and RANK[fired.severity] <= RANK[incident.severity]):
            return ()
        return (fired,)

    def _active(self, rule: str, key: str) -> Incident | None:
        number = self._draft.open_incident(rule, key)
        incident = self._draft.incident(number) if number is not None else None
        return incident if incident is not None and incident.condition == ACTIVE else None

    def _followed(self, rule: str, word: IncidentWord) -> list[tuple[dict[str, str], Verdict, Firing | None]]:
        """What an ``incident`` rule makes of the other's incidents that are active and stay so."""
        other = self._meaning.words.get(word.of)
        firings: dict[str, Firing] = {}
        begun = len(self._draft.changes)
        for number in sorted(number for (name, key), number in self._board.open.items()
                             if name == word.of and (name, key) not in self._over):
            incident = self._draft.incident(number)
            if incident is None or incident.condition != ACTIVE:
                continue
            window = self._draft.window(word.of, key_of(incident.key))
            wait = other.state(window).wait if other is not None and window is not None else 0
            signal = Fired(word.of, incident.key, incident.activation.happened, incident.severity, 1, "",
                           incident.values, wait)
            for group in correlate.follow(self._draft, self._meaning, rule, signal, self._now):
                for one in group:
                    if isinstance(one, Fired):
                        firings[key_of(one.key)] = Firing(one.happened, one.severity, one.events, one.values, one.wait)
        texts = {change.key: None for change in self._draft.changes[begun:]
                 if isinstance(change, WindowSet) and change.rule == rule and not change.key.startswith(BESIDE)}
        return [(key_from(text), Verdict(word.state(self._draft.window(rule, text))), firings.get(text))
                for text in texts]


def _forget(board: Board, draft: Draft, rules: frozenset[str]) -> None:
    """Drop all that changed rules remember, but how many incidents they have opened of late."""
    for rule in sorted(rules):
        for key in sorted(board.windows.of(rule)):
            if key != OPENED:
                draft.put(WindowDropped(rule, key))
    for timer in sorted(timer.id for timer in board.timers.values() if timer.rule in rules and timer.lane == "window"):
        draft.put(TimerDropped(timer))
    for which in sorted(which for which in board.kept.all if which[0] in rules):
        draft.put(GatedDropped(*which))


def _awaiting(board: Board, rules: frozenset[str]) -> set[tuple[str, str]]:
    """The (rule, key) of incidents closed by a person that will be looked at again."""
    standing = set(board.open.values())
    closed = (board.incident(number) for number in board.incidents if number not in standing)
    return {(one.rule, key_of(one.key)) for one in closed
            if one is not None and one.rule in rules and one.response == CLOSED and one.reopens is not None}


def _after(before: Verdict, verdict: Verdict) -> Verdict:
    """A verdict on what another has left, with the deadlines of both."""
    return Verdict(verdict.window, {**before.timers, **verdict.timers}, verdict.signals, verdict.notes)
