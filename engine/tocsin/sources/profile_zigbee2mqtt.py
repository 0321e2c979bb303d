"""Zigbee2MQTT: readings of devices, and which devices are offline.

* ``zigbee2mqtt.reading``: ``device`` is the whole friendly name, ``site`` its first level where it has several
  (``school24/door_back``); the attributes are keys of ``data``, numbers that came as text are numbers there.
* ``zigbee2mqtt.offline``: firing while a device, or the bridge (``device: bridge``), is away.

A reading has no id and no time of the device: each one is an event of its own.
"""

from typing import Any

from tocsin.domain.errors import EventError
from tocsin.sources.limits import shown
from tocsin.sources.payload import json_object, json_or_text
from tocsin.sources.profile import NOTHING, Profile, Reading, offline

_NUMBERS = frozenset({"battery", "voltage", "linkquality", "temperature", "humidity", "pressure", "illuminance",
                      "co2", "gas_value", "smoke_concentration", "power", "current", "energy"})
_COMMANDS = frozenset({"set", "get"})


def read(topic: str, payload: bytes) -> Reading:
    """What a message of Zigbee2MQTT says."""
    levels = topic.split("/")[1:]
    if not levels or not payload or levels[-1] in _COMMANDS:
        return NOTHING
    if levels[0] == "bridge":
        return _availability("bridge", payload) if levels[1:] == ["state"] else NOTHING
    if len(levels) > 1 and levels[-1] == "availability":
        return _availability("/".join(levels[:-1]), payload, _site(levels[:-1]))
    data = {key: _number(value) if key in _NUMBERS else value for key, value in json_object(payload).items()}
    event = {"type": "zigbee2mqtt.reading", "device": "/".join(levels), "data": data, **_site(levels)}
    return Reading((event,))


PROFILE = Profile(("zigbee2mqtt/#",), read)


def _availability(device: str, payload: bytes, site: dict[str, str] | None = None) -> Reading:
    value = json_or_text(payload)
    word = value.get("state") if isinstance(value, dict) else value
    if not isinstance(word, str) or word.lower() not in ("online", "offline"):
        raise EventError(f'the state is "{shown(str(word))}": Zigbee2MQTT sends online or offline')
    reading = offline("zigbee2mqtt.offline", device, word)
    return Reading(({**reading.events[0], **(site or {})},), state=True)


def _site(levels: list[str]) -> dict[str, str]:
    return {"site": levels[0]} if len(levels) > 1 else {}


def _number(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    return number if abs(number) < float("inf") else value
