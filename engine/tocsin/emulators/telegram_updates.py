"""The queue behind getUpdates, with the confirmation and conflict rules of the Bot API's document."""

from typing import Any

from tocsin.emulators.bell import Bell

DEFAULT_LIMIT = 100
LONGEST_POLL = 50


class PollConflict(Exception):
    """Another getUpdates, or a webhook, has the updates; the message is Telegram's."""


class UpdateQueue:
    """Updates that wait to be confirmed; one poller at a time."""

    def __init__(self) -> None:
        self.bell = Bell()
        self.waiting: list[dict[str, Any]] = []
        self.confirmed: list[int] = []
        self.allowed: list[str] | None = None
        self.webhook = ""
        self.polls = 0
        self._next_id = 1_000
        self._poll = 0
        self._closed = False

    def put(self, kind: str, content: dict[str, Any]) -> int | None:
        """Queue an update of this kind; None when the bot has not allowed the kind."""
        if self.allowed and kind not in self.allowed:
            return None
        update_id = self._next_id
        self._next_id += 1
        self.waiting.append({"update_id": update_id, kind: content})
        self.bell.ring()
        return update_id

    async def get(
        self, offset: int | None, limit: int, timeout: int, allowed: list[str] | None
    ) -> list[dict[str, Any]]:
        """Confirm everything below ``offset``, then return the rest, waiting up to ``timeout`` seconds.

        A negative offset forgets all but the last ``-offset`` updates. ``limit`` outside 1–100 means 100.
        Raises ``PollConflict`` when a webhook is set or when a newer getUpdates takes over.
        """
        if self.webhook:
            raise PollConflict(
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first"
            )
        if allowed is not None:
            self.allowed = allowed
        self._poll += 1
        self.polls += 1
        mine = self._poll
        self.bell.ring()
        self._confirm(offset)
        if not 1 <= limit <= DEFAULT_LIMIT:
            limit = DEFAULT_LIMIT
        if timeout > 0 and not self.waiting:
            await self.bell.wait_for(
                lambda: bool(self.waiting) or self._poll != mine or self._closed, min(timeout, LONGEST_POLL)
            )
        if self._poll != mine:
            raise PollConflict(
                "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
            )
        return self.waiting[:limit]

    def _confirm(self, offset: int | None) -> None:
        if not offset:
            return
        if offset < 0:
            kept = self.waiting[offset:]
        else:
            kept = [update for update in self.waiting if update["update_id"] >= offset]
        self.confirmed += [update["update_id"] for update in self.waiting[: len(self.waiting) - len(kept)]]
        self.waiting = kept
        self.bell.ring()

    def forget(self) -> None:
        """Drop everything that waits, unconfirmed."""
        self.waiting = []

    def close(self) -> None:
        """Let every poller go home with nothing."""
        self._closed = True
        self.bell.ring()

    def open(self) -> None:
        """Undo ``close``."""
        self._closed = False
