"""Operators: named by tokens of their own, each of which nobody else has."""

from pathlib import Path

import pytest
from starlette.requests import Request

from tocsin.api.errors import Problem
from tocsin.api.operators import Operators
from tocsin.clock import VirtualClock
from tocsin.domain.errors import SettingsError
from tocsin.settings import load_settings
from tocsin.sources.config import SourceConfig
from tocsin.sources.door import Doors, open_doors
from tocsin.sources.report import Report
from tocsin.sources.tokens import hash_token


class Mute(Report):
    def count(self, source: str, outcome: str, number: int = 1) -> None: ...

    def say(self, source: str, kind: str, sentence: str) -> None: ...


def doors() -> Doors:
    return open_doors((SourceConfig(name="gateway", kind="http", token_hash=hash_token("source")),), VirtualClock(0),
                      Mute())


def request(authorization: str | None) -> Request:
    headers = [] if authorization is None else [(b"authorization", authorization.encode())]
    return Request({"type": "http", "headers": headers})


def test_each_operator_is_named_by_the_own_token() -> None:
    """The scheme in any case; everything else opens nothing."""
    operators = Operators({"olena": hash_token("one"), "taras": hash_token("two")}, doors())
    assert operators.who(request("Bearer one")) == "olena"
    assert operators.who(request("bearer  two ")) == "taras"
    for given, status in (("Basic one", 401), ("one", 401), ("Bearer " + hash_token("one"), 401), (None, 401),
                          ("Bearer", 401), ("Bearer source", 403)):
        with pytest.raises(Problem) as refused:
            operators.who(request(given))
        assert refused.value.status == status


def test_without_operators_nobody_may() -> None:
    with pytest.raises(Problem, match="set operators:"):
        Operators({}, doors()).who(request("Bearer one"))


def test_a_token_belongs_to_one_alone() -> None:
    """To one operator, and to no source."""
    with pytest.raises(SettingsError, match="same token as the operator"):
        Operators({"olena": hash_token("one"), "taras": hash_token("one")}, doors())
    with pytest.raises(SettingsError, match="same token as a source"):
        Operators({"olena": hash_token("source")}, doors())


@pytest.mark.parametrize("written, sentence", [
    ("{}", "token: or token_hash:"), ('{token: "short"}', "24 characters"), ("{token_hash: abc}", "64 hexadecimal"),
    ('{token: "${WORD}"}', "24 characters"), ('{token: "${NONE}"}', "NONE is not set")])
def test_a_token_that_could_be_guessed_is_refused(tmp_path: Path, written: str, sentence: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"operators: {{olena: {written}}}\n", "utf-8")
    with pytest.raises(SettingsError, match=sentence):
        load_settings(path, environ={"WORD": "short"})
    if "${" in written:
        assert load_settings(path, environ={}, require_secrets=False).operators
