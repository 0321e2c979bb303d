"""A machine whose clock can be set: the real SystemClock over a wall and a steady clock that only move when told."""

from tocsin.clock import SystemClock, VirtualClock


class SetClock(VirtualClock):
    """``sets`` moves the wall clock alone, as an administrator or a broken time server does; ``jumps`` were reported.
    """

    def __init__(self, now: int) -> None:
        super().__init__(now)
        self._wall = 0
        self.jumps: list[int] = []
        self._system = SystemClock(wall=lambda: (self._now + self._wall) * 1000, steady=lambda: self._now * 1000,
                                   on_skew=self._skewed)

    def now(self) -> int:
        now = self._system.now()
        self.skew = self._system.skew
        return now

    def sets(self, micros: int) -> None:
        """The wall clock jumps, the steady one does not."""
        self._wall += micros

    def not_before(self, instant: int) -> None:
        self._system.not_before(instant)

    def seconds_until(self, due: int) -> float | None:
        return 0.0 if due <= self.now() else None

    def _skewed(self, skew: int) -> None:
        self.jumps.append(skew)
        if self.on_skew is not None:
            self.on_skew(skew)

    def _deadlines(self) -> list[int]:
        """The engine's deadlines as instants of the steady clock, by which ``advance`` moves."""
        ahead = self.now() - self._now
        return [due - ahead for due in super()._deadlines()]
