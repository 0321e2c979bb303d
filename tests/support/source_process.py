"""A process with the ways in before a journal file, to be killed between receipt and commit.

``python -m tests.support.source_process JOURNAL BROKER_PORT CLIENT_ID [hold]`` prints its HTTP port, then "seen" for
each submission; with ``hold`` it never commits. A line of the journal is one committed event.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from tests.support.notes import Notes
from tests.support.ways_in import ALERTS, GATEWAY, panel

from tocsin.api.ingest import ingest_routes
from tocsin.api.server import build_app, serve
from tocsin.clock import VirtualClock
from tocsin.domain.event import Event
from tocsin.domain.identity import identity
from tocsin.domain.input import Input
from tocsin.domain.time import parse_instant
from tocsin.ports import Accepted
from tocsin.sources.door import open_doors
from tocsin.sources.mqtt import MqttSource, Rejected
from tocsin.sources.normal import Normaliser


class FileIntake:
    """Commits to a file with fsync."""

    def __init__(self, journal: Path, hold: bool) -> None:
        self._journal = journal
        self._hold = hold
        self._known = {identity(event) for event in committed(journal)}

    async def submit_events(self, events: Sequence[Event]) -> list[Accepted]:
        print("seen", flush=True)
        if self._hold:
            await asyncio.Event().wait()
        new = [event for event in events if identity(event) not in self._known]
        with self._journal.open("ab") as file:
            file.writelines(msgspec.json.encode(event) + b"\n" for event in new)
            file.flush()
            os.fsync(file.fileno())
        fates = [Accepted(0, duplicate=identity(event) in self._known) for event in events]
        self._known.update(identity(event) for event in new)
        print("committed", flush=True)
        return fates

    async def submit(self, item: Input) -> int:
        raise NotImplementedError("sources submit events only")


def committed(journal: Path) -> list[Event]:
    """The events in a journal."""
    if not journal.exists():
        return []
    return [msgspec.json.decode(line, type=Event) for line in journal.read_bytes().splitlines()]


async def _reject(rejected: Rejected) -> None:
    print("rejected", rejected.error, flush=True)


async def _main(journal: str, broker_port: str, client_id: str, hold: bool) -> None:
    clock, notes = VirtualClock(parse_instant("2026-11-22T20:00:10Z")), Notes()
    intake = FileIntake(Path(journal), hold)
    http = await serve(build_app(ingest_routes(open_doors((GATEWAY, ALERTS), clock, notes), intake, clock, notes)),
                       "127.0.0.1", 0)
    print(http.port, flush=True)
    if int(broker_port):
        await MqttSource(panel(int(broker_port), client_id), Normaliser("panels"), clock, notes, _reject).run(intake)
    await http.wait()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:4], hold="hold" in sys.argv[4:]))
