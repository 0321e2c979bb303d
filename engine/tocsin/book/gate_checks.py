"""Gates that contradict themselves or one another: found when the rules of all files are known."""

from collections.abc import Callable

from tocsin.book.report import Report
from tocsin.book.rule import Gate, Rule


def check_gates(rules: tuple[Rule, ...], report: Report) -> None:
    """Errors for a ``during`` that can never be open and an ``unless`` that asks about its own rule."""
    by_id = {rule.id: rule for rule in rules}
    for rule in rules:
        if any(gate.active == rule.id for gate in rule.unless):
            report.error(rule.where, f'the unless: of "{rule.id}" asks about the rule itself: while its incident is '
                         "active further firings join it anyway; name the other rule, or take the line away")
        if any(gate.operation == "any" for gate in rule.during) and len(rule.during) > 1:
            report.error(rule.where, f'in the during: of "{rule.id}" {{operation: any}} stands beside others: it adds '
                         "the operation to the key, so it stands alone; make two rules")
        for gate in rule.during:
            if gate in rule.unless:
                report.error(rule.where, f'"{rule.id}" fires only during {_words(gate)} and never then: take it out of '
                             "during: or of unless:")
        for gate in (*rule.during, *rule.unless):
            other = by_id.get(gate.active)
            if other is not None and not other.enabled and other is not rule:
                report.warn(rule.where, f'"{rule.id}" asks whether "{other.id}" is active, but that rule is not '
                            "enabled: the answer is always no")
    _never_open(by_id, report)


def _never_open(rules: dict[str, Rule], report: Report) -> None:
    """A rule opens when any of its alternatives can; one whose every alternative waits for such a rule never does."""
    can: dict[str, bool] = {name: not rule.during and rule.when.word != "incident" for name, rule in rules.items()}
    waiting: dict[str, list[str]] = {}
    for name, rule in rules.items():
        for other in {rule.when.of if rule.when.word == "incident" else "", *(gate.active for gate in rule.during)}:
            waiting.setdefault(other, []).append(name)
    ahead = list(rules)
    while ahead:
        name = ahead.pop()
        if not can[name] and _opens(rules[name], lambda other: can.get(other, True)):
            can[name] = True
        if can[name]:
            ahead += [other for other in waiting.pop(name, ()) if not can[other]]
    for name, rule in rules.items():
        if can[name] or not rule.during:
            continue
        asked = " or ".join(dict.fromkeys(gate.active for gate in rule.during if gate.active))
        report.error(rule.where, f'the during: of "{name}" can never open: it waits for an incident of {asked}, which '
                     f'waits for "{name}"' if asked != name else f'the during: of "{name}" can never open: it waits '
                     "for the rule's own incident")


def _opens(rule: Rule, can: Callable[[str], bool]) -> bool:
    if rule.when.word == "incident" and not can(rule.when.of):
        return False
    return not rule.during or any(not gate.active or can(gate.active) for gate in rule.during)


def _words(gate: Gate) -> str:
    if gate.active:
        return f"an incident of {gate.active}"
    return f"operation {gate.operation}" if gate.operation else f"calendar {gate.calendar}"
