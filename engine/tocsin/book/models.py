"""The shape of a pydantic model: keys, types and defaults come from its annotations, so they are written once."""

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError

from tocsin.book.node import Node
from tocsin.book.report import Report
from tocsin.book.scalars import Flag, Whole
from tocsin.book.shape import Field, Json, Many, Names, Record, Shape, Text, Word

M = TypeVar("M", bound=BaseModel)


class Secret(Shape[SecretStr]):
    what = "a secret such as ${NAME}"

    def read(self, node: Node, report: Report) -> SecretStr:
        return SecretStr(self.scalar(node, report).text)

    def schema(self) -> Json:
        return {"type": "string", "examples": ["${NAME}"]}


def record_of(model: type[M], what: str) -> Record[M]:
    """The record that reads a mapping into ``model``; a field's alias is its key, its metadata may hold a Shape."""
    fields = {}
    for name, info in model.model_fields.items():
        if info.exclude:
            continue
        shape = next((part for part in info.metadata if isinstance(part, Shape)), None)
        key = info.alias or name
        fields[key] = Field(shape or _shape_of(info.annotation, key), required=info.is_required(),
                            about=info.description or "")

    def build(values: dict[str, Any]) -> M:
        try:
            return model(**values)
        except ValidationError as error:
            raise ValueError("; ".join(str(e["ctx"]["error"]) if "error" in e.get("ctx", {}) else e["msg"]
                                       for e in error.errors(include_input=False))) from None

    return Record(what, fields, build)


def _shape_of(annotation: Any, key: str) -> Shape[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return next((part for part in arguments[1:] if isinstance(part, Shape)), None) or _shape_of(arguments[0], key)
    if origin in (Union, UnionType):
        return _shape_of(next(part for part in arguments if part is not NoneType), key)
    if origin is Literal:
        return Word(*arguments, what=key)
    if origin is tuple:
        return Many(_shape_of(arguments[0], key), single=True)
    if origin is dict:
        return Names(_shape_of(arguments[1], key), what=f"the mapping {key}:")
    simple: dict[Any, Shape[Any]] = {str: Text(key), bool: Flag(), int: Whole(), SecretStr: Secret()}
    return simple[annotation] if annotation in simple else record_of(annotation, f"{key}:")
