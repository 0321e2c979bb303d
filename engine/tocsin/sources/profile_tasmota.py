"""Tasmota: telemetry of sensors and devices, and which devices are offline.

* ``tasmota.sensor`` and ``tasmota.state``: ``device`` is the device's topic; the readings are in ``data`` as sent
  (``AHT1X-0x38.Temperature``). ``Time`` is local time without a zone by default, so the receive time is used;
  with a zone (``SetOption``, ``Timezone``) it is believed.
* ``tasmota.offline``: firing while the device's last will says ``Offline``.
"""

from tocsin.domain.errors import EventError
from tocsin.sources.limits import shown
from tocsin.sources.payload import instant_of, json_object, text_of
from tocsin.sources.profile import NOTHING, Profile, Reading, offline

_TYPES = {"SENSOR": "tasmota.sensor", "STATE": "tasmota.state"}


def read(topic: str, payload: bytes) -> Reading:
    """What a message of Tasmota says."""
    levels = topic.split("/")[1:]
    if len(levels) < 2 or not payload:
        return NOTHING
    device, word = "/".join(levels[:-1]), levels[-1]
    if word == "LWT":
        state = text_of(payload)
        if state.lower() not in ("online", "offline"):
            raise EventError(f'the last will is "{shown(state)}": Tasmota sends Online or Offline')
        return offline("tasmota.offline", device, state)
    if word not in _TYPES:
        return NOTHING
    data = json_object(payload)
    time = data.get("Time")
    return Reading(({"type": _TYPES[word], "device": device, "data": data,
                     "time": instant_of(time) if isinstance(time, str) else None},))


PROFILE = Profile(("tele/#",), read)
