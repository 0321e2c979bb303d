"""What operators, and people outside an incident, do."""

from tocsin.core import drill, enrolment, manual, receipts, silences
from tocsin.core.draft import Draft
from tocsin.domain.change import Noted
from tocsin.domain.input import OF_ANSWERS, OperatorAction
from tocsin.rules.meaning import Meaning


def act(draft: Draft, meaning: Meaning, item: OperatorAction, now: int) -> None:
    """Apply an operator's action; an unknown one is noted and changes nothing.

    ``address_off`` and ``address_on`` take person, channel (and reason), ``address_moved`` the new address too, as
    ``to``; ``enrol`` takes person, channel, address and the instant at which the link was made, ``issued``; ``notice``
    takes to (a role) and text; ``rejected`` records a message that was no event; ``silence`` takes rule, key, severity
    (at least one of them), until and reason, ``unsilence`` the number of a silence; ``escalate``, ``add``,
    ``reassign``, ``hand_over`` and ``snooze`` take the number of an incident (core/manual.py); ``drill`` takes what
    core/drill.py says; ``wrong_code``, ``code_fits``, ``locked_out`` and ``not_applied`` record with person, reason
    (and incident) what a text or press has not done.
    """
    arguments = item.arguments
    person, channel = str(arguments.get("person", "")), str(arguments.get("channel", ""))
    if item.action == "address_off":
        receipts.switch_off(draft, meaning, person, channel, str(arguments.get("reason", "switched off")), now)
    elif item.action == "address_on":
        receipts.switch_on(draft, person, channel, now)
    elif item.action == "enrol":
        enrolment.enrol(draft, meaning, arguments, now)
    elif item.action == "address_moved":
        receipts.move(draft, meaning, person, channel, str(arguments.get("to", "")), now)
    elif item.action == "notice" and arguments.get("to") in ("duty_office", "shift_head", "administrators"):
        receipts.tell_role(draft, meaning, str(arguments["to"]), str(arguments.get("text", "")), now,
                           str(arguments.get("severity", "high")))
        draft.put(Noted(now, "notice", str(arguments.get("text", ""))))
    elif item.action == "silence":
        silences.set_silence(draft, meaning, item, now)
    elif item.action == "unsilence":
        silences.end_silence(draft, meaning, item, now)
    elif item.action == "drill":
        drill.begin(draft, meaning, item, now)
    elif item.action in manual.ACTIONS:
        manual.act(draft, meaning, item, now)
    elif item.action in OF_ANSWERS:
        draft.put(Noted(now, item.action, f"{person} by {channel}: {arguments.get('reason', '')}",
                        int(arguments.get("incident", 0)), person=person))
    elif item.action == "rejected":
        draft.put(Noted(now, "rejected", f"{item.actor}: {arguments.get('topic', '')}: {arguments.get('error', '')}"))
    else:
        draft.put(Noted(now, "unknown_action", f"{item.actor}: {item.action}"))
