"""``near: 150 m`` in ``when``: the place joins the key, and events that close to it belong to it."""

from collections.abc import Iterable
from typing import NamedTuple

from tocsin.domain.event import Place
from tocsin.rules.distance import metres_between, usable_accuracy

NEAR = "near"
"""The name under which the place joins the key."""
_METRES_A_DEGREE = 110_000
"""Of latitude, at the least."""
_DIGITS = 5


class Spot(NamedTuple):
    """A place that stands in a key: degrees, and the place as its text there."""

    lat: float
    lon: float
    text: str


def spot_of(place: Place) -> Spot:
    """The place as it joins a key, to about a metre."""
    lat, lon = round(place.lat, _DIGITS) + 0.0, round(place.lon, _DIGITS) + 0.0
    return Spot(lat, lon, f"{_short(lat)},{_short(lon)}")


def spot_from(text: str) -> Spot | None:
    """The place that a key names; None when it is none."""
    try:
        lat, lon = map(float, text.split(","))
    except ValueError:
        return None
    return Spot(lat, lon, text)


def reach(place: Place, distance: float) -> float:
    """Degrees of latitude within which everything lies that is near to a place."""
    return (distance + usable_accuracy(place.accuracy_m)) / _METRES_A_DEGREE


def nearest(place: Place, distance: float, spots: Iterable[Spot]) -> Spot | None:
    """The nearest of the spots that lies within ``distance`` metres, or may by the accuracy of ``place``; None if none
    does. Of several at the same distance the first by its text.
    """
    found = [(metres, spot.text, spot) for spot in spots
             if (metres := metres_between(spot.lat, spot.lon, place.lat, place.lon))
             - usable_accuracy(place.accuracy_m) <= distance]
    return min(found)[2] if found else None


def _short(degrees: float) -> str:
    return f"{degrees:.{_DIGITS}f}".rstrip("0").rstrip(".")
