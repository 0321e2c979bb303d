"""Telegram's sending limits: about 30 a second overall, one a second to a person, 20 a minute to a group."""

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Window:
    """At most ``most`` events in any ``seconds``."""

    most: int
    seconds: float
    times: deque[float] = field(default_factory=deque)

    def wait(self, now: float) -> float:
        """Seconds until there is room; 0 when there is."""
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()
        return 0.0 if len(self.times) < self.most else self.times[0] + self.seconds - now


@dataclass(slots=True)
class Limits:
    """The limits of one bot; Telegram publishes no exact numbers, a short burst to a person passes."""

    overall_per_second: int = 30
    private_burst: int = 3
    private_seconds: float = 3.0
    group_per_minute: int = 20
    _overall: Window | None = None
    _chats: dict[int, Window] = field(default_factory=dict)

    def refuse(self, chat_id: int, group: bool, now: float) -> int:
        """0 and counted when the message may pass, else whole seconds for ``retry_after``."""
        if self._overall is None:
            self._overall = Window(self.overall_per_second, 1.0)
        chat = self._chats.get(chat_id)
        if chat is None:
            chat = Window(self.group_per_minute, 60.0) if group else Window(self.private_burst, self.private_seconds)
            self._chats[chat_id] = chat
        wait = max(self._overall.wait(now), chat.wait(now))
        if wait > 0:
            return int(wait) + 1
        self._overall.times.append(now)
        chat.times.append(now)
        return 0
