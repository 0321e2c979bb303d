"""What operators, and people outside an incident, do; and what a new book changes."""

from msgspec.structs import replace

from tocsin.core import receipts, silences
from tocsin.core.board import Board
from tocsin.core.draft import Draft
from tocsin.domain.change import IncidentSet, Noted, TimerDropped, WindowDropped
from tocsin.domain.input import BookLoaded, OperatorAction
from tocsin.rules.meaning import Meaning
from tocsin.rules.signal import Cleared, Signal


def act(draft: Draft, meaning: Meaning, item: OperatorAction, now: int) -> None:
    """Apply an operator's action; an unknown one is noted and changes nothing.

    ``address_off`` and ``address_on`` take person, channel (and reason); ``notice`` takes to (a role) and text;
    ``rejected`` records a message that was no event; ``silence`` takes rule, key, severity (at least one of them),
    until and reason, ``unsilence`` the number of a silence.
    """
    arguments = item.arguments
    person, channel = str(arguments.get("person", "")), str(arguments.get("channel", ""))
    if item.action == "address_off":
        receipts.switch_off(draft, meaning, person, channel, str(arguments.get("reason", "switched off")), now)
    elif item.action == "address_on":
        receipts.switch_on(draft, person, channel, now)
    elif item.action == "notice" and arguments.get("to") in ("duty_office", "shift_head", "administrators"):
        receipts.tell_role(draft, meaning, str(arguments["to"]), str(arguments.get("text", "")), now,
                           str(arguments.get("severity", "high")))
        draft.put(Noted(now, "notice", str(arguments.get("text", ""))))
    elif item.action == "silence":
        silences.set_silence(draft, item, now)
    elif item.action == "unsilence":
        silences.end_silence(draft, meaning, item, now)
    elif item.action == "rejected":
        draft.put(Noted(now, "rejected", f"{item.actor}: {arguments.get('topic', '')}: {arguments.get('error', '')}"))
    else:
        draft.put(Noted(now, "unknown_action", f"{item.actor}: {item.action}"))


def book_loaded(board: Board, draft: Draft, meaning: Meaning, item: BookLoaded,
                now: int) -> list[tuple[str, tuple[Signal, ...]]]:
    """The book in ``meaning`` holds from here on: windows of rules that are gone or changed their word are dropped.

    Their incidents stay on the board, their condition cleared with the reason.
    """
    draft.put(Noted(now, "book", f"rule book {item.number} holds ({item.hash[:12]})"))
    said: list[tuple[str, tuple[Signal, ...]]] = []
    gone = sorted((rule, key) for rule, key in board.windows if rule not in meaning.words)
    for rule, key in gone:
        draft.put(WindowDropped(rule, key))
    for timer in sorted(timer.id for timer in board.timers.values() if timer.rule and timer.rule not in meaning.words):
        draft.put(TimerDropped(timer))
    for number, rule in sorted((number, rule) for (rule, _), number in board.open.items()):
        if rule not in meaning.words:
            incident = draft.incident(number)
            if incident is not None and not incident.values.get("rule_removed"):
                draft.put(IncidentSet(replace(incident, values={**incident.values, "rule_removed": True})))
                said.append((rule, (Cleared(rule, incident.key, "the rule was removed", now),)))
    return said
