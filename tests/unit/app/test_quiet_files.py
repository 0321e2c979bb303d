"""Files are taken when they are whole: still, closed, and the same before and after they were read."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tocsin.app.quiet import ALONE_STEPS, MOST_STEPS, QUIET_STEPS, being_written, signature, when_quiet
from tocsin.domain.errors import Finding

PARTS = ("rules",)


@pytest.fixture(autouse=True)
def _deaf() -> Iterator[None]:
    """As the child: a writer's signal ends nothing."""
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGIO, before)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rules" / "deep" / "a.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("first", "utf-8")
    return path


class Steps:
    """Sleeps that pass at once; at some of them something happens."""

    def __init__(self, at: dict[int, Callable[[], object]] | None = None) -> None:
        self.at, self.count = at or {}, 0

    async def __call__(self, seconds: float) -> None:
        self.count += 1
        self.at.get(self.count, lambda: None)()


async def test_still_files_are_read_after_a_second(tmp_path: Path, file: Path) -> None:
    """Four looks that see the same."""
    steps = Steps()
    assert await when_quiet(tmp_path, PARTS, lambda: file.read_text("utf-8"), steps) == "first"
    assert steps.count == QUIET_STEPS


async def test_an_editor_that_writes_twice_is_waited_for(tmp_path: Path, file: Path) -> None:
    """The second comes when the first was nearly taken."""
    steps = Steps({3: lambda: file.write_text("second one", "utf-8")})
    assert await when_quiet(tmp_path, PARTS, lambda: file.read_text("utf-8"), steps) == "second one"
    assert steps.count == 3 + QUIET_STEPS


async def test_a_file_open_for_writing_is_not_taken(tmp_path: Path, file: Path) -> None:
    """However still it is: its first half may be valid."""
    half = file.open("w", encoding="utf-8")
    half.write("half")
    half.flush()
    steps = Steps({30: lambda: (half.write(" and half"), half.close())})
    assert await when_quiet(tmp_path, PARTS, lambda: file.read_text("utf-8"), steps) == "half and half"
    assert steps.count >= 30


async def test_what_changes_while_it_is_read_is_read_again(tmp_path: Path, file: Path) -> None:
    """The first reading may hold one file of before and one of after."""
    readings: list[str] = []

    def read() -> str:
        readings.append(file.read_text("utf-8"))
        if len(readings) == 1:
            file.write_text("meanwhile", "utf-8")
        return readings[-1]

    assert await when_quiet(tmp_path, PARTS, read, Steps()) == "meanwhile"
    assert readings == ["first", "meanwhile"]


async def test_where_nobody_can_be_seen_writing_stillness_has_to_last_longer(
        tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another owner's files, a network disk."""
    def refused(*given: object) -> None:
        raise PermissionError

    monkeypatch.setattr("fcntl.fcntl", refused)
    steps = Steps()
    assert await when_quiet(tmp_path, PARTS, lambda: file.read_text("utf-8"), steps) == "first"
    assert steps.count == ALONE_STEPS > QUIET_STEPS


async def test_files_that_never_rest_are_named(tmp_path: Path, file: Path) -> None:
    """After a minute the one who can act is told which file it is."""
    with file.open("a", encoding="utf-8"):
        steps = Steps()
        found = await when_quiet(tmp_path, PARTS, lambda: pytest.fail("it was read"), steps)
    assert isinstance(found, Finding)
    assert found.where.path == "rules/deep/a.yaml"
    assert steps.count == MOST_STEPS


def test_a_replaced_file_of_equal_size_and_age_differs(tmp_path: Path, file: Path) -> None:
    """Editors write a new file and rename it."""
    before, stat = signature(tmp_path, PARTS), file.stat()
    other = file.with_name("b")
    other.write_text("fIrst", "utf-8")
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    other.rename(file)
    assert signature(tmp_path, PARTS) != before


def test_what_cannot_be_opened_is_nobodys(tmp_path: Path, file: Path) -> None:
    """A link that leads nowhere and a file that is gone are no writers."""
    (tmp_path / "rules" / "gone.yaml").symlink_to(tmp_path / "nowhere")
    assert being_written(tmp_path, (*signature(tmp_path, PARTS), ("rules/none.yaml", 0, 0, 0))) == ("", True)
