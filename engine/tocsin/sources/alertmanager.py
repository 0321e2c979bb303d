"""The webhook of Alertmanager (version 4) and of Grafana, which sends the same envelope.

Each alert becomes an event ``alertmanager.alert``: one type for all, since alert names need not be words of a
type; rules ask for ``alertname``. ``id`` is the fingerprint with the start, the same for firing and resolved.
``device`` is the fingerprint, not the instance: it tells one alert from every other, so that the end of one never
clears another on the same machine. Labels are keys of ``data`` and, with the annotations, stand there once more
under ``labels`` and ``annotations``.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.domain.errors import EventError
from tocsin.domain.event import FIRING, RESOLVED
from tocsin.sources.body import Item, UnreadableError
from tocsin.sources.limits import shown
from tocsin.sources.raw import RawEvent, convert_raw, explain

TYPE = "alertmanager.alert"
_EXTRAS = ("generatorURL", "dashboardURL", "panelURL", "silenceURL", "imageURL", "valueString", "values")


class _Envelope(Struct):
    """Field names are those on the wire; what else stands there is not needed."""

    alerts: list[msgspec.Raw]
    truncatedAlerts: int = 0


class _Alert(Struct):
    """Field names are those on the wire."""

    status: str
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    startsAt: str = ""
    endsAt: str = ""
    fingerprint: str = ""
    generatorURL: str = ""
    dashboardURL: str = ""
    panelURL: str = ""
    silenceURL: str = ""
    imageURL: str = ""
    valueString: str = ""
    values: dict[str, Any] | None = None


_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_alert = msgspec.json.Decoder(_Alert).decode
_encode = msgspec.json.Encoder(order="deterministic").encode


def split_alerts(body: bytes) -> tuple[Sequence[Item], int]:
    """The alerts of one notification, and how many the sender left out of it (``max_alerts``)."""
    try:
        envelope = _decode_envelope(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise UnreadableError(f"this is no Alertmanager notification: {explain(error)}") from None
    return envelope.alerts, envelope.truncatedAlerts


def decode_alert(item: Item) -> RawEvent:
    """The raw event of one alert."""
    try:
        alert = _decode_alert(item)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise EventError(f"the alert: {explain(error)}") from None
    if alert.status not in (FIRING, RESOLVED):
        raise EventError(f'the alert: `status` is "{shown(alert.status)}": it must be firing or resolved')
    fingerprint = alert.fingerprint or blake2b(_encode(alert.labels), digest_size=8).hexdigest()
    labels, notes = alert.labels, alert.annotations
    extras = {name: value for name in _EXTRAS if (value := getattr(alert, name))}
    return convert_raw({
        "type": TYPE,
        "id": f"{fingerprint}-{alert.startsAt}" if _known(alert.startsAt) else fingerprint,
        "status": alert.status,
        "time": _known(alert.startsAt if alert.status == FIRING else alert.endsAt),
        "site": labels.get("site"), "device": fingerprint, "severity": labels.get("severity"),
        "text": next((notes[name] for name in ("summary", "description", "message") if notes.get(name)),
                     labels.get("alertname")),
        "data": {**labels, **extras, "labels": labels, "annotations": notes},
    })


def _known(instant: str) -> str | None:
    """The instant, None where the sender writes year 1 for "not yet"."""
    return None if not instant or instant.startswith("0001-") else instant
