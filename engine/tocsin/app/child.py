"""The child process of a reload: reads, checks and tests the files, and makes anew what changed rules remember.

In a thread of the engine, reading a thousand rules made its event loop 113 ms late; here it costs it nothing. What it
says is a line of JSON with a Read, then a line with each Rebuilt.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from tocsin.app.quiet import when_quiet
from tocsin.app.trials import try_findings
from tocsin.book.book import Content, number_book
from tocsin.book.content import read_content
from tocsin.clock import SystemClock
from tocsin.domain.errors import BookError, Finding, Location, SettingsError
from tocsin.domain.input import Rebuilt
from tocsin.loop.rebuilding import rebuild
from tocsin.matching.index import IndexMatcher
from tocsin.rules.changed import changed_rules
from tocsin.rules.meaning import Meaning
from tocsin.rules.tables import Tables
from tocsin.settings import load_settings
from tocsin.store.history import History
from tocsin.store.reader import Reader

PARTS = ("rules", "contacts", "templates")
"""The folders of a home that make a book."""
NICE = 5


class Read(Struct, frozen=True):
    """What the child says: a content that is fit, or the findings that speak against it.

    ``changed`` are the rules that mean something else than in the book in force; what they remember, given behind it,
    is made of the journal from the instant ``since`` up to ``position``.
    """

    content: Content | None
    findings: tuple[Finding, ...] = ()
    changed: tuple[str, ...] = ()
    since: int = 0
    position: int = 0


def read_fit(config: Path) -> Read:
    """Read everything beside a config.yaml and run the rule tests."""
    try:
        settings = load_settings(config, environ=os.environ, require_secrets=False)
        content, _ = read_content(settings.home, settings)
    except BookError as error:
        return Read(None, error.findings)
    except SettingsError as error:
        return Read(None, error.findings or (Finding(Location(str(config)), str(error)),))
    failing = try_findings(content)
    return Read(None, failing) if failing else Read(content)


def made_anew(content: Content, database: Path, now: int) -> tuple[Read, tuple[Rebuilt, ...]]:
    """The content with what its changed rules remember of the journal in ``database``."""
    reader = Reader(database)
    try:
        held = reader.book()
        changed = changed_rules(held.content, content) if held is not None else ()
        if held is None or not changed:
            return Read(content), ()
        matcher = IndexMatcher([rule for rule in content.rules if rule.id in changed], Tables.of(content))
        made = rebuild(History(reader.reading), Meaning(number_book(held.number + 1, content)), changed, matcher, now)
        return Read(content, (), changed, made.since, made.position), made.result()
    finally:
        reader.close()


async def answer(config: Path, database: Path, out: BinaryIO) -> None:
    """Wait until nobody writes the files any more, and say what they are."""
    clock = SystemClock()
    said = await when_quiet(config.parent, PARTS, lambda: read_fit(config), clock.sleep)
    rebuilt: tuple[Rebuilt, ...] = ()
    if isinstance(said, Finding):
        said = Read(None, (said,))
    elif said.content is not None:
        said, rebuilt = made_anew(said.content, database, clock.now())
    for one in (said, *rebuilt):
        out.write(msgspec.json.encode(one) + b"\n")


def main() -> None:
    """``python -m tocsin.app.child CONFIG DATABASE``."""
    signal.signal(signal.SIGIO, signal.SIG_IGN)  # a writer who comes while we look must not end us
    os.nice(NICE)
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever else is printed is no answer
    with out:
        asyncio.run(answer(Path(sys.argv[1]), Path(sys.argv[2]), out))


if __name__ == "__main__":
    main()
