"""Channels from the settings: each module of tocsin_channels exports CHANNEL, and config.yaml says which are used."""

from importlib import import_module

from tocsin.ports import Channel, Clock
from tocsin.settings import Settings

MODULES = {"telegram": "telegram", "sms": "sms_twilio", "email": "email_smtp"}
"""The module of tocsin_channels behind each word under ``channels:`` of config.yaml."""


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
