"""A run that looks at every step: nothing is mutated, the same again is the same, nobody is forgotten."""

from typing import Any

from msgspec import Raw
from msgspec.json import Decoder
from msgspec.structs import replace
from tests.support.city import content, event_rule, incident_rule, match, person, policy, step
from tests.support.life import is_covered, state_of, unexplained

from tocsin.book.book import Content, number_book
from tocsin.book.contacts import Need, Policy, Service
from tocsin.book.rule import Clear, SeverityBy
from tocsin.core.board import BESIDE, Board, apply, key_of
from tocsin.core.draft import Draft
from tocsin.core.policies import policy_of
from tocsin.core.resting import forget_of
from tocsin.core.standing import COMING, last_words, words_for
from tocsin.core.step import step as take_step
from tocsin.core.windows import timer_of
from tocsin.domain.change import Change, IncidentSet, NotificationSet, Withdrawn
from tocsin.domain.codec import decode_timer, encode
from tocsin.domain.event import Event
from tocsin.domain.gated import Gated
from tocsin.domain.incident import CLOSED, UNANSWERED, Escalation, Incident
from tocsin.domain.input import Input
from tocsin.domain.time import MINUTE, SECOND, parse_instant
from tocsin.matching.index import IndexMatcher
from tocsin.replay.run import Run
from tocsin.rules.meaning import Meaning
from tocsin.rules.operators.window import RESTS
from tocsin.rules.tables import Tables

START = parse_instant("2026-11-22T00:00:00Z")
SCALED = SeverityBy("urgency", {"a": "critical", "b": "high", "c": "low"})

PEOPLE = (
    person("olena", "telegram", "sms", by=("telegram", "sms")), person("taras", "telegram", skills=("k9",)),
    person("ivan", "sms", "email", by=("sms + email",)), person("mute"), person("duty", "sms"),
    person("chief", "telegram"), person("admin", "email"))

POLICIES = (
    policy("police", step("olena", "taras"), step("ivan", by=("email",)), repeat=1, remind="15 min"),
    policy("crew", step("olena", "taras", "ivan", within="2 min", need=(Need(2), Need(1, "k9"))), step("service:none"),
           step("chief", need=(Need(1),)), last=("duty", "taras")),
    policy("nobody", step("mute"), last=("service:none",)),
    policy("office", replace(step("chief", within="2 min"), wait_for="office"), step("olena", need=(Need(1),)),
           last=("chief",), remind="10 min", reopen="20 min"))

RULES = (
    event_rule("panic", match(type="panic"), to=("police", "crew"), severity=SCALED),
    event_rule("smoke", match(type="smoke"), for_="1 min", to={"high": "police", "low": "crew"}, severity=SCALED,
               clear=Clear(when=match(type="all.clear"), hold=MINUTE)),
    event_rule("raid", match(type="smoke"), per=(), to=None, clear=Clear(after=10 * MINUTE)),
    incident_rule("long", "raid", for_="5 min", per=("zone",), to="crew"),
    incident_rule("follows", "panic", to="nobody", clear=Clear(closes=True)),
    event_rule("door", match(type="door"), to={"critical": "crew", "high": "office", "low": "board"}, severity=SCALED,
               limits={"opened_per_minute": 2}))

OFFICE = {"time_zone": "UTC", "open": [{"days": ["sun"], "from": "00:30", "to": "01:00"},
                                       {"days": ["sun"], "from": "02:00", "to": "17:00"}]}
NAMED: dict[str, Any] = {"services": (Service(id="none", name="None"),), "calendars": {"office": OFFICE}}
SITE = content(*RULES, people=PEOPLE, policies=POLICIES, **NAMED)
SMALLER = content(*RULES[:1], *RULES[2:4], *RULES[5:], people=PEOPLE, policies=POLICIES[1:], **NAMED)
BOOKS = (SITE, SMALLER)


decode_gated = Decoder(Gated).decode


def prepared(number: int, book: Content) -> tuple[Meaning, IndexMatcher]:
    return Meaning(number_book(number, book)), IndexMatcher(book.rules, Tables.of(book))


MADE = [prepared(number + 1, book) for number, book in enumerate(BOOKS)]


