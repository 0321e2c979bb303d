"""Renew the tables of docs/dependencies.md: releases from the locks, licences from the installed packages' metadata.

The reasons are people's: they stay as they are, and a dependency without one is reported (exit code 1).
"""

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/dependencies.md"
RUNTIME_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"

_LOCKED = re.compile(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==([^ \\]+)", re.MULTILINE)
_VIA = re.compile(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==(?:.*\n)(?: +--hash.*\n)+((?: +#.*\n)*)", re.MULTILINE)
_PARENT = re.compile(r"# +(?:via +)?(?!via\b)([a-z0-9._-]+)")
_ROW = re.compile(r"^\| ([a-z0-9._-]+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
# What the metadata of these releases does not say in a line, read in their licence files.
_SPELT = {
    "Apache 2.0": "Apache-2.0", "Apache Software License": "Apache-2.0", "BSD License": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause", "Dual License": "BSD-3-Clause", "ISC License": "ISC", "MIT License": "MIT",
}


def plain(name: str) -> str:
    """A package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> tuple[set[str], set[str]]:
    """The names in pyproject.toml: what the engine needs (extras included), and what only its development needs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    lists = [project["project"]["dependencies"], *project["project"]["optional-dependencies"].values()]
    runtime = {_name(line) for lines in lists for line in lines}
    return runtime, {_name(line) for line in project["dependency-groups"]["dev"]} - runtime


def locked(lock: Path) -> dict[str, str]:
    """Release by name; where a lock has several for several Pythons, the one for the oldest."""
    return dict(reversed(_LOCKED.findall(lock.read_text("utf-8"))))


def needed_by(lock: Path) -> dict[str, str]:
    """Who brings each package along, by the lock's own remarks."""
    remarks = _VIA.findall(lock.read_text("utf-8"))
    return {name: ", ".join(_PARENT.findall(via)) for name, via in reversed(remarks)}


def rows(page: str) -> dict[str, tuple[str, str, str]]:
    """(why, licence, release) by dependency, as the page has it; of two rows the first."""
    found = {name: (why, licence, release) for name, why, licence, release in reversed(_ROW.findall(page))}
    return {name: row for name, row in found.items() if name != "dependency"}


def licence(name: str) -> str:
    """The licence's short name; "?" when the installed package does not tell, or is not for this machine."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return "?"
    kinds = [line for line in about.get_all("Classifier") or [] if line.startswith("License ::")]
    lines = [*(about.get_all("License-Expression") or []), *(about.get_all("License") or []), *reversed(kinds), "?"]
    said = str(lines[0]).split("::")[-1].strip()
    return _SPELT.get(said, said)


def table(names: set[str], reasons: dict[str, str], known: dict[str, tuple[str, str, str]]) -> str:
    """One table, sorted by name; a licence that this machine cannot tell stays as it was written."""
    releases = locked(DEV_LOCK)
    lines = ["| dependency | why | licence | release |", "|---|---|---|---|"]
    for name in sorted(names):
        said = licence(name)
        said = known.get(name, ("?", "?", "?"))[1] if said == "?" else said
        lines.append(f"| {name} | {reasons.get(name, '?')} | {said} | {releases[name]} |")
    return "\n".join(lines)


def renewed(page: str) -> str:
    """The page with its three tables written anew."""
    known = rows(page)
    reasons = {name: why for name, (why, _, _) in known.items()}
    runtime, dev = declared()
    indirect = set(locked(RUNTIME_LOCK)) - runtime
    brought = {name: f"needed by {who}" for name, who in needed_by(RUNTIME_LOCK).items()}
    tables = {
        "runtime": table(runtime, reasons, known),
        "development": table(dev, reasons, known),
        "indirect": table(indirect, brought, known),
    }
    for title, text in tables.items():
        before, _, rest = page.partition(f"<!-- {title} -->\n")
        _, end, after = rest.partition("\n<!-- end -->")
        page = f"{before}<!-- {title} -->\n{text}{end}{after}"
    return page


def _name(requirement: str) -> str:
    return plain(re.split(r"[\s;<>=!~\[]", requirement, maxsplit=1)[0])


if __name__ == "__main__":
    new = renewed(PAGE.read_text("utf-8"))
    PAGE.write_text(new, "utf-8")
    open_questions = [name for name, row in rows(new).items() if "?" in row]
    if open_questions:
        print(f"docs/dependencies.md: give {', '.join(open_questions)} a reason and a licence")
    sys.exit(bool(open_questions))
