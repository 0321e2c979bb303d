"""docs/channels: every promise has a test that exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from tests.support.answers import PAGES, promised, table

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
WRITTEN = ("telegram.md", "sms.md", "email.md")


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("page", sorted(file.name for file in PAGES.glob("*.md")))
def test_every_test_that_a_page_names_exists(page: str) -> None:
    for path, name in NAMED.findall((PAGES / page).read_text("utf-8")):
        assert (ROOT / path).is_file(), path
        assert not name or name in names_in(path), f"{path}::{name}"


@pytest.mark.parametrize("page", WRITTEN)
def test_every_row_names_its_test(page: str) -> None:
    """The first table as a whole, which its test reads row by row; the others row by row."""
    assert len(promised(page)) > 20
    rows = [*table(page, "Beside sending"), *table(page, "Groups"), *table(page, "Enrolment")]
    assert len(rows) > 5
    assert [cells[0] for cells in rows if len(cells) != 3 or not NAMED.fullmatch(cells[2])] == []
