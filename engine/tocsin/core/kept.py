"""What the gates remember, found by condition and by the incidents that it asks about."""

from bisect import bisect_left, insort

from tocsin.domain.gated import Gated, Place, Which


class Kept:
    """The Gated values of a board."""

    def __init__(self) -> None:
        self.all: dict[Which, Gated] = {}
        self._asking: dict[Place, list[Which]] = {}

    def put(self, which: Which, gated: Gated) -> None:
        self.drop(which)
        self.all[which] = gated
        for place in dict.fromkeys(gated.asks):
            insort(self._asking.setdefault(place, []), which)

    def drop(self, which: Which) -> None:
        gated = self.all.pop(which, None)
        for place in dict.fromkeys(gated.asks) if gated is not None else ():
            asking = self._asking[place]
            del asking[bisect_left(asking, which)]
            if not asking:
                del self._asking[place]

    def asking(self, place: Place) -> list[Which]:
        """Who asks about the incidents at a place, in order."""
        return self._asking.get(place, [])
