"""The breaker: three tries without an answer, then probes further and further apart."""

from tocsin.delivery.breaker import FIRST_PROBE, LONGEST, Breaker


def test_three_tries_in_a_row_without_an_answer_and_it_is_away() -> None:
    """An answer in between, a refusal too, begins the count anew; only the third says so."""
    breaker = Breaker()
    assert [breaker.silent("no route", 1), breaker.silent("no route", 2), breaker.answered()] == [False] * 3
    assert [breaker.silent("no route", now) for now in (3, 4, 5, 6)] == [False, False, True, False]
    assert (breaker.away, breaker.why) == (True, "no route")
    assert [breaker.answered(), breaker.away, breaker.answered()] == [True, False, False]


def test_probes_are_twice_as_far_apart_each_time_up_to_the_longest() -> None:
    breaker, waits = Breaker(), []
    for _ in range(2):
        breaker.silent("", 0)
    for _ in range(6):
        breaker.silent("", 100)
        waits.append(breaker.next_probe - 100)
    assert waits[:3] == [FIRST_PROBE, 2 * FIRST_PROBE, 4 * FIRST_PROBE]
    assert waits[-1] == LONGEST
    breaker.answered()
    for _ in range(3):
        breaker.silent("", 0)
    assert breaker.next_probe == FIRST_PROBE
