"""Which services of a kind are responsible for a place."""

import math
from itertools import pairwise
from typing import Any

from msgspec import Struct

from tocsin.book.book import AreaShape, Content

_METRES_PER_DEGREE = math.radians(1) * 6_371_008.8


class Spot(Struct, frozen=True):
    """Where an incident is: degrees WGS 84, and the areas that it meets, found before the core."""

    lat: float
    lon: float
    areas: tuple[str, ...] = ()


class Routed(Struct, frozen=True):
    """The services found, in the order of the contacts; ``outside`` when they are only the nearest."""

    services: tuple[str, ...]
    outside: bool = False


def route(kind: str, content: Content, spot: Spot | None, *, neighbours: bool = False) -> Routed:
    """The services of this kind whose area contains the place; none: the nearest of them.

    A service without an area has the whole site, and what has no place (None) lies in every area. ``neighbours`` adds
    those whom the services found name as such.
    """
    of_kind = [service for service in content.services.values() if service.kind == kind]
    found = [service.id for service in of_kind if not service.area or spot is None or service.area in spot.areas]
    outside = not found
    if outside and spot is not None:
        far = [(distance(content.areas[service.area], spot), number, service.id)
               for number, service in enumerate(of_kind) if service.area in content.areas]
        found = [min(far)[2]] if far else [service.id for service in of_kind]
    if neighbours:
        found += [other for name in tuple(found) for other in content.services[name].neighbours
                  if other in content.services]
    return Routed(tuple(dict.fromkeys(found)), outside)


def distance(area: AreaShape, spot: Spot) -> float:
    """Metres to the nearest point of the outline, on a plane that touches the Earth at the place."""
    across = math.cos(math.radians(spot.lat))
    nearest = math.inf
    for ring in _rings(area.geometry):
        flat = [(((lon - spot.lon + 180.0) % 360.0 - 180.0) * across, lat - spot.lat) for lon, lat in ring]
        nearest = min(nearest, *(_to_line(*one, *other) for one, other in pairwise(flat)))
    return nearest * _METRES_PER_DEGREE


def _rings(geometry: dict[str, Any]) -> list[Any]:
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    return [ring for polygon in polygons for ring in polygon]


def _to_line(x: float, y: float, to_x: float, to_y: float) -> float:
    """From the origin to a piece of a line."""
    along, up = to_x - x, to_y - y
    length = along * along + up * up
    part = min(1.0, max(0.0, -(x * along + y * up) / length)) if length else 0.0
    return math.hypot(x + part * along, y + part * up)
