"""Sending what was claimed: one attempt, what it means, and the commit of its outcome."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from tocsin.delivery.breaker import Breaker
from tocsin.delivery.claim import Sending
from tocsin.delivery.ledger import Ledger
from tocsin.delivery.outbox import Row
from tocsin.delivery.outcome import Outcome, record_unsent
from tocsin.delivery.pacing import Pace
from tocsin.delivery.patience import Patience
from tocsin.delivery.verdict import Verdict, edited, failed, handed_over, waiting
from tocsin.domain.errors import (
    DeliveryError,
    StoreError,
    StoreRefusedError,
    TemporaryDeliveryError,
    UnknownDeliveryError,
)
from tocsin.domain.input import Input
from tocsin.domain.notification import SENT
from tocsin.domain.time import SECOND
from tocsin.ports import Channel, Clock, Outgoing, Work

LONGEST_SEND = 120.0
"""Seconds after which a channel that does not come back is given up."""

Report = Callable[[str, str], None]
RunWork = Callable[[Work], Awaitable[Any]]
Submit = Callable[[Input], Awaitable[int]]


class Sender:
    """Makes the attempts of one channel; ``run_work`` and ``submit`` return when committed."""

    def __init__(self, channel: Channel, clock: Clock, pace: Pace, run_work: RunWork, submit: Submit,
                 report: Report) -> None:
        self._channel = channel
        self._clock = clock
        self._pace = pace
        self._run_work = run_work
        self._submit = submit
        self._report = report
        self.breaker = Breaker()
        self._patience = Patience(clock, LONGEST_SEND)
        self._ledger = Ledger(self.commit, editable=channel.edits)

    async def send(self, sending: Sending) -> Verdict:
        """Send one message; returns what became of it when that is committed."""
        message = sending.messages[0]
        started = self._clock.now()
        self._pace.took(message.address, started)
        verdicts = await self._try(sending.rows, message)
        now = self._clock.now()
        self._pace.ended(message.address, started, now)
        first = verdicts[0]
        if first.state != SENT:
            await asyncio.gather(*map(self._tell, verdicts))  # first: a crash in between leaves nothing untold
        await asyncio.gather(*(self._ledger.put(Outcome(row, row.tries + 1, verdict, now))
                               for row, verdict in zip(sending.rows, verdicts, strict=True)))
        if first.state == SENT:
            await asyncio.gather(*map(self._tell, verdicts))
        return first

    async def edit(self, sending: Sending) -> Verdict:
        """Edit copy after copy; one that fails is recorded and disturbs nobody."""
        row, verdicts = sending.row, []
        for message in sending.messages:
            now = self._clock.now()
            if (earliest := self._pace.earliest(message.address, now)) > now:
                await self._clock.sleep((earliest - now) / SECOND)
            started = self._clock.now()
            self._pace.took(message.address, started)
            verdict, = await self._try((row,), message)
            now = self._clock.now()
            self._pace.ended(message.address, started, now)
            verdicts.append(verdict)
            await self._ledger.put(Outcome(row, message.attempt, verdict, now, row_goes_on=True))
        now = self._clock.now()
        whole = edited(row, verdicts, now)
        await self._ledger.put(Outcome(row, 0, whole, now))
        return whole

    async def leave(self, row: Row, verdict: Verdict) -> None:
        """Settle a row without an attempt."""
        await self._tell(verdict)
        await self.commit(partial(record_unsent, row=row, verdict=verdict))

    async def _try(self, rows: Sequence[Row], message: Outgoing) -> list[Verdict]:
        """One attempt and what it means for each row that it tells; they stay together when it is to be repeated."""
        name = self._channel.name
        try:
            handed = await self._patience.within(self._channel.send(message))
            self._heard()
            return [handed_over(row, name, handed) for row in rows]
        except DeliveryError as error:
            if error.away:
                self._not_heard(str(error))
            else:
                self._heard()
            if isinstance(error, TemporaryDeliveryError) and error.retry_after is not None:
                self._pace.hold(message.address, self._clock.now() + error.retry_after)
            return self._failed(rows, error)
        except Exception as error:  # noqa: BLE001  # a channel's own fault leaves the outcome unknown, and is reported
            self._report("channel", f"The channel {name} failed in a way of its own ({type(error).__name__}).")
            unknown = UnknownDeliveryError(f"The channel failed ({type(error).__name__}); it may have been sent.")
            return self._failed(rows, unknown)

    def _failed(self, rows: Sequence[Row], error: DeliveryError) -> list[Verdict]:
        found = [failed(row, self._channel.name, error, self._clock.now()) for row in rows]
        return [replace(one, due=found[0].due) if one.state == found[0].state else one for one in found]

    def _heard(self) -> None:
        if self.breaker.answered():
            self._report("back", f"The provider of {self._channel.name} answers again.")

    def _not_heard(self, why: str) -> None:
        if self.breaker.silent(why, self._clock.now()):
            self._report("away", f"The provider of {self._channel.name} does not answer: people are told by their "
                                 f"other ways, and one message at a time is tried. {why}")

    async def pass_on(self, row: Row) -> None:
        """The provider is away: the person's other ways are taken meanwhile, if they have any."""
        await self._tell(waiting(row, self._channel.name, self.breaker.why))

    async def _tell(self, verdict: Verdict) -> None:
        """Commit the receipt that may change person or channel, however long the store refuses."""
        if (receipt := verdict.receipt) is not None:
            await self._until_committed(lambda: self._submit(receipt))

    async def commit(self, work: Work) -> Any:
        """Run a work item, however long the store refuses; its result."""
        return await self._until_committed(lambda: self._run_work(work))

    async def close(self) -> None:
        """Give up what is not committed yet: it counts as unknown after a restart."""
        self._patience.close()
        await self._ledger.close()

    async def _until_committed(self, act: Callable[[], Awaitable[Any]]) -> Any:
        pause = 0.25
        while True:
            try:
                return await act()
            except StoreRefusedError:
                raise
            except StoreError as error:
                self._report("store", f"An outcome by {self._channel.name} waits to be recorded: {error}")
            await self._clock.sleep(pause)
            pause = min(5.0, pause * 2)
