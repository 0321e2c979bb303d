"""``tocsin run``: live."""

import asyncio
import os
import signal
from functools import partial

import typer

from tocsin.app.engine import Engine
from tocsin.app.live import refuse_unfit
from tocsin.app.reload import reading_in_child
from tocsin.app.trials import try_findings
from tocsin.cli.books import read_content_of
from tocsin.cli.logs import set_up_logs
from tocsin.cli.output import CONFIG, COULD_NOT_RUN, FINE, Config, say_error
from tocsin.loop.tuning import tune
from tocsin.settings import Settings, load_settings
from tocsin.watch.systemd import Systemd


def add(app: typer.Typer) -> None:
    app.command()(run)


def run(config: Config = CONFIG) -> None:
    """Run live: real providers, real people. Refuses what is not fit for it, saying what to set."""
    set_up_logs()
    settings = load_settings(config, environ=os.environ)
    raise typer.Exit(asyncio.run(_run(settings)))


async def _run(settings: Settings) -> int:
    database = settings.storage.path
    engine = Engine(settings, "live", lambda: read_content_of(settings), try_findings,
                    fit=partial(refuse_unfit, settings),
                    reading=None if database is None else reading_in_child(settings.path, database))
    events = asyncio.get_running_loop()
    events.add_signal_handler(signal.SIGHUP, engine.reloader.ask)
    for number in (signal.SIGINT, signal.SIGTERM):
        events.add_signal_handler(number, engine.stopped.set)
    await engine.start()
    tune()
    systemd = Systemd.of(os.environ)
    systemd.ready()
    engine.tasks.keep("systemd", partial(systemd.beat, engine.clock, lambda: engine.loop.fatal is None))
    await engine.stopped.wait()
    systemd.stopping()
    failed = engine.loop.fatal
    await engine.stop()
    if failed is not None:
        say_error(f"The engine stopped itself and must be started again (it goes on from what is stored): {failed}")
        return COULD_NOT_RUN
    return FINE
