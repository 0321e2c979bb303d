"""Practice: the whole engine beside emulated providers on this machine, with a database of its own."""

from collections.abc import Mapping

from pydantic import SecretStr

from tocsin.book.book import Content
from tocsin.emulators.mailboxes import Emulators
from tocsin.settings import Channels, Email, Operator, Settings, Sms, Source, Storage, Telegram

TOKEN = "practice"  # noqa: S105 - a token for exercises on this machine, printed for everybody
OPERATOR_TOKEN = "practice-operator-on-this-machine"  # noqa: S105 - as above


def practice_settings(settings: Settings, emulators: Emulators, *, port: int,
                      database: str = "practice.db") -> Settings:
    """The site's settings with every way out turned to the emulators, and no broker or foreign host left in."""
    home = settings.home / "var"
    sources = {name: source for name, source in _sources(settings).items() if source.kind != "mqtt"}
    urls, sms = emulators.urls, emulators.sms.state
    return settings.model_copy(update={
        "storage": Storage(url=f"sqlite:///{(home / database).resolve()}"),
        "http": settings.http.model_copy(update={"listen": f"127.0.0.1:{port}",
                                                 "public_url": f"http://127.0.0.1:{port}"}),
        "sources": sources,
        "operators": {"practice": Operator(token=SecretStr(OPERATOR_TOKEN))},
        "channels": Channels(
            telegram=Telegram(token=SecretStr(emulators.telegram.state.token), api_base=urls.telegram),
            sms=Sms.model_validate({"account_sid": sms.account_sid, "auth_token": SecretStr(sms.auth_token),
                                    "from": sms.numbers[0], "api_base": urls.sms}),
            email=Email.model_validate({"host": urls.email_host, "port": urls.email_port, "starttls": "none",
                                        "from": "alarm@practice.example"})),
    })


def tokens_of(settings: Settings) -> Mapping[str, str]:
    """The token by which each source comes in during practice."""
    tokens: dict[str, str] = {}
    for name, source in settings.sources.items():
        if source.kind != "mqtt":
            tokens[name] = f"{TOKEN}-{name}" if tokens else TOKEN
    return tokens


def _sources(settings: Settings) -> dict[str, Source]:
    tokens = tokens_of(settings)
    own = {name: source.model_copy(update={"token": SecretStr(tokens[name]), "token_hash": ""}) if name in tokens
           else source for name, source in settings.sources.items()}
    return own or {"practice": Source(kind="http", token=SecretStr(TOKEN))}


def enrol(emulators: Emulators, content: Content) -> None:
    """Give everybody in the contacts, and every group chat, a chat with the emulated bot; what is there stays."""
    chats = emulators.telegram.state
    for person in content.people.values():
        if (address := person.addresses.get("telegram")) is not None and int(address) not in chats.chats:
            chats.add_chat(int(address), person.name)
    for service in content.services.values():
        if service.group_chat and int(service.group_chat) not in chats.chats:
            chats.add_chat(int(service.group_chat), service.name, kind="group")
