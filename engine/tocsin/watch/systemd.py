"""Telling systemd that a process is ready and alive: datagrams to the socket it names, nothing elsewhere."""

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress

from tocsin.ports import Clock


class Systemd:
    """``every`` is how often ``alive`` is to be called, in seconds: half of WatchdogSec; None when nobody waits for it.

    Without a socket every call does nothing; an error of the socket is nobody's trouble but systemd's.
    """

    def __init__(self, address: str = "", every: float | None = None) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.every = every

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Systemd":
        """As the environment of a unit says (NOTIFY_SOCKET, WATCHDOG_USEC)."""
        period = environ.get("WATCHDOG_USEC", "")
        return cls(environ.get("NOTIFY_SOCKET", ""), int(period) / 2e6 if period.isdigit() and int(period) else None)

    def ready(self, status: str = "") -> None:
        self._tell("READY=1" + (f"\nSTATUS={status}" if status else ""))

    def alive(self) -> None:
        self._tell("WATCHDOG=1")

    async def beat(self, clock: Clock, well: Callable[[], bool]) -> None:
        """Say ``alive`` as often as the unit wants to hear it, while all is ``well``; until cancelled."""
        while self.every is not None:
            if well():
                self.alive()
            await clock.sleep(self.every)

    def status(self, text: str) -> None:
        """The line that ``systemctl status`` shows."""
        self._tell(f"STATUS={' '.join(text.split())}")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def _tell(self, message: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.setblocking(False)
            line.sendto(message.encode(), self._address)
