"""A real engine process in live mode beside emulated providers, killed and started at will."""

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tocsin.app.practice import enrol
from tocsin.book.content import read_content
from tocsin.cli.init import write_home
from tocsin.emulators.mailboxes import Emulators
from tocsin.settings import load_settings

_PATIENCE_S = 60

TOKEN = "acceptance-token-of-the-gateway"
OPERATOR_TOKEN = "acceptance-token-of-the-operator"


def free_port() -> int:
    """A port on loopback that nobody listens on at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class LiveSite:
    """A home with the starter files, its engine process, and the emulators in this process."""

    def __init__(self, home: Path, emulators: Emulators, *, extra_rules: str = "") -> None:
        self.home, self.emulators, self.port = home, emulators, free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.client = httpx.Client(base_url=self.url, verify=False)
        write_home(home)
        if extra_rules:
            (home / "rules" / "acceptance.yaml").write_text(extra_rules, "utf-8")
        self.config = home / "config.yaml"
        self.config.write_text(self._config(), "utf-8")
        settings = load_settings(self.config, environ=self.environ)
        enrol(emulators, read_content(home, settings)[0])
        emulators.sms.state.incoming_url = f"http://127.0.0.1:{self.port}/v1/channels/sms/inbound"

    @property
    def environ(self) -> dict[str, str]:
        telegram, sms = self.emulators.telegram.state, self.emulators.sms.state
        return {**os.environ, "GATEWAY_TOKEN": TOKEN, "OPERATOR_TOKEN": OPERATOR_TOKEN,
                "TELEGRAM_TOKEN": telegram.token, "TWILIO_SID": sms.account_sid, "TWILIO_TOKEN": sms.auth_token}

    def _config(self) -> str:
        urls, sms = self.emulators.urls, self.emulators.sms.state
        text = (self.home / "config.yaml").read_text("utf-8")
        roles = text[text.index("roles:"):text.index("allow_endpoint:")]
        return f"""\
site: {{name: Краматорськ, time_zone: Europe/Kyiv, language: uk}}
storage: {{url: "sqlite:///var/tocsin.db"}}
http: {{listen: "127.0.0.1:{self.port}", public_url: "http://127.0.0.1:{self.port}"}}
sources:
  gateway: {{kind: http, token: "${{GATEWAY_TOKEN}}", buffers: true, quota: {{per_second: 100000, burst: 1000000}}}}
operators: {{shift: {{token: "${{OPERATOR_TOKEN}}"}}}}
channels:
  telegram: {{token: "${{TELEGRAM_TOKEN}}", api_base: "{urls.telegram}"}}
  sms:
    {{provider: twilio, account_sid: "${{TWILIO_SID}}", auth_token: "${{TWILIO_TOKEN}}", from: "{sms.numbers[0]}",
     api_base: "{urls.sms}"}}
  email: {{host: {urls.email_host}, port: {urls.email_port}, starttls: none, from: alarm@example.org}}
{roles}
allow_endpoint: ["127.0.0.1"]
"""

    def start(self) -> None:
        """Start the engine and return when it takes requests; raises with its log when it does not."""
        log = (self.home / "engine.log").open("ab")
        self.process = subprocess.Popen([sys.executable, "-m", "tocsin", "run", "--config", str(self.config)],
                                        env=self.environ, stdout=log, stderr=log)
        log.close()
        while not self._up():
            if self.process.poll() is not None:
                raise AssertionError("the engine ended at its start:\n" + (self.home / "engine.log").read_text("utf-8"))

    def _up(self) -> bool:
        try:
            return self.client.get("/healthz", timeout=2.0).status_code == 200
        except httpx.TransportError:
            return False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """SIGKILL, at this instant."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self.client.close()

    def stop(self) -> None:
        """SIGTERM, and the exit code must be 0."""
        assert self.process is not None
        self.process.terminate()
        assert self.process.wait(30) == 0, (self.home / "engine.log").read_text("utf-8")

    def post(self, *events: dict[str, Any], timeout: float = 10.0) -> httpx.Response:
        """Send events; one as an object, several as an array."""
        return self.client.post("/v1/events", json=events[0] if len(events) == 1 else list(events),
                                headers={"Authorization": f"Bearer {TOKEN}"}, timeout=timeout)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command of the same site."""
        return subprocess.run([sys.executable, "-m", "tocsin", *arguments, "--config", str(self.config)],
                              env=self.environ, capture_output=True, text=True, timeout=120)

    def log(self) -> str:
        """What the engine wrote to its log."""
        return re.sub(r"\x1b\[[0-9;]*m", "", (self.home / "engine.log").read_text("utf-8"))


def comes(what: Callable[[], bool], said: Callable[[], object]) -> None:
    """Wait for something that another process does."""
    again = threading.Event()
    for _ in range(_PATIENCE_S * 10):
        if what():
            return
        again.wait(0.1)
    raise AssertionError(said())
