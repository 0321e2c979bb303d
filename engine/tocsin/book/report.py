"""Everything found wrong in the files of one reading, and the names that they declare and refer to."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

from msgspec import Struct, structs

from tocsin.domain.errors import Finding, Location

LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What YAML takes for the end of a line."""
LOOKED_THROUGH = 100
"""Lines of a text in which a piece of it is looked for."""


class Unreadable(Exception):
    """A node could not be read; what is wrong with it is already in the report."""


class Reference(Struct, frozen=True):
    """A name of ``kind`` (rule, list, area, …) that some place relies on; ``written`` as it stands there."""

    kind: str
    name: str
    where: Location
    written: str = ""


class Report:
    """Collects findings, declared names and references of all files of one reading."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.declared: dict[str, dict[str, Location]] = {}
        self.references: list[Reference] = []
        self.aliases: dict[str, dict[str, str]] = {}
        self._lines: dict[str, list[str]] = {}

    def open(self, path: str, text: str) -> list[str]:
        """Remember a file's lines, so that findings can show them repaired."""
        self._lines[path] = LINE_BREAK.split(text)
        return self._lines[path]

    def line(self, where: Location) -> str:
        """The line of a place as written, "" when unknown."""
        lines = self._lines.get(where.path, [])
        return lines[where.line - 1] if 0 < where.line <= len(lines) else ""

    def replaced(self, where: Location, old: str, new: str) -> str:
        """The line of ``where`` with ``old``, if it stands exactly there, replaced by ``new``; else ""."""
        line, start = self.line(where), where.column - 1
        if old and line.startswith(old, start):
            return (line[:start] + new + line[start + len(old):]).strip()
        return ""

    def find(self, where: Location, piece: str) -> Location:
        """The first place from ``where`` on, within the next lines, at which a piece stands as written; else ``where``.
        """
        lines = self._lines.get(where.path, [])
        for number in range(where.line, min(where.line + LOOKED_THROUGH, len(lines) + 1) if piece else 0):
            column = lines[number - 1].find(piece, where.column - 1 if number == where.line else 0)
            if column >= 0:
                return Location(where.path, number, column + 1)
        return where

    def error(self, where: Location, text: str, repaired: str = "") -> None:
        self.findings.append(Finding(where, text, "error", repaired))

    def warn(self, where: Location, text: str, repaired: str = "") -> None:
        self.findings.append(Finding(where, text, "warning", repaired))

    def unknown(self, where: Location, what: str, word: str, known: Iterable[str], written: str = "") -> None:
        """An error for a word that is none of the known ones, with the nearest of them and the repaired line."""
        choices = sorted(known)
        near = nearest(word, choices)
        if near:
            self.error(where, f'{what} "{word}" is unknown: did you mean "{near}"?',
                       self.replaced(where, written or word, (written or word).replace(word, near, 1)))
        elif choices:
            listed = ", ".join(choices[:12]) + (", …" if len(choices) > 12 else "")
            self.error(where, f'{what} "{word}" is unknown: known are {listed}')
        else:
            self.error(where, f'{what} "{word}" is unknown: none is declared')

    def declare(self, kind: str, name: str, where: Location) -> None:
        """Make a name known; the same name a second time is an error."""
        names = self.declared.setdefault(kind, {})
        if name in names:
            self.error(where, f'the {kind} "{name}" stands already at {names[name]}: '
                              "give one of the two another name")
        else:
            names[name] = where

    def know(self, kind: str, name: str, where: Location) -> None:
        """Make a name known that may stand at several places, such as a skill."""
        self.declared.setdefault(kind, {}).setdefault(name, where)

    def first(self, kind: str, name: str, where: Location) -> Location | None:
        """Where a name of this kind stood before; None when this is the first place."""
        at = self.declared.setdefault(kind, {}).setdefault(name, where)
        return None if at == where else at

    def refer(self, kind: str, name: str, where: Location, written: str = "") -> str:
        """Note that a place relies on a name; gives the name itself when another form of it was written."""
        if name not in self.declared.get(kind, {}):
            name = self.aliases.get(kind, {}).get(name, name)
        self.references.append(Reference(kind, name, where, written or name))
        return name

    def resolve(self) -> None:
        """Turn every reference to a name that nothing declares into an error."""
        for reference in self.references:
            known = self.declared.get(reference.kind, {})
            if reference.kind == "column" and reference.name.partition(".")[0] not in self.declared.get("list", {}):
                continue
            if reference.name not in known:
                self.unknown(reference.where, f"the {reference.kind}", reference.name,
                             [*known, *self.aliases.get(reference.kind, {})], reference.written)

    def ordered(self, level: str = "") -> tuple[Finding, ...]:
        """The findings (of one level) in file order, each once."""
        unique = dict.fromkeys(self._clamped(f) for f in self.findings if not level or f.level == level)
        return tuple(sorted(unique, key=lambda f: f.where))

    def _clamped(self, finding: Finding) -> Finding:
        """A finding inside the line as written, though it was found in the repaired one, which may be longer."""
        where, lines = finding.where, self._lines.get(finding.where.path, [])
        if not lines or not where.line:
            return finding
        line = min(where.line, len(lines))
        return structs.replace(finding, where=Location(where.path, line, min(where.column, len(lines[line - 1]) + 1)))

    @property
    def failed(self) -> bool:
        return any(finding.level == "error" for finding in self.findings)


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word most like ``word``, "" when none is near."""
    choices = list(known)
    folded = {choice.casefold(): choice for choice in choices}
    found = get_close_matches(word.casefold()[:80], folded, 1, 0.5 if len(word) <= 3 else 0.6)
    return folded[found[0]] if found else ""


def mistyped(word: str, known: Iterable[str]) -> str:
    """The known word that this one very probably was to be, "" otherwise."""
    near = nearest(word, known)
    if not near or word.startswith(near):
        return ""
    return near if sorted(word) == sorted(near) or SequenceMatcher(None, word, near).ratio() >= 0.8 else ""
