"""Events made to harm: bounded work, a sentence, and the other rules go on."""

from msgspec.structs import replace
from tests.support.city import event_rule, incident_rule, match
from tests.support.play import Play
from tests.support.words import word_rule

from tocsin.book.match import Expect, Match
from tocsin.book.rule import PerKey, When
from tocsin.rules.key import MOST_KEYS

MANY = [f"v{number}" for number in range(2_000)]
PAIRS = (PerKey("a"), PerKey("b"))
COUNT = replace(word_rule("count", at_least=5, within="10 min"), per=PAIRS, limits={"keys": 10**9})


def windows(play: Play, rule: str = "rule") -> int:
    return play.run.board.key_count(rule)


def test_two_lists_of_thousands_are_no_millions_of_keys() -> None:
    """The first thousand pairs count, the rest are reported, and the rule beside hears its event."""
    play = Play(COUNT, event_rule("other", match(type="x")))
    play.event("+0s", type="x", a=MANY, b=MANY, site="s")
    assert windows(play) == MOST_KEYS
    assert [note.detail for note in play.notes("too_many_keys")] == [
        "event event-1 of gateway is of more than 1000 keys at once: the rest are left out"]
    assert [one.rule for one in play.incidents.values()] == ["other"]


def test_as_many_keys_as_may_be_are_all_heard() -> None:
    play = Play(COUNT)
    play.event("+0s", type="x", a=MANY[:MOST_KEYS // 10], b=MANY[:10])
    assert (windows(play), play.notes("too_many_keys")) == (MOST_KEYS, [])


def test_an_event_that_names_thousands_of_values_leaves_a_small_window() -> None:
    """A hundred of them count as different."""
    play = Play(word_rule("count", at_least=101, within="10 min", distinct="a"))
    play.event("+0s", type="x", site="s", a=MANY)
    assert play.incidents == {}
    play.event("+1s", type="x", site="s", a="another")
    assert len(play.incidents) == 1


def test_a_pattern_that_would_try_for_ever_elsewhere_gives_an_answer() -> None:
    pattern = Match((Expect("type", "is", "x"), Expect("text", "matches", "(a+)+$")))
    play = Play(replace(event_rule("rule"), when=When("event", match=pattern)))
    play.event("+0s", type="x", site="s", text="a" * 60_000 + "!")
    assert play.incidents == {}
    play.event("+1s", type="x", site="s", text="a" * 60_000)
    assert len(play.incidents) == 1


def test_one_event_for_every_rule_fires_every_rule() -> None:
    play = Play(*(event_rule(f"rule-{number}", match(type="x")) for number in range(300)))
    play.event("+0s", type="x", site="s")
    assert len(play.incidents) == len({one.rule for one in play.incidents.values()}) == 300


def test_a_long_chain_of_rules_is_walked_to_its_end() -> None:
    """Longer than Python would call itself."""
    play = Play(event_rule("rule-0", match(type="x")), *(
        incident_rule(f"rule-{number}", f"rule-{number - 1}") for number in range(1, 1_200)))
    play.event("+0s", type="x", site="s")
    assert len(play.incidents) == 1_200
