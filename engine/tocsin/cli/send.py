"""``tocsin send-test``: a message marked as a test to one person, by each of their channels, and what came of it."""

import asyncio
import html
from typing import Annotated

import typer

from tocsin.app.ways_out import open_channels
from tocsin.book.contacts import Person
from tocsin.cli.books import read_site
from tocsin.cli.output import CONFIG, FINE, FOUND, AsJson, Config, say_error, say_json
from tocsin.clock import SystemClock
from tocsin.domain.errors import DeliveryError, PermanentDeliveryError, SettingsError, TocsinError, UnknownDeliveryError
from tocsin.ports import Channel, Clock, Outgoing, Rendered
from tocsin.settings import Settings, foreign_endpoints

_TEXTS = {
    "uk": "ТЕСТ системи оповіщення, {site}. Відповідати не треба.",
    "ru": "ТЕСТ системы оповещения, {site}. Отвечать не нужно.",
    "en": "TEST of the notification system, {site}. No answer is needed.",
}


def add(app: typer.Typer) -> None:
    app.command("send-test")(send_test)


def send_test(
    to: Annotated[str, typer.Option("--to", help="The person, as named in contacts/people.yaml.")],
    config: Config = CONFIG,
    channel: Annotated[str | None, typer.Option("--channel", help="Only this channel: telegram, sms or email.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send a test message through every channel of a person, and print what each provider answered."""
    settings, content, _ = read_site(config, require_secrets=True)
    if to not in content.people:
        raise TocsinError(f'--to: nobody is called "{to}" in contacts/people.yaml')
    if foreign := foreign_endpoints(settings):
        raise SettingsError(f"{', '.join(foreign)} is not the provider's own address: remove api_base, or list its "
                            f"host under allow_endpoint in {config}")
    results = asyncio.run(_send(settings, content.people[to], channel))
    for name, outcome, said in results:
        if as_json:
            say_json({"person": to, "channel": name, "outcome": outcome, "said": said})
        else:
            typer.echo(f"{name}: {outcome}{f' ({said})' if said else ''}")
    if not results:
        say_error(f"{content.people[to].name} has no address for a channel that is set up: see contacts/people.yaml "
                  f"and channels: in {config}.")
    raise typer.Exit(FINE if results and all(outcome == "handed over" for _, outcome, _ in results) else FOUND)


async def _send(settings: Settings, person: Person, only: str | None) -> list[tuple[str, str, str]]:
    """(channel, outcome, what the provider said), one channel after the other."""
    clock = SystemClock()
    channels = open_channels(settings, clock, public_url="")
    try:
        return [(name, *await _try(channel, person, settings.site.name, clock)) for name, channel in channels.items()
                if name in person.addresses and only in (None, name)]
    finally:
        for channel in channels.values():
            await channel.close()


async def _try(channel: Channel, person: Person, site: str, clock: Clock) -> tuple[str, str]:
    text = _TEXTS.get(person.language, _TEXTS["en"]).format(site=site)
    shown = html.escape(text, quote=False) if channel.name == "telegram" else text
    try:
        handed = await channel.send(Outgoing(0, 1, person.addresses[channel.name], Rendered(shown, subject=text),
                                             message_id=f"test-{person.id}-{clock.now()}"))
    except PermanentDeliveryError as error:
        return "refused", str(error)
    except UnknownDeliveryError as error:
        return "unknown", str(error)
    except DeliveryError as error:
        return "failed", str(error)
    return "handed over", handed.provider_id
