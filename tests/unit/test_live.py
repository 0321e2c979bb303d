"""What live mode refuses before anything is opened."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from tocsin.app.live import refuse_unfit
from tocsin.book.book import Content
from tocsin.book.contacts import LastResort, Person, Policy, Service, Target
from tocsin.domain.errors import SettingsError
from tocsin.domain.time import MINUTE
from tocsin.settings import Channels, Settings, Telegram, Webhook

DISPATCH = Person(id="dispatch", name="Dispatch", addresses={"webhook": "https://dispatch.example.org/alarms?token=7f3a"})
CONTENT = Content(people={"dispatch": DISPATCH},
                  policies={"police": Policy(id="police", steps=(),
                                             last_resort=LastResort((Target("person", "dispatch"),), 5 * MINUTE))})


def site(*hosts: str, channels: Channels | None = None) -> Settings:
    webhook = Channels(webhook=Webhook(secret=SecretStr("a-secret-of-enough-letters")))
    return Settings(path=Path("config.yaml"), channels=channels or webhook, allow_endpoint=hosts)


def test_a_webhook_whose_host_is_not_listed_is_refused() -> None:
    """Contacts alone cannot turn messages to a host that config.yaml does not name; the address stays secret."""
    with pytest.raises(SettingsError, match=r"dispatch\.example\.org.*allow_endpoint") as caught:
        refuse_unfit(site(), CONTENT)
    assert "7f3a" not in str(caught.value)
    refuse_unfit(site("dispatch.example.org"), CONTENT)


def test_without_any_channel_nothing_may_run() -> None:
    """The sentence says what to set."""
    with pytest.raises(SettingsError, match=r"no channel is configured: set channels\.telegram"):
        refuse_unfit(site(channels=Channels()), CONTENT)


def test_a_last_resort_without_a_usable_channel_is_refused() -> None:
    """A webhook address is of no use to a site that has not set channels.webhook."""
    by_mail = Person(id="dispatch", name="Dispatch", addresses={"email": "d@example.org"})
    with pytest.raises(SettingsError, match="the last resort of the policy police reaches nobody"):
        refuse_unfit(site(), Content(people={"dispatch": by_mail}, policies=CONTENT.policies))


def test_a_group_is_a_usable_last_resort_unless_its_channel_must_carry_nothing() -> None:
    """Telegram is set up, and the duty office is a group alone."""
    bot = Channels(telegram=Telegram(token=SecretStr("1:token")))
    policies = {"police": Policy(id="police", steps=(),
                                 last_resort=LastResort((Target("service", "duty"),), 5 * MINUTE))}
    duty = Service(id="duty", name="Duty", group_chat="-100500")
    refuse_unfit(site(channels=bot), Content(services={"duty": duty}, policies=policies))
    closed = replace(duty, channels={"telegram": {"content": "none"}})
    with pytest.raises(SettingsError, match="the last resort of the policy police reaches nobody"):
        refuse_unfit(site(channels=bot), Content(services={"duty": closed}, policies=policies))
