"""What is computed before an input's turn, beside the commits: hits, the encoded body, the identity."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from tocsin.book.book import Book
from tocsin.domain.codec import encode
from tocsin.domain.event import Event
from tocsin.domain.identity import UNTIMED, identity, name_hash, recognised
from tocsin.domain.input import Arrival, Input
from tocsin.loop.lanes import Prepared
from tocsin.loop.poison import described
from tocsin.loop.recent import Recent
from tocsin.ports import Matcher
from tocsin.rules.catalogue import Convert, unchanged


class Force(Struct, frozen=True):
    """The rule book in force, what it means to the core, the matcher made for it, and what it makes of events."""

    book: Book
    meaning: object
    matcher: Matcher
    convert: Convert = unchanged


def prepare_events(events: Sequence[Event], force: Force, recent: Recent, now: int) -> list[Prepared]:
    """Events matched under the book in force, and looked up in what came before."""
    sames = [identity(event) + name_hash(event)[:8] + (UNTIMED if event.untimed else b"\0") for event in events]
    archived = recent.archived
    screened = recent.screen(sames, now)
    prepared = [matched(event, force, same, archived=archived) for event, same in zip(events, sames, strict=True)]
    if not screened:
        return prepared
    return [replace(one, before=before, named=named) if before or named else one
            for one, (before, named) in zip(prepared, screened, strict=True)]


def matched(event: Event, force: Force, same: bytes, *, conflict: bool = False, archived: int = -1) -> Prepared:
    """The event as the book has it, with its hits; one that cannot be matched is an input that cannot be stepped."""
    fault = ""
    try:
        event = force.convert(event)
        hits = force.matcher.match(event)
    except Exception as error:  # noqa: BLE001 - one event that breaks the matcher must not stop the others
        hits, fault = (), described(error)
    item = Arrival(event, hits, force.book.number, conflict)
    return Prepared(item, "arrival", encode(item), same, fault, 0, False, archived)


def prepare(item: Input) -> Prepared:
    """Any other input."""
    return Prepared(item, item.__struct_config__.tag, encode(item), recognised(item))  # type: ignore[arg-type]  # tags are texts
