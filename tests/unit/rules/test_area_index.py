"""Which areas a place meets."""

import math

import pytest
from shapely.geometry import shape
from tests.support.naive_match import metres_to_area, metres_to_point

from tocsin.book.book import AreaShape
from tocsin.domain.event import Place
from tocsin.rules.distance import metres_between
from tocsin.rules.places import AreaIndex


def polygon(*corners):
    return {"type": "Polygon", "coordinates": [[list(corner) for corner in (*corners, corners[0])]]}


WEST = AreaShape("west", polygon((37.0, 48.0), (37.1, 48.0), (37.1, 48.1), (37.0, 48.1)))
EAST = AreaShape("east", polygon((37.1, 48.0), (37.2, 48.0), (37.2, 48.1), (37.1, 48.1)))
CITY = AreaShape("city", polygon((36.0, 47.0), (38.0, 47.0), (38.0, 49.0), (36.0, 49.0)))
BOW = AreaShape("bow", polygon((10.0, 10.0), (11.0, 11.0), (11.0, 10.0), (10.0, 11.0)))
INDEX = AreaIndex([WEST, EAST, CITY, BOW])


@pytest.mark.parametrize("lat, lon, accuracy, names", [
    (48.05, 37.05, None, ("city", "west")),
    # A border belongs to both its areas.
    (48.05, 37.1, None, ("city", "east", "west")),
    # 48.101 is 111 m north of the border.
    (48.101, 37.05, 100.0, ("city",)),
    (48.101, 37.05, 120.0, ("city", "west")),
    # East and west a degree is shorter: 0.001° of longitude is 74 m here.
    (48.05, 37.201, 70.0, ("city",)),
    (48.05, 37.201, 80.0, ("city", "east")),
    # No usable accuracy is a point.
    (48.101, 37.05, -120.0, ("city",)),
    (48.101, 37.05, math.nan, ("city",)),
    (48.101, 37.05, math.inf, ("city",)),
    # A device that hardly knows where it is meets what lies within five kilometres, not the whole country.
    (48.17, 37.05, 1e7, ("city",)),
    (48.14, 37.05, 1e7, ("city", "west")),
    (10.5, 11.2, 1e7, ()),
    # Nowhere.
    (0.0, 0.0, None, ()),
    (math.nan, 37.05, 100.0, ()),
    # The poles and beyond do no harm.
    (90.0, 0.0, 1000.0, ()),
    # An outline that crosses itself still has an inside.
    (10.5, 10.9, None, ("bow",)),
])
def test_names(lat, lon, accuracy, names):
    """A place meets the areas that its circle touches, by name."""
    assert INDEX.names(lat, lon, accuracy) == names


def test_no_areas():
    """Without areas nothing is met."""
    assert AreaIndex().names(48.0, 37.0, 5000.0) == ()


@pytest.mark.parametrize("lat, lon", [(48.101, 37.05), (48.3, 37.4), (47.9, 36.9), (48.05, 37.05)])
def test_distance_to_an_area(lat, lon):
    """The distance to the nearest point of an area agrees with a plain reckoning to a tenth of a per cent."""
    plain = metres_to_area(Place(lat, lon), shape(WEST.geometry))
    assert INDEX.distance("west", lat, lon) == pytest.approx(plain, rel=5e-3)


@pytest.mark.parametrize("a, b", [
    ((48.0, 37.0), (48.001, 37.0)), ((50.45, 30.52), (48.74, 37.56)), ((0, 179), (0, -179)),
])
def test_metres_between(a, b):
    """Distances agree with the law of cosines, across the date line too."""
    assert metres_between(*a, *b) == pytest.approx(metres_to_point(Place(*a), *b), rel=1e-6)
    assert metres_between(*a, *a) == 0.0
