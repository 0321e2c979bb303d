"""The two that are compared, each as its users run it: `tocsin run` with a home of its own, and Alertmanager."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.city import TOKEN
from benchmarks.wire import Connection, request
from tocsin.clock import SystemClock
from tocsin.domain.time import format_instant

ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
UNITS = 64
"""Receivers of messages, each by its own policy, as each service of a city has its own."""

_CONFIG = """\
site: {{name: Bench, time_zone: Europe/Kyiv, language: en}}
storage: {{url: "sqlite:///tocsin.db"}}
http: {{listen: "127.0.0.1:{port}"}}
sources:
  gateway: {{kind: http, token: "{token}", quota: {{per_second: 10000000, burst: 10000000}}}}
channels:
  webhook: {{secret: "a-secret-for-the-benchmarks"}}
roles: {{administrators: [{{person: unit-0}}]}}
allow_endpoint: ["127.0.0.1"]
matching: {{engine: index, second_opinion: none}}
"""
_ALERTMANAGER = """\
route: {{receiver: sink, group_by: ["..."], group_wait: 0s, group_interval: 1h, repeat_interval: 24h}}
receivers:
  - name: sink
    webhook_configs: [{{url: "http://127.0.0.1:{sink}/", send_resolved: false}}]
"""


class Sink:
    """The receiver's process; ``came`` is filled when it has ended: incident → instant on the monotonic clock."""

    def __init__(self) -> None:
        self._child = subprocess.Popen([sys.executable, "-m", "benchmarks.sink"], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        assert self._child.stdout is not None
        self.port = int(self._child.stdout.readline())
        self.came: dict[int, float] = {}

    async def until(self, count: int, seconds: float = 120.0) -> None:
        """Return when so many incidents have come; AssertionError when they do not."""
        _, asking = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", self.port)
        try:
            async with asyncio.timeout(seconds):
                while int((await asking.send(b"GET / HTTP/1.1\r\n\r\n"))[1]) < count:
                    await asyncio.sleep(0.05)
        finally:
            asking.transport.close()

    def end(self) -> None:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.close()
        self.came = {int(key): at for key, at in json.loads(self._child.stdout.readline()).items()}
        self._child.wait()
        self._child.stdout.close()


class Rival:
    """A running server: ``post`` makes the request that reports the incidents with these numbers."""

    def __init__(self, name: str, port: int, process: "subprocess.Popen[bytes]", sink: Sink) -> None:
        self.name, self.port, self.process, self.sink = name, port, process, sink

    def post(self, numbers: Sequence[int]) -> bytes:
        now = format_instant(SystemClock().now())
        items = [_event(number, now) if self.name == "tocsin" else _alert(number, now) for number in numbers]
        path = "/v1/events" if self.name == "tocsin" else "/api/v2/alerts"
        return request(path, json.dumps(items).encode())

    @property
    def cpu_s(self) -> float:
        """CPU time of the process so far, in seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def rss_mb(self) -> float:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.partition("VmRSS:")[2].split()[0]) / 1024


def _event(number: int, now: str) -> dict[str, Any]:
    return {"id": f"e{number}", "type": "alarm.panic", "time": now, "site": f"k-{number:07d}",
            "device": f"button-{number % 300}", "severity": "critical", "text": "the button behind the counter",
            "data": {"unit": number % UNITS, "phone": "+380 50 123 45 01", "floor": 2, "zone": f"zone-{number % 50}"}}


def _alert(number: int, now: str) -> dict[str, Any]:
    return {"startsAt": now, "labels": {
        "alertname": "panic", "site": f"k-{number:07d}", "unit": str(number % UNITS),
        "device": f"button-{number % 300}", "severity": "critical", "zone": f"zone-{number % 50}"},
        "annotations": {"summary": f"Panic button: k-{number:07d}", "text": "the button behind the counter",
                        "phone": "+380 50 123 45 01", "floor": "2"}}


@asynccontextmanager
async def running(name: str, folder: Path) -> AsyncIterator[Rival]:
    """A fresh one with a sink of its own; ends both."""
    sink = Sink()
    try:
        with tempfile.TemporaryDirectory(dir=folder) as home, _process(name, Path(home), sink.port) as (port, process):
            await _answers(port, process, Path(home) / "log")
            yield Rival(name, port, process, sink)
    finally:
        sink.end()


@contextmanager
def _process(name: str, home: Path, sink: int) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    port = _free_port()
    if name == "tocsin":
        _write_home(home, port, sink)
        command = [sys.executable, "-m", "tocsin", "run", "--config", str(home / "config.yaml")]
    else:
        assert ALERTMANAGER is not None
        (home / "alertmanager.yml").write_text(_ALERTMANAGER.format(sink=sink))
        command = [ALERTMANAGER, f"--config.file={home}/alertmanager.yml", f"--storage.path={home}/data",
                   f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=error"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield port, process
    finally:
        process.terminate()
        process.wait()


def _write_home(home: Path, port: int, sink: int) -> None:
    """One person, policy and rule for each unit; every site a key of its own."""
    (home / "config.yaml").write_text(_CONFIG.format(port=port, token=TOKEN.decode()))
    for name in ("rules", "contacts"):
        (home / name).mkdir()
    people, policies, rules = ["people:"], ["policies:"], ["rules:"]
    for unit in range(UNITS):
        people.append(f"  unit-{unit}: {{name: Unit {unit}, language: en, "
                      f'webhook: "http://127.0.0.1:{sink}/unit-{unit}", by: webhook}}')
        policies.append(f"  policy-{unit}: {{steps: [{{to: {{person: unit-{unit}}}, answer_within: 1 h}}], "
                        f"last_resort: {{to: {{person: unit-{unit}}}, every: 1 h}}}}")
        rules.append(f'  - {{rule: panic-{unit}, say: "Panic button: {{{{ site }}}}", when: {{event: {{type: '
                     f"alarm.panic, unit: {unit}}}}}, per: [site], severity: critical, escalate_to: policy-{unit}, "
                     "clear: {after: 1 d}, limits: {keys: 1000000, opened_per_minute: 100000000}}")
    (home / "contacts" / "people.yaml").write_text("\n".join(people) + "\n")
    (home / "contacts" / "policies.yaml").write_text("\n".join(policies) + "\n")
    (home / "rules" / "panic.yaml").write_text("\n".join(rules) + "\n")


async def _answers(port: int, process: "subprocess.Popen[bytes]", log: Path, seconds: float = 30.0) -> None:
    """Return when the port takes connections and the start is over."""
    until = time.monotonic() + seconds
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                raise AssertionError("it did not start:\n" + log.read_text("utf-8", "replace")) from None
            await asyncio.sleep(0.05)
            continue
        writer.close()
        await asyncio.sleep(1.0)
        return


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
