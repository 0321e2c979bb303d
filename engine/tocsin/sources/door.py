"""The doors: which token lets which source in, and what holds for it."""

import hmac
from collections.abc import Callable, Iterable
from hashlib import sha256

from msgspec import Struct

from tocsin.domain.errors import SettingsError
from tocsin.ports import Clock
from tocsin.sources.config import SourceConfig
from tocsin.sources.normal import Areas, Normaliser, no_areas
from tocsin.sources.quota import Quota
from tocsin.sources.report import Report


class Door(Struct, frozen=True):
    """One source that comes in over HTTP."""

    source: str
    kind: str
    normaliser: Normaliser
    quota: Quota


class Doors:
    """Finds the door that a token opens. Knowing the stored hashes opens none."""

    def __init__(self, doors: Iterable[tuple[str, Door]]) -> None:
        self._by_hash: dict[bytes, Door] = {}
        for token_hash, door in doors:
            other = self._by_hash.setdefault(bytes.fromhex(token_hash), door)
            if other is not door:
                raise SettingsError(f"the sources {other.source} and {door.source} have the same token: "
                                    f"make one with `tocsin token new {door.source}`")

    def find(self, token: bytes) -> Door | None:
        """The door of the token; None when it opens none. What is looked up is a hash, so that the time taken tells
        nothing about a token; the comparison itself is constant-time.
        """
        wanted = sha256(token).digest()
        for kept, door in self._by_hash.items():
            if hmac.compare_digest(kept, wanted):
                return door
        return None

    def has(self, token_hash: str) -> bool:
        """Whether a source's token has this hash."""
        return bytes.fromhex(token_hash) in self._by_hash


def open_doors(configs: Iterable[SourceConfig], clock: Clock, report: Report, areas: Areas = no_areas, *,
               fresh_id: Callable[[], str] | None = None) -> Doors:
    """Doors for the sources that have a token."""
    extra = {} if fresh_id is None else {"fresh_id": fresh_id}
    return Doors(
        (config.token_hash,
         Door(config.name, config.kind,
              Normaliser(config.name, buffers=config.buffers, areas=areas, report=report, **extra),
              Quota(config.allowance, clock.monotonic)))
        for config in configs if config.token_hash)
