"""JSON schemas of the files for editors, from the same shapes that check them."""

from typing import Any

from tocsin.book.content import contact_shapes
from tocsin.book.event_types import EVENT_FILE
from tocsin.book.matches import match_definitions
from tocsin.book.rules import RuleFile
from tocsin.book.shape import Json, Shape

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas(config: Shape[Any]) -> dict[str, Json]:
    """Schema by name: rules, events, people, services, schedules, policies, and config by its shape."""
    found = {"rules": RuleFile().schema() | {"$defs": match_definitions()}, "events": EVENT_FILE.schema()}
    for key, shape in contact_shapes("UTC").items():
        found[key] = {"type": "object", "properties": {key: shape.schema()}, "required": [key],
                      "additionalProperties": False}
    found["config"] = config.schema()
    return {name: {"$schema": DIALECT, "title": f"Tocsin {name}"} | schema for name, schema in found.items()}
