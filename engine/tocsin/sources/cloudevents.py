"""CloudEvents 1.0: structured, batched and binary, each turned into a raw event.

``id``, ``source``, ``type`` and ``time`` are those of an event. The extension attributes status, site, device,
severity and text fill the fields of those names (status only when it is firing or resolved). ``subject``,
``dataschema`` and other extensions are kept as keys of ``data`` unless it has such a key itself; then as ``ce_…``.
Data that is no JSON object becomes ``data.value``, binary data ``data.base64``.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from tocsin.domain.errors import EventError
from tocsin.domain.event import FIRING, RESOLVED
from tocsin.sources.body import Item
from tocsin.sources.limits import shown
from tocsin.sources.raw import RawEvent, convert_raw, explain

_decode_envelope = msgspec.json.Decoder(dict[str, Any]).decode
_LIFTED = ("site", "device", "severity", "text")
_OWN = frozenset({"specversion", "id", "source", "type", "time", "data", "data_base64", "datacontenttype"})
_NAME = re.compile(r"[a-z0-9]{1,64}")


def decode_cloudevent(item: Item) -> RawEvent:
    """The raw event of one structured CloudEvent."""
    try:
        envelope = _decode_envelope(item)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise EventError(explain(error)) from None
    return _raw(envelope)


def decode_binary(headers: Iterable[tuple[bytes, bytes]], content_type: str, body: Item) -> RawEvent:
    """The raw event of a binary CloudEvent: ``ce-…`` headers (lower-case names) and its data as the body."""
    envelope: dict[str, Any] = {}
    for name, value in headers:
        if name.startswith(b"ce-"):
            attribute = name[3:].decode("latin-1")
            if attribute in envelope:
                raise EventError(f"the header ce-{shown(attribute)} stands twice")
            if attribute in ("data", "data_base64", "datacontenttype"):
                raise EventError(f"ce-{attribute} is no attribute: the data is the body, its type Content-Type")
            envelope[attribute] = _header(attribute, value)
    payload = bytes(body)
    if payload:
        _data(envelope, content_type, payload)
    return _raw(envelope)


def _data(envelope: dict[str, Any], content_type: str, payload: bytes) -> None:
    media = content_type.partition(";")[0].strip().lower()
    try:
        if media in ("", "application/json", "text/json") or media.endswith("+json"):
            envelope["data"] = msgspec.json.decode(payload)
        elif media.startswith("text/"):
            envelope["data"] = payload.decode()
        else:
            envelope["data_base64"] = b64encode(payload).decode()
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise EventError(f"the data of the CloudEvent: {explain(error)}") from None


def _header(name: str, value: bytes) -> str:
    text = value.strip()
    if len(text) >= 2 and text[:1] == text[-1:] == b'"':
        text = re.sub(rb"\\(.)", rb"\1", text[1:-1])
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise EventError(f"the header ce-{shown(name)} is not percent-encoded UTF-8") from None


def _raw(envelope: dict[str, Any]) -> RawEvent:
    if envelope.get("specversion") != "1.0":
        raise EventError('this is no CloudEvent 1.0: `specversion` must be "1.0"')
    for required in ("id", "source", "type"):
        if not isinstance(envelope.get(required), str) or not envelope[required]:
            raise EventError(f"the CloudEvent has no `{required}`: the specification demands a text")
    raw: dict[str, Any] = {name: envelope[name] for name in ("id", "source", "type", "time") if name in envelope}
    data = _payload(envelope)
    for name, value in envelope.items():
        if name in _OWN or value is None:
            continue
        if _NAME.fullmatch(name) is None:
            raise EventError(f"`{shown(name)}` is no name of a CloudEvents attribute: use a-z and 0-9")
        if name in _LIFTED or (name == "status" and value in (FIRING, RESOLVED)):
            raw[name] = value
        else:
            data[f"ce_{name}" if name in data else name] = value
    return convert_raw({**raw, "data": data})


def _payload(envelope: dict[str, Any]) -> dict[str, Any]:
    data, base64 = envelope.get("data"), envelope.get("data_base64")
    if base64 is not None:
        if data is not None:
            raise EventError("the CloudEvent has both `data` and `data_base64`: send one")
        return {"base64": base64}
    if data is None:
        return {}
    return dict(data) if isinstance(data, dict) else {"value": data}
