"""Limits of a rule: beyond them firings join one visible overflow incident; critical ones always pass."""

import msgspec
from msgspec import Struct

from tocsin.book.rule import Rule
from tocsin.core.board import BESIDE
from tocsin.core.draft import Draft
from tocsin.domain.change import WindowSet
from tocsin.domain.incident import RANK
from tocsin.domain.time import MINUTE

KEYS, OPENED_PER_MINUTE = 10_000, 30
OVERFLOW_KEY = {"overflow": "yes"}
QUIET = 15 * MINUTE
"""An overflow incident clears when nothing has joined it for this long."""

OPENED = f"{BESIDE}opened"
"""Where it is kept how many incidents a rule has opened of late."""


class Opened(Struct, omit_defaults=True, frozen=True):
    """How many incidents the rule has opened in the minute that began at ``since``."""

    since: int
    count: int


def too_many_keys(draft: Draft, rule: Rule, key: str) -> bool:
    """Whether a new key of this rule is one too many; a known key never is."""
    return draft.key_count(rule.id) >= rule.limits.get("keys", KEYS) and draft.window(rule.id, key) is None


def one_too_many(draft: Draft, rule: Rule, severity: str, now: int) -> bool:
    """Count an opening; True when it is beyond the rule's limit and not critical."""
    body = draft.window(rule.id, OPENED)
    known = body if isinstance(body, Opened) or body is None else msgspec.json.decode(body, type=Opened)
    if known is None or now - known.since >= MINUTE:
        known = Opened(now, 0)
    limit = rule.limits.get("opened_per_minute", OPENED_PER_MINUTE)
    if known.count >= limit and RANK[severity] < RANK["critical"]:
        return True
    draft.put(WindowSet(rule.id, OPENED, Opened(known.since, known.count + 1)))
    return False
