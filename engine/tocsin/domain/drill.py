"""Drills: an incident of an exercise has the name of its rule or policy behind a mark that no rule can have."""

MARK = "drill:"
OF_POLICY = "@"


def drill_of(rule: str = "", policy: str = "") -> str:
    """The name under which the incident of an exercise with this rule, or with a policy alone, is kept."""
    return MARK + (rule or OF_POLICY + policy)


def is_drill(rule: str) -> bool:
    return rule.startswith(MARK)


def real_rule(rule: str) -> str:
    """The rule whose texts are used; "" for a drill of a policy alone."""
    name = rule.removeprefix(MARK)
    return "" if is_drill(rule) and name.startswith(OF_POLICY) else name
