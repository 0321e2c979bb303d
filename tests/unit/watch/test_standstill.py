"""When the watchdog speaks: decisions on a clock that the test moves."""

from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.time import MINUTE, SECOND
from tocsin.watch.standstill import AGAIN, FAILED, HANDED, MOVES, PERHAPS, RETRY, STANDS, Mark, Say, Watch, Way

SMS = Way("olena", "sms", "+380501234501", "uk")
MAIL = Way("olena", "email", "olena@example.org", "uk")
WAYS = (SMS, MAIL)
STILL = Mark(7, 7)


class Play:
    """Looks once a second, as the watchdog does, and notes every telling; ``became`` decides what becomes of it."""

    def __init__(self) -> None:
        self.now = 0
        self.watch = Watch(0)
        self.mark: Mark | None = STILL
        self.said: list[tuple[int, str, str, int]] = []
        self.changes: list[tuple[int, str]] = []
        self.became = {"sms": HANDED, "email": HANDED}
        self.ways: tuple[Way, ...] = WAYS

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            if change := self.watch.look(self.now, self.mark):
                self.changes.append((self.now // SECOND, change))
            for say in self.watch.due(self.now, self.ways):
                self.said.append((self.now // SECOND, say.what, say.way.channel, say.number))
                self.watch.told(self.now, say, self.became[say.way.channel])
            self.now += SECOND

    def beat(self) -> None:
        last = self.mark or STILL
        self.mark = Mark(last.position + 1, last.alive + 1)

    def beat_on(self) -> None:
        """A heartbeat of the engine that was started last."""
        last = self.mark or STILL
        self.mark = Mark(last.position, last.alive + 1, last.starts)


def test_an_engine_that_moves_is_left_in_peace() -> None:
    """A heartbeat every 5 s: nothing is said in an hour."""
    play = Play()
    for _ in range(720):
        play.beat()
        play.run(5)
    assert play.said == []


def test_everybody_is_told_by_every_way_after_30_s_and_again_every_5_min() -> None:
    """Both channels at once, numbered, for as long as it stands."""
    play = Play()
    play.run(11 * 60)
    assert play.said == [(at, STANDS, way, number) for number, at in ((1, 30), (2, 330), (3, 630))
                         for way in ("sms", "email")]


def test_a_way_that_fails_is_tried_again_each_minute_and_holds_up_no_other() -> None:
    """E-mail keeps its five minutes while SMS fails."""
    play = Play()
    play.became["sms"] = FAILED
    play.run(271)
    assert [at for at, _, way, _ in play.said if way == "sms"] == [30, 90, 150, 210, 270]
    assert [at for at, _, way, _ in play.said if way == "email"] == [30]


def test_whoever_was_told_is_told_when_it_moves_again() -> None:
    """Only those who heard of the standstill hear of its end, once."""
    play = Play()
    play.became["sms"] = FAILED
    play.run(100)
    play.beat()
    play.became["sms"] = HANDED
    play.run(1000 // 5)
    for _ in range(4):
        play.beat()
        play.run(20)
    assert play.changes == [(30, STANDS), (100, MOVES), (130, STANDS), (300, MOVES)]
    news = [(at, way) for at, what, way, _ in play.said if what == MOVES]
    assert news == [(100, "email"), (300, "sms"), (300, "email")]


def test_good_news_that_fails_is_told_again_but_not_for_ever() -> None:
    """Each minute, for an hour."""
    play = Play()
    play.run(60)
    play.became = {"sms": FAILED, "email": HANDED}
    for _ in range(800):
        play.beat()
        play.run(5)
    times = [at for at, what, way, _ in play.said if what == MOVES and way == "sms"]
    assert times[:3] == [60, 120, 180]
    assert 3600 <= times[-1] <= 3660


def test_an_unreadable_database_counts_as_standing_still() -> None:
    """Missing, locked, damaged: no mark, no movement."""
    play = Play()
    for _ in range(5):
        play.beat()
        play.run(5)
    play.mark = None
    play.run(60)
    assert play.changes == [(50, STANDS)]


def test_a_database_that_can_be_read_again_with_the_same_mark_has_not_moved() -> None:
    """Only a new mark is movement."""
    play = Play()
    play.run(10)
    play.mark = None
    play.run(60)
    play.mark = STILL
    play.run(60)
    assert play.changes == [(30, STANDS)]


def test_a_dead_engine_s_database_that_appears_late_is_no_movement() -> None:
    """Its first mark says nothing about now; the next different one does."""
    play = Play()
    play.mark = None
    play.run(60)
    play.mark = STILL
    play.run(60)
    assert play.changes == [(30, STANDS)]
    play.beat()
    play.run(1)
    assert play.changes == [(30, STANDS), (120, MOVES)]


def test_a_watchdog_started_beside_a_dead_engine_speaks_after_30_s() -> None:
    """The first mark is where the watching begins, not movement; no database at all is the same."""
    for mark in (STILL, None):
        play = Play()
        play.mark = mark
        play.run(31)
        assert play.changes == [(30, STANDS)]


def test_the_time_in_which_the_watchdog_itself_was_stopped_does_not_count() -> None:
    """A suspended machine wakes without a false alarm, but a dead engine is still told 30 s of watching later."""
    play = Play()
    play.run(5)
    play.now += 3600 * SECOND
    play.run(10)
    assert play.said == []
    play.run(30)
    assert len(play.said) == 2


def test_what_nobody_knows_is_repeated_after_a_minute_and_counts_as_told() -> None:
    """The provider may have it: the end is told to them too."""
    play = Play()
    play.became["sms"] = PERHAPS
    play.run(95)
    assert [at for at, _, way, _ in play.said if way == "sms"] == [30, 90]
    play.beat()
    play.run(1)
    assert (95, MOVES, "sms", 3) in play.said


def test_a_new_shift_is_told_at_once() -> None:
    """Ways that appear while it stands still do not wait for the next round."""
    play = Play()
    play.run(60)
    play.ways = (*WAYS, Way("maria", "sms", "+380501234503"))
    play.run(5)
    assert [at for at, *_ in play.said] == [30, 30, 60]


def test_a_telling_in_flight_is_not_begun_twice_and_its_end_is_told_after_all() -> None:
    """It lands after the engine moved again: the good news follows."""
    watch, now = Watch(0), 0
    while not watch.speaks:
        now += SECOND
        watch.look(now, STILL)
    (say,) = watch.due(now, (SMS,))
    assert watch.due(now + 10 * MINUTE, (SMS,)) == []
    assert watch.look(now + SECOND, Mark(8, 8)) == MOVES
    assert watch.due(now + SECOND, (SMS,)) == []
    watch.told(now + 2 * SECOND, say, HANDED)
    assert [(s.what, s.way) for s in watch.due(now + 2 * SECOND, (SMS,))] == [(MOVES, SMS)]


@given(st.lists(st.tuples(st.sampled_from(["beat", "dark", "same"]), st.integers(1, 90),
                          st.sampled_from([HANDED, FAILED, PERHAPS])), max_size=30))
def test_it_is_never_silent_in_a_standstill_and_never_loud_otherwise(steps: list[tuple[str, int, str]]) -> None:
    """While it stands each way is told at least every 5 min (a failed one every minute); else only good news."""
    play = Play()
    play.ways = (SMS,)
    flags: list[tuple[int, bool]] = []
    for what, seconds, became in steps:
        play.became["sms"] = became
        if what == "beat":
            play.beat()
        elif what == "dark":
            play.mark = None
        for _ in range(seconds):
            play.run(1)
            flags.append((play.now // SECOND - 1, play.watch.standing is not None))
    standing = dict(flags)
    for at, what, _, _ in play.said:
        assert standing[at] is (what == STANDS)
    told = sorted(at for at, what, _, _ in play.said if what == STANDS)
    began = None
    for at, stands in flags:
        began = at if stands and began is None else began if stands else None
        if began is not None:
            assert any(max(began, at - AGAIN // SECOND) <= t <= at for t in told)
    assert RETRY < AGAIN


def test_says_carry_when_it_began_and_ended() -> None:
    """For the text: since when, and for how long."""
    watch = Watch(0)
    watch.look(0, STILL)
    for second in range(1, 41):
        watch.look(second * SECOND, STILL)
    (say,) = watch.due(40 * SECOND, (SMS,))
    assert say == Say(STANDS, SMS, 1, 0)
    watch.told(40 * SECOND, say, HANDED)
    watch.look(41 * SECOND, Mark(8, 8))
    assert watch.due(41 * SECOND, (SMS,)) == [Say(MOVES, SMS, 2, 0, 41 * SECOND)]


def started(play: Play, seconds: int) -> None:
    """A start that commits one heartbeat, and falls over after so long."""
    last = play.mark or STILL
    play.mark = Mark(last.position + 1, last.alive + 1, last.starts + 1)
    play.run(seconds)


def test_an_engine_that_falls_over_again_and_again_does_not_move() -> None:
    """Three starts within two minutes are told at once; only 30 s without another start are good news."""
    play = Play()
    play.run(1)
    for _ in range(2):
        started(play, 20)
    assert play.said == []
    started(play, 1)
    assert play.watch.loops
    assert [said[1:3] for said in play.said] == [(STANDS, "sms"), (STANDS, "email")]
    for _ in range(3):
        started(play, 10)
    assert play.changes == [(41, STANDS)]
    for _ in range(8):
        play.beat_on()
        play.run(5)
    assert [change for _, change in play.changes] == [STANDS, MOVES]
    assert not play.watch.loops


def test_two_restarts_by_hand_and_a_third_an_hour_later_are_no_crash_loop() -> None:
    """Each keeps the heart beating."""
    play = Play()
    play.run(1)
    for pause in (30, 3600, 30):
        started(play, 1)
        for _ in range(pause // 5):
            play.beat_on()
            play.run(5)
    assert play.said == []
