"""``tocsin practice``: engine and emulated providers on this machine, until stopped."""

import asyncio
import signal
from typing import Annotated

import typer

from tocsin.app.engine import Engine
from tocsin.app.practice import enrol, practice_settings, tokens_of
from tocsin.app.reload import reading_in_child
from tocsin.app.trials import try_findings
from tocsin.cli.books import read_content_of
from tocsin.cli.logs import set_up_logs
from tocsin.cli.output import CONFIG, FINE, Config
from tocsin.emulators.mailboxes import Emulators
from tocsin.settings import Settings, load_settings


def add(app: typer.Typer) -> None:
    app.command()(practice)


def practice(
    config: Config = CONFIG,
    port: Annotated[int, typer.Option("--port", help="Where the engine listens on 127.0.0.1.")] = 8080,
    page_port: Annotated[int, typer.Option("--page-port", help="Where the page with the mailboxes is.")] = 8081,
) -> None:
    """Run the engine beside emulated providers: send events by curl, answer from a page; nothing leaves the machine."""
    set_up_logs()
    settings = load_settings(config, environ={}, require_secrets=False)
    asyncio.run(_practice(settings, port, page_port))
    raise typer.Exit(FINE)


async def _practice(settings: Settings, port: int, page_port: int) -> None:
    async with Emulators(page_port=page_port) as emulators:
        own = practice_settings(settings, emulators, port=port)
        emulators.sms.state.incoming_url = f"{own.http.public_url}/v1/channels/sms/inbound"
        database = own.storage.path
        engine = Engine(own, "practice", lambda: read_content_of(own), try_findings,
                        reading=None if database is None else reading_in_child(own.path, database))
        enrol(emulators, engine.start_book.book.content)
        engine.on_book.append(lambda book: enrol(emulators, book.content))
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, engine.reloader.ask)
        await engine.start()
        _say(own, emulators.urls.page)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, engine.stopped.set)
        await engine.stopped.wait()
        await engine.stop()


def _say(settings: Settings, page: str) -> None:
    token = next(iter(tokens_of(settings).values()), "practice")
    typer.echo("PRACTICE: nothing leaves this machine.\n"
               f"Mailboxes (press buttons, reply, open links):  {page}\n"
               "Raise an alarm from another terminal:\n"
               f'  curl -H "Authorization: Bearer {token}" -H "Content-Type: application/json" '
               f"{settings.http.public_url}/v1/events \\\n"
               """       -d '{"type": "alarm.panic", "site": "school-12", "device": "btn-4"}'\n"""
               "Then, from another terminal:  tocsin explain 1 --practice\n"
               f"Silence a rule:  tocsin silence add --practice --url {settings.http.public_url} --rule panic-button "
               '--for "10 min" --reason exercise\n'
               "Stop with Ctrl-C.")
