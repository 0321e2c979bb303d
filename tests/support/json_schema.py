"""A plain reading of JSON Schema, as far as our schemas go; a word that it does not know is an error."""

import re
from typing import Any

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
SILENT = {"$schema", "$defs", "$comment", "title", "description", "examples", "format", "default"}


def problems(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "") -> list[str]:
    """Every way in which a value is not as the schema says."""
    found: list[str] = []
    for word, said in schema.items():
        if word in SILENT:
            continue
        found += [one if one.startswith("/") else f"{at or '/'}: {one}"
                  for one in JUDGES[word](value, said, schema, root, at)]
    return found


def fits(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    return not problems(value, schema, root)


def _is(value: Any, name: str) -> bool:
    if name in ("number", "integer"):
        return isinstance(value, int if name == "integer" else (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def _type(value: Any, said: Any, *_: Any) -> list[str]:
    names = [said] if isinstance(said, str) else said
    return [] if any(_is(value, name) for name in names) else [f"{value!r} is no {names}"]


def _properties(value: Any, said: Any, schema: Any, root: Any, at: str) -> list[str]:
    if not isinstance(value, dict):
        return []
    return [one for name, part in value.items() if name in said
            for one in problems(part, said[name], root, f"{at}/{name}")]


def _patterns(value: Any, said: Any, schema: Any, root: Any, at: str) -> list[str]:
    if not isinstance(value, dict):
        return []
    return [one for name, part in value.items() for pattern, inner in said.items() if re.search(pattern, name)
            for one in problems(part, inner, root, f"{at}/{name}")]


def _more(value: Any, said: Any, schema: Any, root: Any, at: str) -> list[str]:
    known = schema.get("properties", {})
    more = [name for name in value if name not in known and not any(
        re.search(pattern, name) for pattern in schema.get("patternProperties", {}))] if isinstance(value, dict) else []
    if said is False:
        return [f"{name} is no key here" for name in more]
    return [] if said is True else [one for name in more for one in problems(value[name], said, root, f"{at}/{name}")]


def _any(value: Any, said: Any, schema: Any, root: Any, at: str) -> list[str]:
    return [] if any(fits(value, one, root) for one in said) else [f"{value!r} fits no alternative"]


def _one(value: Any, said: Any, schema: Any, root: Any, at: str) -> list[str]:
    count = sum(fits(value, one, root) for one in said)
    return [] if count == 1 else [f"{value!r} fits {count} alternatives"]


def _sized(kind: type, least: bool) -> Any:
    def judge(value: Any, said: int, *_: Any) -> list[str]:
        wrong = isinstance(value, kind) and (len(value) < said if least else len(value) > said)
        return [f"{value!r} has {len(value)} parts"] if wrong else []
    return judge


JUDGES: dict[str, Any] = {
    "type": _type, "properties": _properties, "patternProperties": _patterns, "additionalProperties": _more,
    "anyOf": _any, "oneOf": _one,
    "allOf": lambda v, said, s, root, at: [one for part in said for one in problems(v, part, root, at)],
    "not": lambda v, said, s, root, at: ["fits what it must not"] if fits(v, said, root) else [],
    "enum": lambda v, said, *_: [] if v in said else [f"{v!r} is none of {said}"],
    "const": lambda v, said, *_: [] if v == said else [f"{v!r} is not {said!r}"],
    "required": lambda v, said, *_: [f"{n} is missing" for n in said if isinstance(v, dict) and n not in v],
    "items": lambda v, said, s, root, at: [one for n, part in enumerate(v if isinstance(v, list) else [])
                                           for one in problems(part, said, root, f"{at}/{n}")],
    "pattern": lambda v, said, *_: [] if not isinstance(v, str) or re.search(said, v) else [f"{v!r} is not {said}"],
    "propertyNames": lambda v, said, s, root, at: [one for name in (v if isinstance(v, dict) else ())
                                                   for one in problems(name, said, root, at)],
    "$ref": lambda v, said, s, root, at: problems(v, root["$defs"][said.removeprefix("#/$defs/")], root, at),
    "minItems": _sized(list, True), "maxItems": _sized(list, False), "minProperties": _sized(dict, True),
    "maxProperties": _sized(dict, False),
    "minimum": lambda v, said, *_: [f"{v} is below {said}"] if isinstance(v, int | float) and v < said else [],
    "maximum": lambda v, said, *_: [f"{v} is above {said}"] if isinstance(v, int | float) and v > said else [],
}
