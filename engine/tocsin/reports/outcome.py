"""What became of an action that was just committed, as noted at its position."""

from collections.abc import Collection

from sqlalchemy import Connection, text

_NOTED = text("SELECT what, detail FROM noted WHERE id > (SELECT max(id) FROM noted) - 10000 "
              "AND position = :position ORDER BY id")


def outcome_at(connection: Connection, position: int, words: Collection[str]) -> tuple[str, str]:
    """The first line noted there under one of these words, with its sentence; "nothing" when there is none."""
    for what, detail in connection.execute(_NOTED, {"position": position}):
        if what in words:
            return str(what), str(detail)
    return "nothing", f"the engine could not apply it (position {position} of the journal): see its log"
