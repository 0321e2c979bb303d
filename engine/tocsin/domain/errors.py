"""Errors are sentences to the person who can act; all share one root."""

from msgspec import Struct


class TocsinError(Exception):
    """Something in Tocsin could not be done; the text says what to do about it."""


class Location(Struct, frozen=True, order=True):
    """A place in a file that a person wrote; line and column count from 1."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path


class Finding(Struct, frozen=True):
    """One thing wrong (``error``) or doubtful (``warning``) in the files, with its way out."""

    where: Location
    text: str
    level: str = "error"
    repaired: str = ""

    def __str__(self) -> str:
        tail = f"\n    {self.repaired}" if self.repaired else ""
        return f"{self.where}: {self.level}: {self.text}{tail}"


class BookError(TocsinError):
    """The files cannot become a rule book; ``findings`` holds every reason, in file order."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        super().__init__("\n".join(str(finding) for finding in findings))


class SettingsError(TocsinError):
    """config.yaml, or a secret that it names, cannot be used; ``findings`` when the file was read."""

    def __init__(self, text: str, findings: tuple[Finding, ...] = ()) -> None:
        self.findings = findings
        super().__init__(text)


class StoreError(TocsinError):
    """The store cannot be used or has refused a commit; nothing unconfirmed was lost. ``full``: for want of room."""

    def __init__(self, text: str, *, full: bool = False) -> None:
        self.full = full
        super().__init__(text)


class EventError(TocsinError):
    """One inbound item is not an event; the text names the field and what it should be."""


class DeliveryError(TocsinError):
    """A channel did not hand a message over; see the three kinds below.

    ``away`` when the provider has not answered at all, so that any other message would have fared alike.
    """

    def __init__(self, text: str, *, code: str = "", away: bool = False) -> None:
        self.code = code
        self.away = away
        super().__init__(text)


class PermanentDeliveryError(DeliveryError):
    """Trying this address again cannot help; ``address_dead`` when no message will reach it."""

    def __init__(self, text: str, *, code: str = "", address_dead: bool = False, moved_to: str = "") -> None:
        self.address_dead = address_dead
        self.moved_to = moved_to
        super().__init__(text, code=code)


class TemporaryDeliveryError(DeliveryError):
    """Trying again may help; ``retry_after`` is microseconds to wait, None when the provider named none."""

    def __init__(self, text: str, *, code: str = "", retry_after: int | None = None, away: bool = False) -> None:
        self.retry_after = retry_after
        super().__init__(text, code=code, away=away)


class UnknownDeliveryError(DeliveryError):
    """The provider may or may not have taken the message: neither sent nor failed."""


class StoreBusyError(StoreError):
    """The store cannot be used just now (locked, too much is waiting): nothing was done, try again."""


class StoreRefusedError(StoreError):
    """The store refused a commit because of what it holds; other content is not affected."""
