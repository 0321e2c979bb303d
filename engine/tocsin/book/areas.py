"""rules/areas: named polygons from GeoJSON files, validated."""

import json
from typing import Any

from shapely.geometry import shape as to_shape
from shapely.validation import explain_validity

from tocsin.book.book import AreaShape
from tocsin.book.report import Report
from tocsin.book.yaml import MAX_BYTES
from tocsin.domain.errors import Location

MAX_POINTS = 100_000


def read_areas(file: str, path: str, body: bytes, report: Report) -> dict[str, AreaShape]:
    """The areas of one file by name, also known as ``file/name``, and a file's only area as ``file``.

    Errors go into the report; bad features are left out.
    """
    features = _features(path, body, report)
    found: dict[str, AreaShape] = {}
    aliases = report.aliases.setdefault("area", {})
    for number, feature in enumerate(features, 1):
        where = Location(path)
        properties = feature.get("properties") if isinstance(feature, dict) else None
        name = properties.get("name") if isinstance(properties, dict) else None
        if not isinstance(name, str) or not name.strip():
            report.error(where, f'feature {number} has no name: give it "properties": {{"name": "…"}}')
            continue
        name = name.strip()
        report.declare("area", name, where)
        aliases[f"{file}/{name}"] = name
        problem = _problem(feature.get("geometry"))
        if problem:
            report.error(where, f'the area "{name}": {problem}')
            continue
        found[name] = AreaShape(name, _flat(feature["geometry"]))
    if len(features) == 1 and found and file not in report.declared["area"]:
        aliases[file] = next(iter(found))
    return found


def _features(path: str, body: bytes, report: Report) -> list[Any]:
    if len(body) > MAX_BYTES:
        report.error(Location(path), f"the file has {len(body)} bytes, more than {MAX_BYTES}: simplify the polygons")
        return []
    try:
        document = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        report.error(Location(path, error.lineno, error.colno), f"this is not JSON: {error.msg}")
        return []
    except (ValueError, RecursionError):
        report.error(Location(path), "this is not GeoJSON in UTF-8")
        return []
    if isinstance(document, dict) and document.get("type") == "Feature":
        return [document]
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or document.get("type") != "FeatureCollection":
        report.error(Location(path), "an area file is a GeoJSON FeatureCollection whose features have a name")
        return []
    if not features:
        report.error(Location(path), "the FeatureCollection has no features")
    return features


def _refuse_constant(text: str) -> float:
    raise ValueError(text)


def _problem(geometry: Any) -> str:
    """What is wrong with a geometry, "" when it can be used."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        return f"its geometry is {kind or 'missing'}, and an area is a Polygon or MultiPolygon"
    coordinates = geometry.get("coordinates")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    points = 0
    if not isinstance(polygons, list) or not polygons:
        return "it has no coordinates"
    for polygon in polygons:
        if not isinstance(polygon, list) or not polygon:
            return "a polygon is a list of rings"
        for ring in polygon:
            if not isinstance(ring, list) or len(ring) < 4 or ring[0] != ring[-1]:
                return "a ring needs at least four points, the last the same as the first"
            points += len(ring)
            for point in ring:
                if problem := _wrong_point(point):
                    return problem
    if points > MAX_POINTS:
        return f"it has {points} points, more than {MAX_POINTS}: simplify it"
    outline = to_shape(_flat(geometry))
    if outline.is_valid:
        return ""
    return f"its outline is invalid ({explain_validity(outline)}): correct it in the map editor"


def _flat(geometry: dict[str, Any]) -> dict[str, Any]:
    """The checked geometry without heights."""
    polygon = geometry["type"] == "Polygon"
    polygons = [geometry["coordinates"]] if polygon else geometry["coordinates"]
    flat = [[[point[:2] for point in ring] for ring in rings] for rings in polygons]
    return {"type": geometry["type"], "coordinates": flat[0] if polygon else flat}


def _wrong_point(point: Any) -> str:
    if not isinstance(point, list) or len(point) not in (2, 3) or not all(
            isinstance(n, int | float) and not isinstance(n, bool) and abs(n) < 1e9 for n in point):
        return "a point is [lon, lat]"
    lon, lat = point[0], point[1]
    if abs(lat) > 90 or abs(lon) > 180:
        swapped = ": GeoJSON puts the longitude first" if abs(lon) <= 90 and abs(lat) <= 180 else ""
        return f"[{lon}, {lat}] is no place on Earth{swapped}"
    return ""
