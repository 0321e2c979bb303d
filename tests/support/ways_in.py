"""Every way in, as the contract suite speaks to it: how an event is sent that way, well and badly."""

from typing import Any

import msgspec
from msgspec import Struct

from tocsin.sources.config import SourceConfig, TopicMap
from tocsin.sources.tokens import hash_token

TOKEN = "tocsin_test_0123456789"
ALERTS_TOKEN = "tocsin_alerts_0123456789"

GATEWAY = SourceConfig(name="gateway", kind="http", token_hash=hash_token(TOKEN))
ALERTS = SourceConfig(name="prometheus", kind="alertmanager", token_hash=hash_token(ALERTS_TOKEN))
PANEL_TOPICS = (TopicMap(topic="alarm/+/+", type="alarm.panic", map={
    "site": "topic.2", "device": "topic.3", "id": "payload.id", "time": "payload.time"}),)

_CE = {"specversion": "1.0", "type": "alarm.panic", "source": "/panel/3", "id": "1", "time": "2026-11-22T20:00:00Z"}
_ONE = b'{"id": "1", "type": "alarm.panic", "time": "2026-11-22T20:00:00Z", "site": "school-12"}'
_TWO = b'{"id": "2", "type": "alarm.panic", "time": "2026-11-22T20:00:01Z", "site": "school-13"}'
_TYPO = b'{"id": "3", "typ": "alarm.panic"}'
_ALERT = (b'{"status":"firing","labels":{"alertname":"CameraDown","severity":"warning"},"annotations":{},'
          b'"startsAt":"2026-11-22T20:00:00.123456789Z","endsAt":"0001-01-01T00:00:00Z","fingerprint":"fac0861a"}')


class HttpWay(Struct, frozen=True):
    """``body`` holds ``events`` events; ``bad`` is refused with a sentence that has ``words`` in it."""

    name: str
    body: bytes
    bad: bytes
    words: str
    events: int = 1
    content_type: str = "application/json"
    path: str = "/v1/events"
    token: str = TOKEN
    headers: dict[str, str] = {}

    def request(self, body: bytes | None = None) -> dict[str, Any]:
        """The arguments of an httpx POST."""
        return {"url": self.path, "content": self.body if body is None else body, "headers": {
            "Authorization": f"Bearer {self.token}", "Content-Type": self.content_type, **self.headers}}


def _structured(**more: Any) -> bytes:
    return msgspec.json.encode({**_CE, "data": {"zone": 4}, **more})


HTTP_WAYS = (
    HttpWay("single", _ONE, _TYPO, "did you mean `type`"),
    HttpWay("array", b"[" + _ONE + b"," + _TWO + b"]", b"[" + _TYPO + b"]", "did you mean `type`", 2),
    HttpWay("ndjson", _ONE + b"\n\n" + _TWO + b"\n", _TYPO, "did you mean `type`", 2, "application/x-ndjson"),
    HttpWay("cloudevent", _structured(), _structured(specversion="0.3"), "`specversion` must be", 1,
            "application/cloudevents+json"),
    HttpWay("cloudevents batch", b"[" + _structured() + b"," + _structured(id="2") + b"]",
            b"[" + _structured(id="") + b"]", "no `id`", 2, "application/cloudevents-batch+json"),
    HttpWay("cloudevent binary", b'{"zone": 4}', b'{"zone": ', "not JSON",
            headers={f"ce-{name}": value for name, value in _CE.items()}),
    HttpWay("alertmanager", b'{"version":"4","alerts":[' + _ALERT + b"]}",
            b'{"version":"4","alerts":[{"status":"burning","labels":{}}]}', "firing or resolved",
            path="/v1/alertmanager", token=ALERTS_TOKEN),
)

PANEL_TOPIC = "alarm/school-12/btn-4"
PANEL_GOOD = b'{"id": "1", "time": "2026-11-22T20:00:00Z"}'
PANEL_BAD = b'{"id": '


def panel(port: int, client_id: str) -> SourceConfig:
    """An MQTT source of alarm panels at the broker on this port."""
    return SourceConfig(name="panels", kind="mqtt", url=f"mqtt://127.0.0.1:{port}", client_id=client_id,
                        topics=PANEL_TOPICS)
