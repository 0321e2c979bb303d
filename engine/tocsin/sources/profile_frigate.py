"""Frigate NVR: tracked objects, reviews, number plates, faces, and what is offline.

* ``frigate.object``: an object a camera follows. ``id`` stays the same from ``new`` through every ``update`` to
  ``end``, which resolves; so an incident's member is the object, and ``device`` stays empty lest the end of one
  object clear another before the same camera. ``camera``, ``label``, ``current_zones`` … are keys of ``data``.
* ``frigate.review``: the same for a review item; ``severity`` is Frigate's word, ``alert`` or ``detection``.
* ``frigate.plate``, ``frigate.face``, ``frigate.<kind>``: what was recognised on an object.
* ``frigate.offline`` and ``frigate.camera_offline``: firing while the server, or a camera's stream, is away.
  ``device`` is ``<camera>/<role>``. A disabled stream counts as resolved, with ``state: disabled``: a person did it.
"""

from typing import Any

from tocsin.domain.errors import EventError
from tocsin.sources.limits import shown
from tocsin.sources.payload import instant_of, json_object, text_of
from tocsin.sources.profile import NOTHING, Profile, Reading, offline

_LEFT_OUT = frozenset({"thumbnail", "snapshot", "path_data"})
"""Pictures and tracks: large, and no rule asks for them."""

_KINDS = {"lpr": "plate"}


def read(topic: str, payload: bytes) -> Reading:
    """What a message of Frigate says."""
    levels = topic.split("/")
    if len(levels) == 4 and levels[2] == "status":
        return _camera(levels[1], levels[3], text_of(payload))
    match levels[1:]:
        case ["events"]:
            return _tracked("frigate.object", json_object(payload), ("frame_time", "start_time"))
        case ["reviews"]:
            return _tracked("frigate.review", json_object(payload), ("start_time",))
        case ["tracked_object_update"]:
            return _recognised(json_object(payload))
        case ["available"]:
            return offline("frigate.offline", levels[0], text_of(payload)) if payload else NOTHING
    return NOTHING


PROFILE = Profile(("frigate/events", "frigate/reviews", "frigate/tracked_object_update", "frigate/available",
                   "frigate/+/status/+"), read)


def _camera(camera: str, role: str, word: str) -> Reading:
    if not word:
        return NOTHING
    data = {"camera": camera, "role": role}
    reading = offline("frigate.camera_offline", f"{camera}/{role}", word, data)
    if word.lower() != "disabled":
        return reading
    return Reading(({**reading.events[0], "status": "resolved"},), state=True)


def _tracked(type: str, message: dict[str, Any], times: tuple[str, ...]) -> Reading:
    phase, after = message.get("type"), message.get("after")
    if phase not in ("new", "update", "end"):
        raise EventError(f'`type` is "{shown(str(phase))}": Frigate sends new, update or end')
    if not isinstance(after, dict) or not isinstance(after.get("id"), str):
        raise EventError("`after` is missing or has no `id`")
    data = {key: value for key, value in after.items() if key not in _LEFT_OUT}
    _flatten_sub_label(data)
    seconds = [after[name] for name in times if _is_number(after.get(name))][:1]
    if phase == "end" and _is_number(after.get("end_time")):
        seconds.append(after["end_time"])
    event = {"type": type, "id": after["id"], "status": "resolved" if phase == "end" else "firing",
             "time": instant_of(max(seconds, default=None)), "data": {**data, "phase": phase}}
    if type == "frigate.review" and isinstance(after.get("severity"), str):
        event["severity"] = after["severity"]
    return Reading((event,))


def _recognised(message: dict[str, Any]) -> Reading:
    kind, id = message.get("type"), message.get("id")
    if not isinstance(kind, str) or not isinstance(id, str):
        raise EventError("`type` or `id` is missing")
    data = {key: value for key, value in message.items() if key not in ("type", *_LEFT_OUT)}
    return Reading(({"type": f"frigate.{_KINDS.get(kind, kind)}", "id": f"{id}/{kind}",
                     "time": instant_of(message.get("timestamp")), "data": data},))


def _flatten_sub_label(data: dict[str, Any]) -> None:
    """A sub-label is null, a text, or a pair of text and score."""
    match data.get("sub_label"):
        case [str() as label, int() | float() as score]:
            data["sub_label"], data["sub_label_score"] = label, score


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
