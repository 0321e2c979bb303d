"""The rule book: one validated, immutable, numbered, content-hashed version of all that people wrote."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.book.catalogue import EventType
from tocsin.book.contacts import Person, Policy, Schedule, Service, Target
from tocsin.book.rule import Rule
from tocsin.domain.notification import CHANNELS
from tocsin.domain.time import HOUR, SECOND


class Table(Struct, frozen=True, omit_defaults=True):
    """A list: rows of column → text; ``columns`` in file order; ``from``/``until`` are columns of a row."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]


class AreaShape(Struct, frozen=True):
    """A named polygon as GeoJSON geometry (lon, lat)."""

    name: str
    geometry: dict[str, Any]


class Roles(Struct, frozen=True, omit_defaults=True):
    """Whom the engine itself turns to."""

    duty_office: tuple[Target, ...] = ()
    shift_head: tuple[Target, ...] = ()
    administrators: tuple[Target, ...] = ()


class Site(Struct, frozen=True, omit_defaults=True):
    name: str = "Tocsin"
    time_zone: str = "UTC"
    language: str = "uk"


class Patience(Struct, frozen=True, omit_defaults=True):
    """How long a source's events are waited for, in microseconds: ``late`` is how late they may come and still count in
    windows, ``settle`` how long after its receipt no deadline that an event sets is due.
    """

    late: int = HOUR
    settle: int = 5 * SECOND


class Content(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a book says; everything in it is plain data, so that it can be stored and hashed.

    ``templates`` maps "<message>/<channel>.<language>" to the template's source. ``events`` is the catalogue
    of declared event types. ``channels`` are those the site has, ``receipts`` those of them whose delivery receipts are
    awaited. ``patience`` has the sources that have another than all.
    """

    site: Site = Site()
    rules: tuple[Rule, ...] = ()
    people: dict[str, Person] = {}
    services: dict[str, Service] = {}
    schedules: dict[str, Schedule] = {}
    policies: dict[str, Policy] = {}
    roles: Roles = Roles()
    lists: dict[str, Table] = {}
    areas: dict[str, AreaShape] = {}
    calendars: dict[str, dict[str, Any]] = {}
    operations: dict[str, dict[str, Any]] = {}
    events: dict[str, EventType] = {}
    templates: dict[str, str] = {}
    channels: tuple[str, ...] = CHANNELS
    receipts: tuple[str, ...] = ("sms",)
    patience: dict[str, Patience] = {}


class Book(Struct, frozen=True, kw_only=True):
    """A numbered book; ``hash`` is the SHA-256 of the content's deterministic JSON, in hexadecimal."""

    number: int
    hash: str
    content: Content


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Content)


def encode_content(content: Content) -> bytes:
    """The deterministic JSON by which a book is stored and hashed."""
    return _encoder.encode(content)


def number_book(number: int, content: Content) -> Book:
    """The content as book ``number``: as it will be read back, so that an order of names in memory decides nothing."""
    return read_book(number, encode_content(content))


def read_book(number: int, body: bytes) -> Book:
    """A stored book read back."""
    return Book(number=number, hash=hashlib.sha256(body).hexdigest(), content=_decoder.decode(body))


Books = Mapping[int, Book]
