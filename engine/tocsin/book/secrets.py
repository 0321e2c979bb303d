"""``${NAME}`` in the values of config.yaml: filled from the environment or from a folder of secret files."""

import re
from collections.abc import Mapping as Map
from pathlib import Path

from tocsin.book.node import Mapping, Node, Scalar, Sequence
from tocsin.book.report import Report

FOLDER_VARIABLE = "TOCSIN_SECRETS"
DEFAULT_FOLDER = Path("/run/secrets")
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Secrets:
    """Looks names up in ``environ`` first, then as files of the folder that TOCSIN_SECRETS names, else /run/secrets.

    ``missing`` collects the names that are nowhere; unless ``required`` they keep their placeholder.
    """

    def __init__(self, environ: Map[str, str], *, required: bool = True) -> None:
        self._environ, self._required = environ, required
        self._folder = Path(environ[FOLDER_VARIABLE]) if environ.get(FOLDER_VARIABLE) else DEFAULT_FOLDER
        self.missing: list[str] = []

    def fill(self, node: Node, report: Report) -> Node:
        """The tree with every placeholder of a value replaced; keys must have none."""
        if isinstance(node, Scalar):
            return self._fill_scalar(node, report)
        if isinstance(node, Sequence):
            return Sequence(tuple(self.fill(part, report) for part in node.items), node.where)
        for key, _ in node.entries:
            if "${" in key.text:
                report.error(key.where, "${…} is filled in values only, never in a key")
        return Mapping(tuple((key, self.fill(part, report)) for key, part in node.entries), node.where)

    def _fill_scalar(self, node: Scalar, report: Report) -> Scalar:
        if "${" not in node.text:
            return node

        def put(found: re.Match[str]) -> str:
            if not found[0].endswith("}") or not _NAME.fullmatch(found[1]):
                report.error(node.where, f'"{found[0]}" is no name of a secret: write ${{NAME}} with letters, digits '
                             "and _")
                return found[0]
            value = self._look_up(found[1])
            if value is None:
                if found[1] not in self.missing:
                    self.missing.append(found[1])
                if self._required:
                    report.error(node.where, f"the secret {found[1]} is not set: set the environment variable "
                                 f"{found[1]}, or write it to the file {self._folder / found[1]}")
                return found[0]
            return value

        return Scalar(_PLACEHOLDER.sub(put, node.text), node.where, False, node.comment, node.text)

    def _look_up(self, name: str) -> str | None:
        value = self._environ.get(name, "").strip()
        if value:
            return value
        try:
            return (self._folder / name).read_text("utf-8").strip() or None
        except (OSError, ValueError):
            return None
