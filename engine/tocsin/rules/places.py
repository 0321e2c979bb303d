"""Which named areas a place meets, and how far it is from one. Needs shapely: never part of replay."""

import math
from collections.abc import Iterable
from typing import Any

import shapely
from shapely.geometry import shape as read_geojson
from shapely.ops import nearest_points

from tocsin.book.book import AreaShape
from tocsin.rules.distance import EARTH_RADIUS, metres_between, usable_accuracy

_METRES_PER_DEGREE = math.radians(1) * EARTH_RADIUS


class AreaIndex:
    """Named polygons, found by place.

    A place is a circle: its accuracy in metres (no more than MOST_ACCURACY) is its radius, so whoever may be inside
    meets the area. No accuracy, or a negative one, is a point. A border belongs to its area. Outlines that cross
    themselves are repaired the way GEOS does.
    """

    def __init__(self, areas: Iterable[AreaShape] = ()) -> None:
        ordered = sorted(areas, key=lambda area: area.name)
        self._names = [area.name for area in ordered]
        shapes = [_shape(area) for area in ordered]
        shapely.prepare(shapes)
        self._shapes: dict[str, Any] = dict(zip(self._names, shapes, strict=True))
        self._tree = shapely.STRtree(shapes)

    def __contains__(self, name: str) -> bool:
        return name in self._shapes

    def names(self, lat: float, lon: float, accuracy_m: float | None = None) -> tuple[str, ...]:
        """The areas that the place meets, sorted; none for a place that is not a number."""
        if not self._names or not (math.isfinite(lat) and math.isfinite(lon)):
            return ()
        radius = usable_accuracy(accuracy_m)
        if radius == 0.0:
            found = self._tree.query(shapely.Point(lon, lat), predicate="intersects")
            return tuple(sorted(self._names[i] for i in found))
        up = radius / _METRES_PER_DEGREE
        across = min(180.0, up / max(1e-9, math.cos(math.radians(min(90.0, abs(lat) + up)))))
        near = (self._names[i] for i in self._tree.query(shapely.box(lon - across, lat - up, lon + across, lat + up)))
        return tuple(sorted(name for name in near if self.distance(name, lat, lon) <= radius))

    def distance(self, name: str, lat: float, lon: float) -> float:
        """Metres from the place to the nearest point of the area; 0 inside. KeyError for an unknown area."""
        shape = self._shapes[name]
        if not (math.isfinite(lat) and math.isfinite(lon)):
            return math.nan
        if shape.intersects(shapely.Point(lon, lat)):
            return 0.0
        scale = max(1e-9, math.cos(math.radians(lat)))
        flat = shapely.transform(shape, lambda points: points * (scale, 1.0))
        near, _ = nearest_points(flat, shapely.Point(lon * scale, lat))
        return metres_between(lat, lon, float(near.y), float(near.x) / scale)


def _shape(area: AreaShape) -> Any:
    shape = read_geojson(area.geometry)
    return shape if shape.is_valid else shapely.make_valid(shape)
