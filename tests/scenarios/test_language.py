"""The language sentence by sentence: small cases whose expectation was written from its text, run through replay."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.case import play, short, told

_FOLDER = Path(__file__).parent / "language"
_CASES = [(path.stem, case) for path in sorted(_FOLDER.glob("*.yaml"))
          for case in yaml.safe_load(path.read_text("utf-8"))]


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{stem}: {case['case']}") for stem, case in _CASES])
def test_the_sentence_holds(case: dict[str, Any], tmp_path: Path) -> None:
    """Replay says of the case's events what the language says."""
    lines, last = play(tmp_path, case["rules"], case["events"], until=case.get("until", ""), files=case.get("files"))
    assert short(lines) == case["expect"]
    for number, notices in case.get("told", {}).items():
        assert told(lines[number]) == notices
    assert last == case.get("last", last)
