"""Two lists of conditions compared as plainly as possible: every pair looked at, nothing remembered."""

from tocsin.replay.periods import Period

Pair = tuple[int | None, int | None]


def naive_pairs(old: list[Period], new: list[Period]) -> set[Pair]:
    """Which belong together, by their places in the lists: who lasted at the same time, the earlier first; the others
    stand alone.
    """
    pairs: set[Pair] = set()
    for i in sorted(range(len(old)), key=lambda i: old[i].at):
        for j in sorted(range(len(new)), key=lambda j: new[j].at):
            free = not any(i == a or j == b for a, b in pairs)
            if free and same_place(old[i], new[j]) and lasted_together(old[i], new[j]):
                pairs.add((i, j))
    alone_old = {(i, None) for i in range(len(old)) if not any(a == i for a, _ in pairs)}
    alone_new = {(None, j) for j in range(len(new)) if not any(b == j for _, b in pairs)}
    return pairs | alone_old | alone_new


def same_place(one: Period, other: Period) -> bool:
    return one.rule == other.rule and one.key == other.key


def lasted_together(one: Period, other: Period) -> bool:
    """Whether there is an instant at which both were active; what was over at once was so for its one instant."""
    return any(lasts_at(one, instant) and lasts_at(other, instant) for instant in (one.at, other.at))


def lasts_at(one: Period, instant: int) -> bool:
    return one.at == instant or (one.at < instant and (one.cleared is None or instant < one.cleared))
