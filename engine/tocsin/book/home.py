"""The files of a home: found through links of folders, read only where they are plain files of bounded size."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tocsin.book.report import Report
from tocsin.book.yaml import MAX_BYTES
from tocsin.domain.errors import Location

MAX_FILES = 20_000


def read_plain(path: Path, most: int = MAX_BYTES) -> bytes:
    """The bytes of a file, one byte more than ``most`` at the most; OSError, also for what is no plain file."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise IsADirectoryError(0, "it is a folder, not a file") if path.is_dir() else OSError(0, "it is no plain file")
    with path.open("rb") as file:
        return file.read(most + 1)


def files_of(root: Path, folder: str, suffixes: tuple[str, ...], skip: tuple[str, ...],
             report: Report) -> list[tuple[str, bytes]]:
    """(place, bytes) of the files of a folder and below it, in order of their places; what cannot be read is reported.

    ``root`` is where it lies; in places it is called ``folder``. Hidden files are left out, as are the folders ``skip``
    of the folder.
    """
    found: list[tuple[str, bytes]] = []
    for count, path in enumerate(sorted(_walk(root, folder, skip, report))):
        where = Location(_place(path, root, folder))
        if count >= MAX_FILES:
            report.error(where, f"the folder {folder} has more than {MAX_FILES} files: put several rules into one")
            break
        if path.suffix not in suffixes:
            if path.suffix == ".yml":
                report.error(where, "rename this file to .yaml: it would not be read")
            continue
        try:
            body = read_plain(path)
        except OSError as error:
            report.error(where, f"the file cannot be read: {error.strerror}")
            continue
        if len(body) > MAX_BYTES:
            report.error(where, f"the file has more than {MAX_BYTES} bytes: split it")
        else:
            found.append((where.path, body))
    return found


def _place(path: Path, root: Path, folder: str) -> str:
    return f"{folder}/{path.relative_to(root).as_posix()}".removesuffix("/.")


def _walk(root: Path, folder: str, skip: tuple[str, ...], report: Report) -> Iterator[Path]:
    """Every file below a folder; folders behind links too, each once."""
    if not root.is_dir():
        if os.path.lexists(root):
            report.error(Location(folder), "this must be a folder, and it is none: move it away and make the folder")
        return
    seen: set[tuple[int, int]] = set()

    def unreadable(error: OSError) -> None:
        place = _place(Path(error.filename), root, folder)
        report.error(Location(place), f"the folder cannot be read: {error.strerror}")

    for above, folders, files in os.walk(root, followlinks=True, onerror=unreadable):
        state = Path(above).stat()
        if (state.st_dev, state.st_ino) in seen:
            folders.clear()
            continue
        seen.add((state.st_dev, state.st_ino))
        folders[:] = sorted(name for name in folders
                            if not name.startswith(".") and not (Path(above) == root and name in skip))
        yield from (Path(above) / name for name in files if not name.startswith("."))
