"""Numbered changes of the tables (Alembic); applied when a store is opened for writing, in one transaction."""

from pathlib import Path

from sqlalchemy import Connection

HEAD = "0006"
"""The newest revision, which ``tables.py`` describes. Revisions are numbers of four digits in their order."""


def migrate(connection: Connection) -> None:
    """Bring the tables to HEAD inside the caller's transaction.

    Alembic is imported here only: a store that is already at HEAD starts without it (0.16 s).
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
