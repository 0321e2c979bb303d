"""``tocsin enrol``: a link by which a person proves their Telegram account, and who is reached there how."""

import asyncio
from difflib import get_close_matches
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer
from sqlalchemy import text

from tocsin.app.ways_out import open_channels
from tocsin.book.book import Content
from tocsin.book.contacts import Person
from tocsin.cli.books import read_site
from tocsin.cli.output import CONFIG, AsJson, Config, say_error, say_json
from tocsin.cli.stores import open_reader
from tocsin.clock import SystemClock
from tocsin.delivery.codes import START_VALID, start_token
from tocsin.domain.errors import DeliveryError, SettingsError, TocsinError
from tocsin.domain.notification import Address
from tocsin.domain.time import format_instant
from tocsin.reports.rosters import minute
from tocsin.settings import Settings, foreign_endpoints
from tocsin.store.reader import Reader

_ADDRESSES = text("SELECT body FROM addresses WHERE channel = 'telegram'")


def add(app: typer.Typer) -> None:
    app.command()(enrol)


def enrol(
    person: Annotated[str, typer.Argument(help="The person, as named in contacts/people.yaml; without one everybody is "
                                               "listed.")] = "",
    config: Config = CONFIG, as_json: AsJson = False,
) -> None:
    """Print a link, good once and for a day, that makes the Telegram account which opens it this person's."""
    settings, content, _ = read_site(config, require_secrets=bool(person))
    with open_reader(config) as store:
        if not person:
            _list(store, content, as_json=as_json)
            return
        _check(person, settings, content)
        now = SystemClock().now()
        token = start_token(store.secret(), person, now)
    name, until = asyncio.run(_bot(settings)), minute(now + START_VALID, ZoneInfo(content.site.time_zone))
    link = f"https://t.me/{name}?start={token}" if name else ""
    if as_json:
        say_json({"person": person, "link": link or None, "start": f"/start {token}",
                  "until": format_instant(now + START_VALID)})
        return
    typer.echo(link or f"/start {token}")
    what = "The link" if link else "What to write to the bot"
    say_error(f"{what} for {content.people[person].name}: good once, until {until}. Give it to nobody else: whoever "
              "uses it gets their messages.")


def _check(person: str, settings: Settings, content: Content) -> None:
    if person not in content.people:
        near = get_close_matches(person, content.people, 1)
        raise TocsinError(f'there is no person "{person}" in contacts/people.yaml'
                          + (f': did you mean "{near[0]}"?' if near else ""))
    if settings.channels.telegram is None:
        raise SettingsError(f"there is no bot to enrol with: set channels.telegram in {settings.path}")
    if "telegram" in content.people[person].addresses:
        raise TocsinError(f"{content.people[person].name} has telegram: in contacts/people.yaml, which holds: take it "
                          "out first if another account is to be enrolled")
    if foreign := foreign_endpoints(settings):
        raise SettingsError(f"{', '.join(foreign)} is not the provider's own address: remove api_base, or list its "
                            f"host under allow_endpoint in {settings.path}")


async def _bot(settings: Settings) -> str:
    """The bot's name, by asking Telegram; "" when it cannot be asked, which is said."""
    channel = open_channels(settings, SystemClock(), public_url="")["telegram"]
    try:
        return await channel.check()  # type: ignore[attr-defined,no-any-return]  # of this channel alone
    except DeliveryError as error:
        say_error(f"The bot's name is not known, so there is no link: {error}")
        return ""
    finally:
        await channel.close()


def _list(store: Reader, content: Content, *, as_json: bool) -> None:
    with store.reading() as connection:
        decode = msgspec.json.Decoder(Address).decode
        known = {one.person: one for body, in connection.execute(_ADDRESSES) if (one := decode(body))}
    zone = ZoneInfo(content.site.time_zone)
    for person in content.people.values():
        state, since, off = _state(person, known.get(person.id))
        if as_json:
            say_json({"person": person.id, "telegram": state, "since": format_instant(since) if since else None,
                      "off": off or None})
        else:
            when = f" since {minute(since, zone)}" if since else ""
            typer.echo(f"{person.id} ({person.name}): {state}{when}" + (f", switched off: {off}" if off else ""))


def _state(person: Person, known: Address | None) -> tuple[str, int, str]:
    """How a person is reached by Telegram: the word, since when they are enrolled, why it is switched off."""
    off = known.off if known is not None else ""
    if "telegram" in person.addresses:
        return "in the contacts", 0, off
    if known is not None and known.instead_of(""):
        return "enrolled", known.enrolled, off
    return "not enrolled", 0, ""
