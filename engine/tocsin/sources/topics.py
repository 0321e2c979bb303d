"""Topics of a broker as config.yaml maps them to events."""

from collections.abc import Iterable
from typing import Any

from tocsin.domain.errors import EventError
from tocsin.sources.config import TopicMap
from tocsin.sources.limits import shown
from tocsin.sources.payload import instant_of, json_or_text
from tocsin.sources.profile import NOTHING, Profile, Reading, topic_fits, without_overlap


def mapped(maps: Iterable[TopicMap]) -> Profile:
    """The profile of these lines: the first whose filter and ``only`` fit a message reads it.

    ``data`` is the payload when that is a JSON object, else ``{"value": payload}``, with the ``data.…`` of the map
    added. A line with ``status`` tells how things are, so its retained messages are read as well.
    """
    lines = tuple((line.topic.split("/"), line) for line in maps)

    def read(topic: str, payload: bytes) -> Reading:
        levels = topic.split("/")
        fitting = [line for pattern, line in lines if topic_fits(levels, pattern)]
        if not fitting or not payload:
            return NOTHING
        value = json_or_text(payload)
        for line in fitting:
            if all(_among(_place(place, levels, value), wanted) for place, wanted in line.only.items()):
                return _event(line, levels, value)
        return NOTHING

    return Profile(without_overlap(line.topic for _, line in lines), read)


def _event(line: TopicMap, levels: list[str], value: Any) -> Reading:
    event: dict[str, Any] = {"type": line.type}
    data: dict[str, Any] = dict(value) if isinstance(value, dict) else {"value": value}
    location: dict[str, Any] = {}
    note = ""
    for field, place in line.map.items():
        found = _place(place, levels, value)
        head, _, rest = field.partition(".")
        if found is None:
            continue
        if head == "data" and rest:
            data[rest] = found
        elif head == "location" and rest:
            location[rest] = found
        elif head == "time":
            event["time"] = instant_of(found)
            if event["time"] is None:
                note = (f'the time "{shown(str(found))}" has no zone or is no time: the receive time is used, '
                        f"see the map of {line.topic} in config.yaml")
        else:
            event[head] = _text(found, field)
    if line.status is not None:
        word = _place(line.status.of, levels, value)
        event["status"] = ("firing" if _among(word, line.status.firing)
                           else "resolved" if _among(word, line.status.resolved) else None)
    if location:
        event["location"] = location
    return Reading(({**event, "data": data},), state=line.status is not None, note=note)


def _place(place: str, levels: list[str], value: Any) -> Any:
    if place[:1] in "'\"":
        return place[1:-1]
    head, _, rest = place.partition(".")
    if head == "topic":
        number = int(rest)
        return levels[number - 1] if number <= len(levels) else None
    while rest:
        if not isinstance(value, dict):
            return None
        if rest in value:
            return value[rest]
        key, _, rest = rest.partition(".")
        value = value.get(key)
    return value


def _among(value: Any, wanted: tuple[Any, ...]) -> bool:
    return any(one == value and (type(one) is type(value) or (_is_number(one) and _is_number(value)))
               for one in wanted)


def _text(value: Any, field: str) -> str:
    if isinstance(value, bool | dict | list):
        raise EventError(f"`{field}` comes from a place that holds no text: {shown(str(value))}")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
