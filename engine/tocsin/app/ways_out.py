"""Ways out: the channels of the settings, each with a worker that sends, and the desk where answers come in.

Each module of tocsin_channels exports CHANNEL; config.yaml says which are used.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module

from tocsin.app.tasks import Tasks
from tocsin.clock import EngineClock
from tocsin.delivery.answer_page import AnswerPage
from tocsin.delivery.inbound import InboundDesk
from tocsin.delivery.render import Renderer, Site
from tocsin.delivery.sender import Report
from tocsin.delivery.shelf import Shelf
from tocsin.delivery.worker import Worker
from tocsin.domain.change import Change
from tocsin.loop import Loop
from tocsin.ports import Channel, Clock
from tocsin.settings import Settings
from tocsin.store.store import Store

MODULES = {"telegram": "telegram", "sms": "sms_twilio", "email": "email_smtp", "webhook": "webhook"}
"""The module of tocsin_channels behind each word under ``channels:`` of config.yaml."""

SENDING = "send-"
"""What the names of the tasks that send begin with; the channel's name follows."""


def open_channels(settings: Settings, clock: Clock, public_url: str) -> dict[str, Channel]:
    """The configured channels by name; none of them needs the network to open."""
    channels: dict[str, Channel] = {}
    for name, module in MODULES.items():
        own = getattr(settings.channels, name)
        if own is not None:
            kind = import_module(f"tocsin_channels.{module}").CHANNEL
            channels[name] = kind(kind.Settings.model_validate(own, from_attributes=True), clock=clock,
                                  public_url=public_url)
    return channels


class WaysOut:
    """``desk`` takes what people send back through a channel, ``page`` what they answer on the page of an e-mail."""

    def __init__(self, channels: Mapping[str, Channel], site: Site, store: Store, loop: Loop, tasks: Tasks,
                 clock: EngineClock, report: Report) -> None:
        self._channels, self._loop, self._tasks, self._clock = channels, loop, tasks, clock
        shelf = Shelf(lambda: loop.book, store.book)
        renderer = Renderer(site, lambda place, why: report(place, f"{place}: {why}"))
        self._workers = {
            name: Worker(channel, clock=clock, reading=store.reading, run_work=loop.run_work, submit=loop.submit,
                         shelf=shelf, site=site, renderer=renderer, report=report)
            for name, channel in channels.items()}
        self.desk = InboundDesk(clock=clock, reading=store.reading, run_work=loop.run_work, submit=loop.submit,
                                shelf=shelf, secret=site.secret)
        self.page = AnswerPage(clock=clock, reading=store.reading, shelf=shelf, secret=site.secret, desk=self.desk,
                               practice=site.practice)

    def send(self) -> None:
        """Let messages leave from now on."""
        for name, worker in self._workers.items():
            self._clock.join(worker)
            self._tasks.keep(SENDING + name, worker.run)
        self._loop.on_outbox(self._wake)

    def listen(self) -> None:
        """Let answers in from now on; overdue escalations wait until those that had been given were taken."""
        for name, channel in self._channels.items():
            self._tasks.keep(f"listen-{name}", partial(channel.listen, self.desk))
        self._tasks.keep("caught-up", self._caught_up)

    async def close(self) -> None:
        for channel in self._channels.values():
            await channel.close()

    async def _caught_up(self) -> None:
        for channel in self._channels.values():
            await channel.caught_up()
        self._loop.inbound_polled()

    def _wake(self, changes: Sequence[Change]) -> None:
        for worker in self._workers.values():
            worker.wake(changes)
