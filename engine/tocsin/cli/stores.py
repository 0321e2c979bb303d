"""Reading a site's store for a command."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from tocsin.domain.errors import SettingsError
from tocsin.settings import load_settings
from tocsin.store.reader import Reader

Practice = Annotated[bool, typer.Option("--practice", help="The store of `tocsin practice` instead of the live one.")]


def store_path(config: Path, *, practice: bool = False) -> Path:
    """Where the store of this site lies, or the one that its practice has of its own."""
    path = load_settings(config, environ=os.environ, require_secrets=False).storage.path
    if practice:
        return config.resolve().parent / "var" / "practice.db"
    if path is None:
        raise SettingsError(f"This command needs a SQLite store: set storage.url in {config}.")
    return path


@contextmanager
def open_reader(config: Path, *, practice: bool = False) -> Iterator[Reader]:
    """The store of this site, for reading; the engine may be running."""
    reader = Reader(store_path(config, practice=practice))
    try:
        yield reader
    finally:
        reader.close()