def picture(board: Board) -> bytes:
    """Everything that a board holds, as bytes that are equal exactly when it is."""
    return encode([
        sorted((number, encode(board.incident(number))) for number in board.incidents),
        sorted((list(place), number) for place, number in board.open.items()),
        sorted((list(place), encode(body)) for place, body in board.windows.items()),
        sorted(count for count in board.keys.items() if count[1]),
        sorted((name, encode(timer)) for name, timer in board.timers.items()),
        sorted((list(place), encode(address)) for place, address in board.addresses.items()),
        sorted((hash_, encode(body)) for hash_, body in board.policies.items()),
        sorted((list(which), encode(gated)) for which, gated in board.kept.all.items()),
        sorted((number, encode(silence)) for number, silence in board.silences.items()), board.last_silence,
        board.last_incident, board.last_notification])


def restored(board: Board) -> Board:
    """The board as a restart reads it: incidents as bytes, windows and policies as raw JSON, timers decoded."""
    again = Board()
    for number, incident in board.incidents.items():
        value = board.incident(number)
        assert value is not None
        again.incidents[number] = incident if isinstance(incident, bytes) else encode(incident)
        if value.response != CLOSED:
            again.open[value.rule, key_of(value.key)] = number
    for (rule, key), body in board.windows.items():
        again.restore_window(rule, key, Raw(encode(body)))
    again.timers = {name: decode_timer(encode(timer)) for name, timer in board.timers.items()}
    again.addresses = dict(board.addresses)
    again.policies = {hash_: Raw(encode(body)) for hash_, body in board.policies.items()}
    for which, gated in board.kept.all.items():
        again.kept.put(which, decode_gated(encode(gated)))
    again.silences, again.last_silence = dict(board.silences), board.last_silence
    again.last_incident, again.last_notification = board.last_incident, board.last_notification
    return again


