"""The body and query of a request as parameters: query string, form, multipart or JSON."""

import email
import email.policy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Receive, Scope

MAX_BODY = 60 * 1024 * 1024


class BodyError(ValueError):
    """The request's body is not what its content type says."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart body."""

    name: str
    content_type: str
    content: bytes


async def body_of(receive: Receive) -> bytes:
    """The whole body; raises ``BodyError`` when it is larger than 60 MB or the client went away."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyError("the client went away before its body was complete")
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            raise BodyError("the body is larger than 60 MB")
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def header(scope: Scope, name: bytes) -> str:
    """A header's value, empty when it is missing; ``name`` in lower case."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return ""


async def parameters_of(scope: Scope, receive: Receive) -> dict[str, Any]:
    """Query and body together, the body winning; JSON keeps its types, everything else is text."""
    query = scope.get("query_string", b"")
    found: dict[str, Any] = dict(parse_qsl(query.decode("utf-8", "replace"), keep_blank_values=True))
    body = await body_of(receive)
    if body:
        found.update(parse_body(header(scope, b"content-type"), body))
    return found


def parse_body(content_type: str, body: bytes) -> Mapping[str, Any]:
    """A body as parameters; an unknown content type has none."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        try:
            return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True))
        except UnicodeDecodeError as error:
            raise BodyError("the form is not UTF-8") from error
    if kind == "application/json":
        try:
            found = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BodyError("can't parse JSON object") from error
        if not isinstance(found, dict):
            raise BodyError("the JSON body is not an object")
        return found
    if kind == "multipart/form-data":
        return _multipart(content_type, body)
    return {}


def _multipart(content_type: str, body: bytes) -> dict[str, Any]:
    whole = b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n" + body
    message = email.message_from_bytes(whole, policy=email.policy.HTTP)
    if not message.is_multipart():
        raise BodyError("the multipart body has no parts")
    found: dict[str, Any] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            continue
        file_name = part.get_filename()
        if file_name is None:
            found[name] = content.decode("utf-8", "replace")
        else:
            found[name] = Upload(file_name, part.get_content_type(), content)
    return found
