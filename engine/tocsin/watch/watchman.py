"""The watchman: runs the probes, tells the engine what changed as events, and /health what is wrong."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from sqlalchemy import Connection, text

from tocsin.domain.errors import StoreError
from tocsin.domain.event import Event
from tocsin.ports import Clock, Intake, Work
from tocsin.watch.auditor import Reading
from tocsin.watch.observe import Levels, Sample, decide, decode_levels, encode_levels
from tocsin.watch.probes import Probe

_KEPT = text("SELECT value FROM meta WHERE key = 'observed'")
_KEEP = text("INSERT INTO meta (key, value) VALUES ('observed', :levels) "
             "ON CONFLICT (key) DO UPDATE SET value = excluded.value")
_log = logging.getLogger("tocsin.watch")


class Watchman:
    """What was told is kept in the store, after the events: a crash between tells again, and never forgets."""

    def __init__(self, intake: Intake, reading: Reading, run_work: Callable[[Work], Awaitable[object]],
                 clock: Clock) -> None:
        self._intake, self._reading, self._run_work, self._clock = intake, reading, run_work, clock
        self._levels: Levels | None = None
        self._turn = asyncio.Lock()
        self._wrong: dict[str, str] = {}

    async def observe(self, probes: Iterable[Probe]) -> None:
        """One round of these probes; what the store cannot take now is told in the next round."""
        samples = await asyncio.to_thread(_measure, tuple(probes))
        async with self._turn:
            if self._levels is None:
                self._levels = await asyncio.to_thread(self._kept)
            levels, events = decide(self._levels, samples, self._clock.now())
            self._note(samples, levels)
            try:
                await self._intake.submit_events(events)
                if encode_levels(levels) != encode_levels(self._levels):
                    await self._run_work(_keeper(levels))
            except StoreError as error:
                _log.warning("what the engine observed of itself could not be committed: %s", error)
                return
            self._levels = levels

    async def tell(self, event: Event) -> None:
        """Submit one event of the engine's own (``observe.poison``, ``observe.disagreement``); never raises."""
        try:
            await self._intake.submit_events([event])
        except StoreError as error:
            _log.warning("%s could not be committed: %s", event.type, error)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong at present, for /health: type, device and what is known of it."""
        return tuple(self._wrong.values())

    def _note(self, samples: Iterable[Sample], levels: Levels) -> None:
        for sample in samples:
            key = f"{sample.type} {sample.device}"
            held = levels.get(key)
            if held is not None and held.level:
                facts = ", ".join(f"{name} {value}" for name, value in sample.data.items())
                self._wrong[key] = f"{key}: {sample.text or facts}"
            else:
                self._wrong.pop(key, None)

    def _kept(self) -> Levels:
        with self._reading() as connection:
            return decode_levels(str(connection.execute(_KEPT).scalar() or ""))


def _measure(probes: tuple[Probe, ...]) -> list[Sample]:
    samples: list[Sample] = []
    for probe in probes:
        try:
            samples += probe()
        except Exception as error:  # noqa: BLE001 - supervised: one probe that fails must not blind the others
            _log.warning("a probe failed: %s: %s", type(error).__name__, error)
    return samples


def _keeper(levels: Levels) -> Work:
    def keep(connection: Connection) -> None:
        connection.execute(_KEEP, {"levels": encode_levels(levels)})

    return keep
