"""Reading a site's store for a command."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tocsin.domain.errors import SettingsError
from tocsin.settings import load_settings
from tocsin.store.reader import Reader


def store_path(config: Path) -> Path:
    """Where the store of this site lies."""
    path = load_settings(config, environ=os.environ, require_secrets=False).storage.path
    if path is None:
        raise SettingsError(f"This command needs a SQLite store: set storage.url in {config}.")
    return path


@contextmanager
def open_reader(config: Path) -> Iterator[Reader]:
    """The store of this site, for reading; the engine may be running."""
    reader = Reader(store_path(config))
    try:
        yield reader
    finally:
        reader.close()
