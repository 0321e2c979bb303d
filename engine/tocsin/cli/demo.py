"""``tocsin demo``: five minutes of a city at speed, then who was told what, then the proof of the journal."""

import asyncio
import logging
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from tocsin.app.engine import Engine
from tocsin.app.practice import enrol, practice_settings
from tocsin.app.story import Story
from tocsin.app.trials import try_findings
from tocsin.cli.books import read_content_of
from tocsin.cli.init import write_home
from tocsin.cli.logs import set_up_logs
from tocsin.cli.output import FINE, FOUND
from tocsin.cli.ports import free_port
from tocsin.clock import QuickClock
from tocsin.delivery.say import say_of
from tocsin.emulators.mailboxes import Emulators
from tocsin.reports.timeline import timeline, timeline_text
from tocsin.settings import load_settings
from tocsin.store.verify import verify


def add(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    speed: Annotated[int, typer.Option("--speed", help="How many times as fast as real time.", min=1, max=60)] = 15,
) -> None:
    """Watch alarms travel from event to answered incident, on this machine alone."""
    set_up_logs(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-") as folder:
        home = Path(folder) / "city"
        write_home(home)
        ok = asyncio.run(_demo(home, speed))
    raise typer.Exit(FINE if ok else FOUND)


async def _demo(home: Path, speed: int) -> bool:
    settings = load_settings(home / "config.yaml", environ={}, require_secrets=False)
    async with Emulators() as emulators:
        own = practice_settings(settings, emulators, port=free_port(), database="demo.db")
        emulators.sms.state.incoming_url = f"{own.http.public_url}/v1/channels/sms/inbound"
        engine = Engine(own, "practice", lambda: read_content_of(own), try_findings, clock=QuickClock(speed))
        enrol(emulators, engine.start_book.book.content)
        await engine.start()
        typer.echo(f"PRACTICE. Five minutes of a city, {speed} times as fast. What happens there:")
        story = Story(engine, emulators, typer.echo)
        try:
            await story.play()
            story.judge()
        finally:
            with engine.store.reading() as connection:
                told = timeline_text(timeline(connection, engine.loop.book.content, say_of), own.site.time_zone)
            typer.echo(f"\nWho was told what, by which channel, and who answered:\n{told}\n")
            await engine.stop()
    path = own.storage.path
    assert path is not None
    verdict = await asyncio.to_thread(verify, path)
    typer.echo(f"verify: {'the journal proves it' if verdict.ok else 'FAILED'}: {verdict.rows} inputs, "
               f"{verdict.derived} derived again" + "".join(f"\n  {finding}" for finding in verdict.findings))
    return bool(verdict.ok)
