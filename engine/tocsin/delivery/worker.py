"""The worker of one channel: what leaves next, one claim before each send, one outcome after it."""

import asyncio
from collections.abc import Sequence

from tocsin.delivery.bundle import MOST_ELSE, MOST_TOGETHER
from tocsin.delivery.claim import Sending, claim, recover
from tocsin.delivery.outbox import Outbox, Row
from tocsin.delivery.pacing import REMEMBERED, Pace
from tocsin.delivery.prepare import Preparing
from tocsin.delivery.queue import Queue
from tocsin.delivery.render import Renderer, Site
from tocsin.delivery.sender import Report, RunWork, Sender, Submit
from tocsin.delivery.shelf import Shelf
from tocsin.delivery.statement import Reading
from tocsin.delivery.verdict import Verdict, impossible, over
from tocsin.domain.change import AddressSet, Change, NotificationSet
from tocsin.domain.errors import StoreError
from tocsin.domain.notification import SENT, Address
from tocsin.domain.time import SECOND
from tocsin.ports import Channel, Clock

PAGE = 32
LONGEST_REST = 60 * SECOND
EXPIRY_EVERY = SECOND
AFTER_TROUBLE = 1.0
HANGS_AFTER = 1.0
"""Seconds of real time after which ``settle`` leaves a send alone."""


