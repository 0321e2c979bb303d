"""The child process of a reload: reads, checks and tests the files, and prints the content or what is wrong.

In a thread of the engine, reading a thousand rules made its event loop 113 ms late; here it costs it nothing.
"""

import os
import sys
from pathlib import Path

import msgspec
from msgspec import Struct

from tocsin.app.trials import try_findings
from tocsin.book.book import Content
from tocsin.book.content import read_content
from tocsin.domain.errors import BookError, Finding, Location, SettingsError
from tocsin.settings import load_settings


class Read(Struct, frozen=True):
    """What the child says: a content that is fit, or the findings that speak against it."""

    content: Content | None
    findings: tuple[Finding, ...] = ()


def read(config: Path) -> Read:
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


def main() -> None:
    """``python -m tocsin.app.child CONFIG``."""
    sys.stdout.buffer.write(msgspec.json.encode(read(Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
