"""The second process: looks whether the engine moves, and itself tells people when it does not."""

import asyncio
import html
from collections.abc import Callable

from tocsin.domain.errors import DeliveryError, TocsinError, UnknownDeliveryError
from tocsin.domain.time import SECOND, format_duration
from tocsin.ports import Channel, Clock, Outgoing, Rendered
from tocsin.watch.diary import Diary
from tocsin.watch.position import RESTARTS, Seen
from tocsin.watch.roll import Roll, ways_of
from tocsin.watch.standstill import FAILED, HANDED, PERHAPS, STANDS, Say, Watch
from tocsin.watch.systemd import Systemd
from tocsin.watch.words import head_and_rest

TICK_S = 1.0
REREAD_S = 10.0
PATIENCE_S = 60.0
"""A channel that has not come back after this counts as ``perhaps``."""

Reread = Callable[[], Roll | None]
"""None when the files have not changed; raises TocsinError when they have and are wrong. Runs in a thread."""


class Watchdog:
    """``look`` says how far the engine has come, ``roll`` whom to tell; nothing that a provider does ends it."""

    def __init__(self, roll: Roll, look: Callable[[], Seen], clock: Clock, diary: Diary, *,
                 reread: Reread = lambda: None, systemd: Systemd | None = None) -> None:
        self._roll, self._look, self._clock, self._diary = roll, look, clock, diary
        self._reread, self._systemd = reread, systemd or Systemd()
        self._watch = Watch(self._steady(), roll.after)
        self._seen = Seen(None)
        self._mode = ""
        self._since = 0
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._flights: set[asyncio.Task[None]] = set()
        self._retired: list[Channel] = []

    def _steady(self) -> int:
        return round(self._clock.monotonic() * SECOND)

    async def run(self) -> None:
        """Watch until cancelled."""
        ways = ways_of(self._roll, self._clock.now())
        self._diary.write("started", after=format_duration(self._roll.after), ways=len(ways),
                          people=", ".join(dict.fromkeys(way.person for way in ways)))
        self._systemd.ready()
        rereading = asyncio.create_task(self._keep_copy())
        try:
            while True:
                self._supervised_tick()
                self._systemd.alive()
                await self._clock.sleep(TICK_S)
        finally:
            self._systemd.stopping()
            rereading.cancel()
            for flight in self._flights:
                flight.cancel()
            await asyncio.gather(rereading, *self._flights, return_exceptions=True)
            for channel in (*self._roll.channels.values(), *self._retired):
                await channel.close()

    def _supervised_tick(self) -> None:
        try:
            self.tick()
        except Exception as error:  # noqa: BLE001 - supervised: the last one who speaks must not fall silent
            self._diary.write("broke", reason=f"{type(error).__name__}: {error}")

    def tick(self) -> None:
        """One look, and the tellings that are due begun."""
        now = self._steady()
        seen = self._look()
        if seen.why != self._seen.why:
            self._diary.write("seen", why=seen.why, detail=seen.detail)
        self._seen, self._mode = seen, seen.mode or self._mode
        change = self._watch.look(now, seen.mark)
        if change:
            if change == STANDS:
                self._since = self._clock.now() - (now - self._watch.moved)
            self._diary.write(change, why=self._why)
            self._systemd.status(f"the engine {change}")
        if not self._watch.speaks:
            return
        for say in self._watch.due(now, ways_of(self._roll, self._clock.now())):
            flight = asyncio.create_task(self._tell(say))
            self._flights.add(flight)
            flight.add_done_callback(self._flights.discard)

    @property
    def _why(self) -> str:
        return RESTARTS if self._watch.loops else self._seen.why

    async def _tell(self, say: Say) -> None:
        way = say.way
        channel = self._roll.channels.get(way.channel)
        became, reason = FAILED, "the channel is not in config.yaml any more"
        if channel is not None:
            turn = self._turns.setdefault(way.channel, asyncio.Semaphore(channel.concurrency))
            async with turn:
                became, reason = await self._send(channel, self._outgoing(say))
        self._watch.told(self._steady(), say, became)
        self._diary.write("told" if became == HANDED else became, message=say.what, person=way.person,
                          channel=way.channel, number=say.number, reason=reason)

    async def _send(self, channel: Channel, outgoing: Outgoing) -> tuple[str, str]:
        """What became of it, and the reason or the provider's id."""
        sending = asyncio.ensure_future(channel.send(outgoing))
        waiting = asyncio.ensure_future(self._clock.sleep(PATIENCE_S))
        try:
            await asyncio.wait({sending, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                return PERHAPS, f"no answer within {PATIENCE_S:g} s"
            return HANDED, (await sending).provider_id
        except UnknownDeliveryError as error:
            return PERHAPS, str(error)
        except DeliveryError as error:
            return FAILED, str(error)
        except Exception as error:  # noqa: BLE001 - supervised: whatever one way raises, the other ways go on
            return FAILED, f"{type(error).__name__} in the channel"
        finally:
            sending.cancel()
            waiting.cancel()

    def _outgoing(self, say: Say) -> Outgoing:
        way, site, now = say.way, self._roll.content.site, self._clock.now()
        ended = now - (self._steady() - say.ended) if say.ended else now
        head, rest = head_and_rest(say.what, way.language, site=site.name, zone=site.time_zone, since=self._since,
                                   until=ended, why=self._why, practice=self._mode == "practice")
        text = f"{head} {rest}".strip()
        if way.channel == "telegram":
            text = f"<b>{html.escape(head, quote=False)}</b>\n{html.escape(rest, quote=False)}".strip()
        thread = f"watchdog-{self._since // SECOND}"
        return Outgoing(0, say.number, way.address, Rendered(text, subject=head), thread=thread, urgent=True,
                        message_id=f"{thread}-{say.what}-{way.person}-{say.number}")

    async def _keep_copy(self) -> None:
        """Take over changed files when they are valid; keep the old copy when they are not."""
        while True:
            await self._clock.sleep(REREAD_S)
            try:
                roll = await asyncio.to_thread(self._reread)
                if roll is not None:
                    self._take(roll)
            except TocsinError as error:
                self._diary.write("kept_old_copy", reason=str(error))
            except Exception as error:  # noqa: BLE001 - supervised: a bad file must not end the watchdog
                self._diary.write("kept_old_copy", reason=f"{type(error).__name__}: {error}")
            if not self._flights:
                while self._retired:
                    await self._retired.pop().close()

    def _take(self, roll: Roll) -> None:
        ways = ways_of(roll, self._clock.now())
        if not ways:
            self._retired += roll.channels.values()
            self._diary.write("kept_old_copy", reason="the changed files leave nobody whom the watchdog could tell")
            return
        self._retired += self._roll.channels.values()
        self._roll = roll
        self._watch.after = roll.after
        self._diary.write("reread", ways=len(ways))
