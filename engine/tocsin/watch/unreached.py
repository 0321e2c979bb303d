"""Incidents of which nobody could be told, not even by the last resort."""

from sqlalchemy import text

from tocsin.domain.codec import decode_incident
from tocsin.domain.drill import is_drill
from tocsin.watch.auditor import Reading

_TEXT = text("SELECT body FROM incidents WHERE live = 1 AND response = 'unanswered' "
             "AND CAST(body AS TEXT) LIKE :said ORDER BY id")


def unreached(reading: Reading) -> list[str]:
    """A sentence for each of them; [] when somebody could be asked about every incident."""
    with reading() as connection:
        found = [decode_incident(body) for body, in connection.execute(_TEXT, {"said": '%"unreached":true%'})]
    return [f"nobody could be told of incident {one.id} ({one.rule}), not even by the last resort: call the people on "
            "duty" for one in found if one.unreached and not is_drill(one.rule)]
