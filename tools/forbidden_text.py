"""Refuse what belongs to one machine or one network: registry hosts, download addresses, absolute home paths.

A lock with addresses installs only where these can be reached; hashes alone install from any mirror.
Without arguments all tracked files are read, else the named ones. Exit code 1 when something was found.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

FORBIDDEN = {
    "a registry's host": re.compile(
        r"pypi\.org|pythonhosted\.org|registry\.npmjs\.org|registry\.yarnpkg\.com|deb\.debian\.org|proxy\.golang\.org"
    ),
    "a download address": re.compile(
        r"--(extra-)?index-url[ =]|--find-links[ =]|^\s*(index-url|extra-index-url)\s*=|\"resolved\":\s*\"https?:",
        re.MULTILINE,
    ),
    "an absolute path of one machine": re.compile(r"(?<![\w.~-])(/home/\w+|/root|/Users/\w+|/work)/|[A-Z]:\\Users\\"),
}
# It names what it refuses.
EXEMPT = {"tools/forbidden_text.py"}


def tracked(root: Path = ROOT) -> list[Path]:
    """The files under version control, those about to be deleted left out."""
    git = ["git", "ls-files", "-z"]
    listed = subprocess.run(git, cwd=root, check=True, capture_output=True).stdout.decode()  # noqa: S603 - no input in it
    return [root / name for name in listed.split("\0") if name and (root / name).is_file()]


def findings(files: Iterable[Path], root: Path = ROOT) -> Iterator[str]:
    """One sentence for each forbidden text, with file and line; binary files are passed over."""
    for path in files:
        name = path.resolve().relative_to(root).as_posix()
        if name in EXEMPT:
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for what, pattern in FORBIDDEN.items():
            for hit in pattern.finditer(text):
                line = text.count("\n", 0, hit.start()) + 1
                yield f"{name}:{line}: {what}: {hit.group().strip()!r}; leave it out or make it relative"


if __name__ == "__main__":
    found = list(findings([Path(name) for name in sys.argv[1:]] or tracked()))
    print("\n".join(found), end="\n" if found else "")
    sys.exit(bool(found))
