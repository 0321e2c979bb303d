"""How much the loop takes at a time and how much may wait."""

from msgspec import Struct

from tocsin.domain.time import MILLISECOND, MINUTE, SECOND


class Limits(Struct, frozen=True, kw_only=True):
    """Durations in microseconds.

    ``batch`` inputs or ``gather`` of stepping (without events ``urgent`` and twice that) end a batch; ``turn`` is how
    many events of one source come in a row; ``work`` is the share of the work items in a commit. Above ``events``
    (``others``: answers, receipts, work) waiting, or ``wal`` bytes not carried over, nothing more is taken.
    ``polled`` is how long overdue escalations wait for the inbound channels after a start; ``alive`` how often an
    idle engine shows that it runs; ``told`` how often one place of errors is told.
    """

    batch: int = 256
    urgent: int = 1_024
    gather: int = 5 * MILLISECOND
    work: int = 5 * MILLISECOND
    turn: int = 64
    events: int = 50_000
    others: int = 20_000
    wal: int = 256 * 2**20
    polled: int = 5 * SECOND
    alive: int = 5 * SECOND
    told: int = 10 * MINUTE
