"""Incidents of which nobody could be told, not even by the last resort."""

from tocsin.delivery.statement import Reading, rows
from tocsin.domain.codec import decode_incident

_TEXT = ("SELECT body FROM incidents WHERE live = 1 AND response = 'unanswered' "
         "AND CAST(body AS TEXT) LIKE '%\"unreached\":true%' ORDER BY id")


def unreached(reading: Reading) -> list[str]:
    """A sentence for each of them; [] when somebody could be asked about every incident."""
    with reading() as connection:
        found = [decode_incident(body) for body, in rows(connection, _TEXT)]
    return [f"nobody could be told of incident {one.id} ({one.rule}), not even by the last resort: call the people on "
            "duty" for one in found if one.unreached]
