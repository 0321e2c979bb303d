"""The messages that systemd gets."""

import asyncio
import socket
from pathlib import Path

import pytest

from tocsin.clock import VirtualClock
from tocsin.domain.time import SECOND
from tocsin.watch.systemd import Systemd


def test_a_unit_is_told_that_it_is_ready_alive_and_stopping(tmp_path: Path) -> None:
    """Over the socket that the environment names, twice in each WatchdogSec."""
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(address)
        line.settimeout(5)
        unit = Systemd.of({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "30000000"})
        assert unit.every == 15.0
        for tell in (lambda: unit.ready("all well"), unit.alive, lambda: unit.status("two\nlines"), unit.stopping):
            tell()
        assert [line.recv(100).decode() for _ in range(4)] == [
            "READY=1\nSTATUS=all well", "WATCHDOG=1", "STATUS=two lines", "STOPPING=1"]


async def test_an_engine_that_is_not_well_stops_saying_that_it_is_alive(tmp_path: Path) -> None:
    """So that systemd starts it again."""
    address, clock, wells = str(tmp_path / "notify"), VirtualClock(), [True, True, False, False]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(address)
        line.setblocking(False)
        unit = Systemd.of({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "30000000"})
        task = asyncio.create_task(unit.beat(clock, lambda: wells.pop(0)))
        await clock.advance(50 * SECOND)
        task.cancel()
        assert [line.recv(100), line.recv(100)] == [b"WATCHDOG=1"] * 2
        with pytest.raises(BlockingIOError):
            line.recv(100)
        assert wells == []
    await Systemd.of({}).beat(clock, lambda: True)  # nobody waits for it: over at once


def test_without_systemd_nothing_happens(tmp_path: Path) -> None:
    """No socket, or one that nobody listens on."""
    assert Systemd.of({}).every is None
    Systemd.of({}).alive()
    Systemd.of({"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "no number"}).alive()
