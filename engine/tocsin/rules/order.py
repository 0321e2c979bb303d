"""The order in which the rules of a book speak at one instant: whoever is asked speaks before whoever asks."""

from collections.abc import Iterable, Iterator

from tocsin.book.rule import Rule

Edges = dict[str, tuple[str, ...]]


def ranks_of(rules: dict[str, Rule]) -> dict[str, int]:
    """A rank for every rule: a rule comes after the one whose incident it follows, and after those that its ``during``
    and ``unless`` ask about unless they ask one another in a circle; else as written.
    """
    follows = {name: _known(rules, (rule.when.of,) if rule.when.word == "incident" else ())
               for name, rule in rules.items()}
    asks = {name: _known(rules, (gate.active for gate in (*rule.during, *rule.unless)))
            for name, rule in rules.items()}
    circle = _circles({name: (*follows[name], *asks[name]) for name in rules})
    after = {name: (*follows[name], *(other for other in asks[name] if circle[other] != circle[name]))
             for name in rules}
    depths: dict[str, int] = {}
    for rule in rules:
        if rule not in depths:
            _depth(rule, after, depths)
    return {rule: depths[rule] * len(rules) + position for position, rule in enumerate(rules)}


def _known(rules: dict[str, Rule], names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in dict.fromkeys(names) if name in rules)


def _depth(rule: str, after: Edges, depths: dict[str, int]) -> None:
    """How many rules in a row must speak before this one."""
    stack, entered = [rule], {rule: None}
    while stack:
        top = stack[-1]
        left = next((other for other in after[top] if other not in depths and other not in entered), None)
        if left is None:
            stack.pop()
            depths[top] = 1 + max((depths[other] for other in after[top] if other in depths), default=-1)
        else:
            stack.append(left)
            entered[left] = None


def _circles(edges: Edges) -> dict[str, int]:
    """A number for every rule; rules that lead to one another have the same (Tarjan's components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    found: dict[str, int] = {}
    path: list[str] = []
    for start in edges:
        if start in index:
            continue
        work: list[tuple[str, Iterator[str]]] = [_enter(start, edges, index, low, path)]
        while work:
            rule, others = work[-1]
            following = next(others, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[rule])
                if low[rule] == index[rule]:
                    while rule not in found:
                        found[path.pop()] = index[rule]
            elif following not in index:
                work.append(_enter(following, edges, index, low, path))
            elif following not in found:
                low[rule] = min(low[rule], index[following])
    return found


def _enter(rule: str, edges: Edges, index: dict[str, int], low: dict[str, int],
           path: list[str]) -> tuple[str, Iterator[str]]:
    index[rule] = low[rule] = len(index)
    path.append(rule)
    return rule, iter(edges[rule])