class Worker:
    """Sends what one channel has to send, until cancelled.

    ``run_work`` and ``submit`` return when committed. ``report`` hears what people should know of the worker itself.
    """

    def __init__(self, channel: Channel, *, clock: Clock, reading: Reading, run_work: RunWork, submit: Submit,
                 shelf: Shelf, site: Site, renderer: Renderer, report: Report) -> None:
        self._channel = channel
        self._clock = clock
        self._run_work = run_work
        self._report = report
        self._outbox = Outbox(reading, channel.name)
        self._queue = Queue(self._outbox)
        self._preparing = Preparing(channel, reading, self._outbox, shelf, site, renderer)
        self._pace = Pace(channel.limits)
        self._sender = Sender(channel, clock, self._pace, run_work, submit, report)
        self._blocked: dict[str, int] = {}
        self._sends: dict[asyncio.Task[Verdict], str] = {}
        self._hanging: set[asyncio.Task[Verdict]] = set()
        self._known: dict[str, Address] = {}
        self._alarm: tuple[int, asyncio.Task[None]] | None = None
        self._woken = asyncio.Event()
        self._resting = asyncio.Event()
        self._running = False
        self._looked_for_expired = 0
        self._passed_on = 0

    def wake(self, changes: Sequence[Change] = ()) -> None:
        """Look again now: these changes were committed, or, without any, something that is not known here."""
        name, mine = self._channel.name, False
        for change in changes:
            if isinstance(change, NotificationSet) and change.notification.channel == name:
                self._queue.offer(change.notification)
                mine = True
            elif isinstance(change, AddressSet) and change.address.channel == name:
                self._known[change.address.person] = change.address
                mine = True
        if not changes:
            self._queue.changed()
        if mine or not changes:
            self._stir()

    def _stir(self) -> None:
        self._resting.clear()
        self._woken.set()

    async def run(self) -> None:
        """Take up what was in flight when the engine stopped, then send for ever."""
        started, self._running = False, True
        try:
            while True:
                try:
                    if not started:
                        await self._start()
                        started = True
                    if not await self._round():
                        await self._rest()
                except StoreError as error:
                    self._report("store", f"Messages by {self._channel.name} wait for the store: {error}")
                    await self._clock.sleep(AFTER_TROUBLE)
                except Exception as error:  # noqa: BLE001  # supervised: nothing may end a channel for good
                    self._report("worker", f"The worker of {self._channel.name} failed and goes on "
                                           f"({type(error).__name__}: {error}).")
                    await self._clock.sleep(AFTER_TROUBLE)
        finally:
            self._running = False
            self._resting.set()
            if self._alarm is not None:
                self._alarm[1].cancel()
            for task in tuple(self._sends):
                task.cancel()
            await asyncio.gather(*self._sends, return_exceptions=True)
            await self._sender.close()

    async def settle(self) -> None:
        """Return when nothing is left to send at this instant; a send that hangs for a second is left alone."""
        while self._running:
            await self._resting.wait()
            busy = self._sends.keys() - self._hanging
            if not busy:
                return
            done, _ = await asyncio.wait(busy, timeout=HANGS_AFTER, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                self._hanging |= busy
                return
            await self._clock.sleep(0)

    def next_due(self) -> int | None:
        """None: the worker sleeps on the clock by itself."""

    async def _start(self) -> None:
        now = self._clock.now()
        await self._run_work(lambda connection: recover(connection, self._channel.name, now))
        self._known = self._outbox.addresses()
        for address, started in self._outbox.sent_since(now - REMEMBERED):
            self._pace.took(address, started)

    async def _round(self) -> bool:
        """Claim and start what can start now; whether there was anything."""
        self._woken.clear()
        now = self._clock.now()
        did = await self._expire(now)
        self._queue.look(now)
        free = self._channel.concurrency - len(self._sends)
        if self._sender.breaker.away:
            await self._pass_on(now)
            free = 0 if self._sends or self._sender.breaker.next_probe > now else 1
        if free <= 0 or self._pace.overall(now) > now:
            return did
        chosen = await self._choose(now, free)
        if not chosen and self._queue.more:
            self._queue.read(now, {*self._blocked, *self._sends.values()})  # lanes of incidents are nobody's names
            chosen = await self._choose(now, free)
        if not chosen:
            return did or chosen is None
        claimed = await self._claim(chosen, now)
        if len(claimed) < len(chosen):
            self._queue.changed()
        for sending in claimed:
            self._begin(sending)
        await self._clock.sleep(0)  # what was claimed leaves before the next look
        return True

    async def _pass_on(self, now: int) -> None:
        """Whoever waits here for a provider that is away is told by their other ways, once for each message."""
        while rows := self._outbox.asking(self._passed_on, now, PAGE):
            await asyncio.gather(*map(self._sender.pass_on, rows))
            self._passed_on = rows[-1].id

    async def _choose(self, now: int, free: int) -> list[Sending] | None:
        """Up to ``free`` prepared rows; None when rows were settled or set aside instead, so look again."""
        self._blocked = {person: until for person, until in self._blocked.items() if until > now}
        rows = self._next(2 * free)
        chosen: list[Sending] = []
        left: list[tuple[Row, Verdict]] = []
        used: set[str] = set()
        for row in rows:
            if len(chosen) == free:
                break
            person = row.notification.person
            address = "" if row.is_taken else self._preparing.address(person, self._known.get(person))
            if address and address in used:
                continue
            if address and (earliest := self._pace.earliest(address, now)) > now:
                self._blocked[person] = earliest
                continue
            together = self._queue.together_with(row, MOST_TOGETHER.get(self._channel.name, MOST_ELSE))
            prepared = self._prepare(together, self._known.get(person), now)
            if isinstance(prepared, Verdict):
                left.append((row, prepared))
            else:
                if self._pace.per_address:
                    used.add(address)
                chosen.append(prepared)
        self._queue.take({*(row.id for sending in chosen for row in sending.rows), *(row.id for row, _ in left)})
        if left:
            self._queue.changed()
            await asyncio.gather(*(self._sender.leave(row, verdict) for row, verdict in left))
        aside = left or any(row.notification.person in self._blocked for row in rows)
        return None if aside and not chosen else chosen

    def _next(self, most: int) -> list[Row]:
        """The first row at hand of each of at most so many lanes in which nothing is being sent, in order."""
        passed = set(self._sends.values())
        found: list[Row] = []
        for row in self._queue:
            if row.notification.person not in self._blocked and (lane := self._lane(row)) not in passed:
                passed.add(lane)
                found.append(row)
                if len(found) == most:
                    break
        return found

    def _lane(self, row: Row) -> str:
        """Of one lane one message is sent at a time: a person's keep their order and nobody takes every place; for
        systems an incident's do. The edits belong to "".
        """
        incident = row.notification.incident
        return f"#{incident}" if self._channel.limits.together and incident and not row.is_taken else (
            row.notification.person)

    def _prepare(self, together: list[Row], known: Address | None, now: int) -> Sending | Verdict:
        row = together[0]
        try:
            return (self._preparing.taken(row, now) if row.is_taken
                    else self._preparing.together(together, known, now))
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001  # one row must never hold up the others: the person's next way starts
            self._report("prepare", f"Notification {row.id} could not be prepared ({type(error).__name__}: {error}).")
            return impossible(row, self._channel.name, f"It could not be prepared ({type(error).__name__}).")

    async def _claim(self, chosen: list[Sending], now: int) -> list[Sending]:
        """What was committed as started; a row that the store will not take is left, the others go on."""
        try:
            return list(await self._run_work(lambda connection: claim(connection, chosen, now)))
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001  # the same
            self._report("claim", f"A claim by {self._channel.name} failed ({type(error).__name__}: {error}).")
            if len(chosen) > 1:
                parts = [await self._claim([one], now) for one in chosen]
                return [sending for part in parts for sending in part]
            row = chosen[0].row
            await self._sender.leave(row, impossible(row, self._channel.name,
                                                     f"It could not be recorded ({type(error).__name__})."))
            return []

    def _begin(self, sending: Sending) -> None:
        act = self._sender.edit(sending) if sending.row.is_taken else self._sender.send(sending)
        task = asyncio.create_task(act, name=f"{self._channel.name}-{sending.row.id}")
        self._sends[task] = self._lane(sending.row)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Verdict]) -> None:
        del self._sends[task]
        self._hanging.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._report("worker", f"An outcome by {self._channel.name} could not be recorded "
                                   f"({type(error).__name__}: {error}); it counts as unknown after a restart.")
        if task.cancelled() or error is not None or task.result().state != SENT or self._channel.edits:
            self._queue.changed()
        self._stir()

    async def _expire(self, now: int) -> bool:
        """Give up what can no longer be of use, whatever pacing says; whether there was anything."""
        if now - self._looked_for_expired < EXPIRY_EVERY:
            return False
        rows = self._outbox.expired(now, PAGE)
        self._looked_for_expired = now if len(rows) < PAGE else 0
        await asyncio.gather(*(self._sender.leave(row, over(row, self._channel.name)) for row in rows))
        return bool(rows)

    async def _rest(self) -> None:
        """Sleep until woken, or until something is due, free again or over."""
        if self._woken.is_set():
            return
        now = self._clock.now()
        moments = [now + LONGEST_REST, *self._blocked.values()]
        if (overall := self._pace.overall(now)) > now:
            moments.append(overall)
        probe = self._sender.breaker.next_probe if self._sender.breaker.away else now
        if probe > now:
            moments.append(probe)
        if len(self._sends) < self._channel.concurrency and self._queue.next_due is not None:
            moments.append(max(probe, self._queue.next_due))
        if self._queue.more:
            moments.append(now + EXPIRY_EVERY)
        elif (expiry := self._queue.next_expiry) is not None:
            moments.append(max(expiry, self._looked_for_expired + EXPIRY_EVERY))
        self._set_alarm(min(moments), now)
        self._resting.set()
        try:
            await self._woken.wait()
        finally:
            self._resting.clear()

    def _set_alarm(self, moment: int, now: int) -> None:
        """Be woken at this moment, or before it by an alarm that was set earlier."""
        if self._alarm is not None:
            at, task = self._alarm
            if at <= moment and not task.done():
                return
            task.cancel()
        self._alarm = moment, asyncio.create_task(self._ring(max(0.0, (moment - now) / SECOND)))

    async def _ring(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._stir()