class CheckedRun(Run):
    """Every step is taken twice and looked at; ``restarts`` puts a restored board in place before each input."""

    def __init__(self, book: int = 0, *, restarts: bool = False, checks: bool = True) -> None:
        meaning, matcher = MADE[book]
        super().__init__(meaning, matcher, lambda now, item, changes: None, delivers=False)
        self.clock = START
        self.restarts, self.checks = restarts, checks
        self.log: list[bytes] = []
        self.messages: list[NotificationSet] = []
        self.states: set[str] = set()
        """Every state in which an incident has been between two inputs (the words of docs/life.md)."""

    def _apply(self, item: Input, now: int) -> None:
        if self.restarts:
            self.board = restored(self.board)
        before = picture(self.board) if self.checks else b""
        changes = take_step(self.board, self._meaning, item, now)
        if self.checks:
            assert picture(self.board) == before, "a step has changed the board"
            assert encode(changes) == encode(take_step(self.board, self._meaning, item, now)), "not the same again"
            self._judge_pages(changes)
            self._judge_transitions(item, changes)
        super()._apply(item, now)
        self.log.append(encode(changes))
        self.states |= {state_of(change.incident) for change in changes if isinstance(change, IncidentSet)}
        self.messages += [change for change in changes if isinstance(change, NotificationSet)]
        if self.checks:
            after = picture(self.board)
            apply(self.board, changes)
            assert picture(self.board) == after, "applying twice is not applying once"
            self.judge()

    def _judge_pages(self, changes: list[Change]) -> None:
        """Nobody is asked for what is covered, by an address that is off, or after they said that they come."""
        last = {change.incident.id: change.incident for change in changes if isinstance(change, IncidentSet)}
        news: set[tuple[Any, ...]] = set()
        for position, change in enumerate(changes):
            if not isinstance(change, NotificationSet):
                continue
            one = change.notification
            if one.kind in ("cleared", "closed"):
                told = (one.kind, one.incident, one.person)
                assert told not in news, f"told twice: {told}"
                news.add(told)
            if one.kind not in ("page", "raised"):
                continue
            incident = last[one.incident]
            if any(isinstance(later, Withdrawn) and later.incident == incident.id for later in changes[position:]):
                continue
            assert incident.response == UNANSWERED, f"a page although {incident.response}"
            escalation = next(known for known in incident.escalations if known.policy == one.policy)
            assert escalation.state == "running", f"a page although {escalation.state}"
            address = self.board.addresses.get((one.person, one.channel))
            assert address is None or not address.off, "a page to an address that is off"
            assert one.step == 0 or one.person not in self._coming(incident, escalation), "asked who comes"

    def _judge_transitions(self, item: Input, changes: list[Change]) -> None:
        """Whatever has become of an incident, its timeline says why."""
        for change in changes:
            if isinstance(change, IncidentSet):
                missing = list(unexplained(self.board.incident(change.incident.id), change.incident, changes))
                assert not missing, f"incident {change.incident.id}: {missing} by {item}: {changes}"

    def _coming(self, incident: Incident, escalation: Escalation) -> list[str]:
        """Those who said so to this escalation: it had asked them before this step."""
        known = self.board.incident(incident.id)
        asked = [] if known is None else [person for one in known.escalations if one.policy == escalation.policy
                                          for person in one.asked]
        words = words_for(incident, escalation)
        return [person for person in asked if words.get(person) in COMING]

    def judge(self) -> None:
        """What holds between any two inputs."""
        now = self.clock or 0
        timers = self.board.timers.values()
        for timer in timers:
            if timer.incident:
                assert self.board.incident(timer.incident) is not None, f"{timer.id} points nowhere"
            elif timer.kind == RESTS:
                assert self.board.resting.at(timer.rule, timer.due // MINUTE, 1), f"{timer.id} looks at no key"
            elif timer.lane == "window":
                assert (timer.rule, timer.key) in self.board.windows, f"{timer.id} has no window"
        for (rule, key), body in self.board.windows.items():
            forget = 0 if key.startswith(BESIDE) else forget_of(body)
            if forget:
                look = timer_of(rule, key, RESTS, forget)
                assert self.board.timers.get(look.id) == look, f"nobody looks at {key} of {rule} to forget it"
                assert key in self.board.resting.at(rule, look.due // MINUTE, 10**6)
        for number in self.board.incidents:
            incident = self.board.incident(number)
            assert incident is not None
            self._judge_incident(incident, now)

    def _judge_incident(self, incident: Incident, now: int) -> None:
        place = (incident.rule, key_of(incident.key))
        due = {timer.id: timer.due for timer in self.board.timers.values() if timer.incident == incident.id}
        running = [index for index, one in enumerate(incident.escalations) if one.state == "running"]
        if incident.response == CLOSED:
            assert self.board.open.get(place) != incident.id
            assert set(due) == {f"6|reopen|{incident.id}"}, f"a closed incident has {set(due)}"
            assert due[f"6|reopen|{incident.id}"] == incident.reopens
            return
        assert self.board.open[place] == incident.id
        assert not incident.quiet or (incident.board and due[f"7|unmute|{incident.id}"] >= now), "muted without end"
        if incident.response == UNANSWERED:
            self._judge_unanswered(incident, due, now)
        else:
            assert not running
            assert not [name for name in due if name[0] in "345"], f"an answered incident still has {set(due)}"
            assert incident.condition == "active" or incident.held, "over and answered, and not closed"
            words = last_words(given for given in incident.answers if given.at >= incident.activation.at)
            if any(self._policy(one).reopen for one in incident.escalations) and "arrived" not in words.values():
                assert due[f"6|forgotten|{incident.id}"] >= now, "it can be forgotten"

    def _policy(self, escalation: Escalation) -> Policy:
        return policy_of(Draft(self.board), escalation)

    def _judge_unanswered(self, incident: Incident, due: dict[str, int], now: int) -> None:
        """Somebody is being asked, or will be when a silence ends, until each policy has what it needs."""
        wanted = [one.state for one in incident.escalations if one.state in ("running", "muted")]
        assert bool(wanted) == bool(incident.escalations), "an unanswered incident that nobody is asked about"
        assert set(wanted) <= ({"muted"} if incident.quiet else {"running"}), f"quiet {incident.quiet} and {wanted}"
        for index, one in enumerate(incident.escalations):
            covered = is_covered(incident, one, self._policy(one), self._meaning.content)
            assert one.state == "over" or covered == (one.state == "answered"), f"{one.policy}: {one.state}, {covered}"
            if one.state == "running":
                assert due[f"5|answer|{incident.id}|{index}"] >= now, "a policy ended in silence"


def event(number: int, at: int, kind: str, site: str | None, status: str | None, device: str, late: int,
          urgency: str) -> Event:
    return Event(id=f"e{number}", source="s", type=kind, time=at - late * SECOND, received=at, status=status,
                 site=site, device=device, data={"urgency": urgency, "zone": device})


def smaller_book(run: CheckedRun, number: int) -> None:
    """Another of the two books holds, under a new number."""
    meaning, matcher = prepared(number, BOOKS[number % 2])
    run.renew(meaning, matcher, run.clock or START)


__all__ = ["BOOKS", "START", "CheckedRun", "event", "picture", "replace", "restored", "smaller_book"]
