"""A condition at a gate of its rule: let through by ``during``, or kept back by ``during`` or ``unless``."""

from typing import Any

from msgspec import Struct

DURING, UNLESS = "during", "unless"

Place = tuple[str, tuple[str, ...], tuple[str, ...]]
"""What an ``{active: rule, same: [fields]}`` looks for: the rule, the fields, and their values."""

Which = tuple[str, str, str]
"""Names a Gated: the rule, the canonical key text, the gate."""


class Gated(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the core remembers of one condition at one gate.

    ``told`` says that ``during`` has let it through; ``waits`` that it has not fired yet and is here because its
    ``for`` counts only while the gate is open. The rest is the firing that was kept back, as in Fired: ``happened``
    the earliest event time, ``events`` how many firings. ``asks`` are the places whose incidents the gate looks at.
    """

    rule: str
    key: dict[str, str]
    gate: str
    told: bool = False
    waits: bool = False
    happened: int = 0
    severity: str = ""
    events: int = 0
    values: dict[str, Any] = {}
    wait: int = 0
    reason: str = ""
    asks: tuple[Place, ...] = ()
