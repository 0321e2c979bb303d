"""The parsed form of a match: which fields of an event must be how."""

from msgspec import Struct

OPERATORS = ("is", "any_of", "not", "not_in", "above", "at_least", "below", "at_most", "in", "matches", "contains",
             "starts_with", "ends_with", "like", "exists")


class FieldRef(Struct, frozen=True, tag="field"):
    """``{field: name}``: the value is taken from the event itself."""

    field: str


Scalar = str | bool | int | float | None
Value = FieldRef | str | bool | int | float | tuple[Scalar, ...] | None


class Expect(Struct, frozen=True, omit_defaults=True, tag="expect"):
    """One expectation of one field.

    ``operator`` is a word of OPERATORS: a plain value becomes ``is``, a list ``any_of``. ``in`` and ``not_in``
    with a text value name a list as ``name`` or ``name.column``; ``any_of`` and ``not_in`` with a tuple hold the
    values themselves. ``is: null`` is ``exists: false``. For ``type``, a value that ends in ``.*`` means the
    prefix. ``fold`` is ignoring_case. ``kind`` is ``plate`` for a list of plates and ``time`` for instants of ``data``
    that are before or after another, as the catalogue declares them.
    """

    field: str
    operator: str
    value: Value
    fold: bool = False
    kind: str = ""


class AnyOf(Struct, frozen=True, tag="any"):
    matches: tuple["Match", ...]


class NoneOf(Struct, frozen=True, tag="none"):
    matches: tuple["Match", ...]


class Inside(Struct, frozen=True, tag="inside"):
    area: str | FieldRef


class Near(Struct, frozen=True, tag="near"):
    """Within ``distance`` metres of a point (lat, lon) or of a named area."""

    of: tuple[float, float] | str
    distance: float | FieldRef


Clause = Expect | AnyOf | NoneOf | Inside | Near


class Match(Struct, frozen=True, tag="match"):
    """All clauses must hold; no clause matches every event."""

    clauses: tuple[Clause, ...] = ()


def fields_of(match: Match) -> tuple[str, ...]:
    """The fields that a match names, nested ones too, in order of appearance, once each."""
    seen: dict[str, None] = {}
    for clause in match.clauses:
        if isinstance(clause, Expect):
            seen[clause.field] = None
            if isinstance(clause.value, FieldRef):
                seen[clause.value.field] = None
        elif isinstance(clause, AnyOf | NoneOf):
            for inner in clause.matches:
                seen.update(dict.fromkeys(fields_of(inner)))
        else:
            seen["location"] = None
    return tuple(seen)
