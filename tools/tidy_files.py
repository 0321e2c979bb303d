"""Refuse files that do not end with exactly one newline, and files over 512 KiB.

Arguments are file names; without any, all tracked files are looked at. Exit code 1 when something was found.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from forbidden_text import ROOT, tracked

LARGEST = 512 * 1024


def findings(files: Iterable[Path]) -> Iterator[str]:
    """One sentence a file; for binary files only the size counts."""
    for path in files:
        content = path.read_bytes()
        name = path.resolve().relative_to(ROOT).as_posix()
        if len(content) > LARGEST:
            yield f"{name}: {len(content) // 1024} KiB; at most {LARGEST // 1024} belong under version control"
        text = b"\0" not in content
        if text and content and (not content.endswith(b"\n") or content.endswith(b"\n\n")):
            yield f"{name}: must end with exactly one newline"


if __name__ == "__main__":
    found = list(findings([Path(name) for name in sys.argv[1:]] or tracked()))
    print("\n".join(found), end="\n" if found else "")
    sys.exit(bool(found))
