"""Reading small texts and small homes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tocsin.book.report import Report, Unreadable
from tocsin.book.shape import Shape
from tocsin.book.yaml import read_text


@pytest.fixture
def read() -> Callable[..., tuple[Any, list[str]]]:
    """(value or None, findings as text) of a text read by a shape; references stay unresolved."""

    def reading(shape: Shape[Any], text: str) -> tuple[Any, list[str]]:
        report = Report()
        tree = read_text("f.yaml", text, report)
        value = None
        if tree is not None:
            try:
                value = shape.read(tree, report)
            except Unreadable:
                value = None
        return value, [str(finding) for finding in report.ordered()]

    return reading


@pytest.fixture
def home(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """A folder with the given files, path → text."""

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return tmp_path

    return write
