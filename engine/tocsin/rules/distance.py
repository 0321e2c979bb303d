"""Metres between two places on the ground."""

import math

EARTH_RADIUS = 6_371_008.8
"""Mean radius in metres (IUGG)."""
MOST_ACCURACY = 5000.0
"""The largest radius of a place in metres: with more, one phone without a fix would meet every area."""


def metres_between(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The great-circle distance in metres of two places in degrees WGS 84; NaN when a coordinate is NaN."""
    phi, other_phi = math.radians(lat), math.radians(other_lat)
    half_phi, half_lambda = (other_phi - phi) / 2, math.radians(other_lon - lon) / 2
    chord = math.sin(half_phi) ** 2 + math.cos(phi) * math.cos(other_phi) * math.sin(half_lambda) ** 2
    return 2 * EARTH_RADIUS * math.asin(math.sqrt(min(1.0, max(0.0, chord)))) if chord == chord else math.nan


def usable_accuracy(accuracy_m: float | None) -> float:
    """The radius of a place in metres, at most MOST_ACCURACY; 0 for one that is absent, negative or not a number."""
    return min(accuracy_m, MOST_ACCURACY) if accuracy_m is not None and 0.0 < accuracy_m < math.inf else 0.0
