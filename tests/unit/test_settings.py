"""config.yaml: read with places and suggestions, secrets filled in and never shown."""

from pathlib import Path

import pytest

from tocsin.book.contacts import Target
from tocsin.domain.errors import SettingsError
from tocsin.domain.time import DAY, HOUR, MINUTE, SECOND
from tocsin.settings import Settings, foreign_endpoints, load_settings

CONFIG = """\
site: {name: Краматорськ, time_zone: Europe/Kyiv, language: uk}
storage: {url: "sqlite:///var/tocsin.db"}          # relative to this file; postgresql+… for more
journal: {keep: 30 d, keep_bytes: 20 GB, keep_incidents: 3 years}
http: {listen: "127.0.0.1:8080", public_url: "https://alarm.example.org"}
sources:
  gateway: {kind: http, token: "${GATEWAY_TOKEN}"}            # or token_hash from `tocsin token new`
  prometheus: {kind: alertmanager, token: "${PROM_TOKEN}"}
  cameras: {kind: mqtt, url: "mqtt://127.0.0.1:1883", profile: frigate, late: 10 min}
channels:
  telegram: {token: "${TELEGRAM_TOKEN}", api_base: "https://api.telegram.org"}
  sms: {provider: twilio, account_sid: "${TWILIO_SID}", auth_token: "${TWILIO_TOKEN}", from: "+15005550006",
        api_base: "https://api.twilio.com"}
  email: {host: mail.example.org, port: 587, starttls: required, username: "…", password: "${SMTP_PASSWORD}",
          from: alarm@example.org}
roles:                                              # who the engine itself turns to
  duty_office: {service: duty-office}
  shift_head: {on_call: shift-heads}
  administrators: [{person: admin}]
watchdog: {to: [{person: admin}, {service: duty-office}], after: 30s}     # its own copy of addresses and credentials
allow_endpoint: []                                  # hosts other than the providers' own that live mode may use
matching: {engine: index, second_opinion: durable}
"""
NAMES = ("GATEWAY_TOKEN", "PROM_TOKEN", "TELEGRAM_TOKEN", "TWILIO_SID", "TWILIO_TOKEN", "SMTP_PASSWORD")
ENVIRON = {name: f"hush-{name.lower()}" for name in NAMES}


def load(folder: Path, text: str, environ: dict[str, str] | None = None, **options: bool) -> Settings:
    path = folder / "config.yaml"
    path.write_text(text, "utf-8")
    return load_settings(path, environ=ENVIRON if environ is None else environ, **options)


def test_the_config_of_the_language_reads_as_written(tmp_path):
    """Every name of the sketch, in the engine's units."""
    settings = load(tmp_path, CONFIG)
    assert (settings.site.name, settings.site.time_zone, settings.site.language) == ("Краматорськ", "Europe/Kyiv", "uk")
    assert (settings.journal.keep, settings.journal.keep_bytes) == (30 * DAY, 20_000_000_000)
    assert settings.journal.keep_incidents == 3 * 365 * DAY
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8080)
    gateway = settings.sources["gateway"]
    assert (gateway.kind, gateway.token.get_secret_value()) == ("http", "hush-gateway_token")
    assert (gateway.late, gateway.settle, gateway.buffers) == (HOUR, 5 * SECOND, False)
    cameras = settings.sources["cameras"]
    assert (cameras.kind, cameras.url, cameras.profile, cameras.late) == (
        "mqtt", "mqtt://127.0.0.1:1883", "frigate", 10 * MINUTE)
    assert settings.channels.sms.from_ == "+15005550006"
    assert settings.channels.sms.account_sid == "hush-twilio_sid"
    assert settings.channels.email.port == 587
    assert settings.roles.duty_office == (Target("service", "duty-office"),)
    assert settings.watchdog.to == (Target("person", "admin"), Target("service", "duty-office"))
    assert settings.watchdog.after == 30 * SECOND
    assert settings.matching.second_opinion == "durable"
    assert settings.home == tmp_path
    assert [(r.kind, r.name) for r in settings.references][:2] == [
        ("service", "duty-office"), ("schedule", "shift-heads")]


def test_the_database_lies_relative_to_the_file(tmp_path):
    """A relative path does not depend on the folder in which the command runs; others stay as they are."""
    settings = load(tmp_path, CONFIG)
    assert settings.storage.path == (tmp_path / "var/tocsin.db").resolve()
    assert load(tmp_path, 'storage: {url: "sqlite:////srv/x.db"}').storage.path == Path("/srv/x.db")
    server = load(tmp_path, 'storage: {url: "postgresql+psycopg://h/x"}').storage
    assert (server.url, server.path) == ("postgresql+psycopg://h/x", None)


def test_an_empty_file_is_a_site_with_defaults(tmp_path):
    """Nothing is required but what one uses."""
    settings = load(tmp_path, "# nothing yet\n")
    assert settings.sources == {}
    assert settings.http.listen == "127.0.0.1:8080"


def test_secrets_show_in_no_text(tmp_path):
    """Neither the settings' repr nor an error about a value that holds a secret shows it."""
    settings = load(tmp_path, CONFIG)
    for name in ("gateway_token", "prom_token", "telegram_token", "twilio_token", "smtp_password"):
        assert f"hush-{name}" not in repr(settings)
    server = load(tmp_path, 'storage: {url: "postgresql+psycopg://tocsin:${PROM_TOKEN}@db/tocsin"}')
    assert "hush-prom_token" in server.storage.url
    assert "hush-" not in repr(server)
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, 'http: {listen: "${SMTP_PASSWORD}"}\nmatching: {engine: "${PROM_TOKEN}"}\n'
                       'email: "${TWILIO_TOKEN}"\njournal: {keep: "${TWILIO_SID}", keep_bytes: "${TWILIO_SID}"}\n'
                       'site: {time_zone: "${TWILIO_SID}"}\nsources: {"a": {kind: http, token_hash: "${PROM_TOKEN}"}}\n'
                       'channels: {email: {host: x, from: "${PROM_TOKEN}"}}')
    assert "hush-" not in str(caught.value)
    assert len(caught.value.findings) == 8


def test_secrets_come_from_files_too(tmp_path):
    """A name that the environment lacks is a file of the secrets folder, without its last newline."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/PROM_TOKEN").write_text("from a file\n")
    text = 'sources: {p: {kind: alertmanager, token: "${PROM_TOKEN}"}}'
    settings = load(tmp_path, text, {"TOCSIN_SECRETS": str(tmp_path / "secrets")})
    assert settings.sources["p"].token.get_secret_value() == "from a file"
    settings = load(tmp_path, text, {"TOCSIN_SECRETS": str(tmp_path / "secrets"), "PROM_TOKEN": "of the environment"})
    assert settings.sources["p"].token.get_secret_value() == "of the environment"


def test_every_missing_secret_is_named(tmp_path):
    """The sentence says which variable to set, for all of them at once."""
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, CONFIG, {"TOCSIN_SECRETS": str(tmp_path)})
    assert [finding.text.split()[2] for finding in caught.value.findings] == list(NAMES)
    assert f"{tmp_path}/config.yaml:6:32: error: the secret GATEWAY_TOKEN is not set" in str(caught.value)


def test_checking_needs_no_secrets(tmp_path):
    """Without them the placeholders stay and are listed."""
    settings = load(tmp_path, CONFIG, {"TOCSIN_SECRETS": str(tmp_path)}, require_secrets=False)
    assert settings.missing_secrets == NAMES
    assert settings.sources["gateway"].token.get_secret_value() == "${GATEWAY_TOKEN}"


WRONG = [
    ("sit: {name: x}", 'config.yaml:1:1: error: the key "sit" is unknown: did you mean "site"?'),
    ("http: {listne: x}", 'did you mean "listen"?'),
    ("http: {listen: 8080}", "listen: is HOST:PORT"),
    ("http: {listen: 127.0.0.1:99999}", "is HOST:PORT"),
    ("http: {public_url: alarm.example.org}", "https://alarm.example.org"),
    ("site: {time_zone: Europe/Kiyv}", '"Europe/Kyiv"'),
    ("site: {language: ua}", '"ua" is unknown: did you mean "uk"?'),
    ("journal: {keep: 30}", '"30" has no unit'),
    ("journal: {keep_bytes: 20}", "a size such as"),
    ("sources: {tocsin: {kind: http, token: x}}", "give this source another name"),
    ("sources: {a: {kind: htp, token: x}}", 'did you mean "http"?'),
    ("sources: {a: {kind: http}}", "needs token: or token_hash:"),
    ("sources: {a: {token: x}}", "needs kind:"),
    ("sources: {a: {kind: http, token_hash: abc}}", "64 hexadecimal digits"),
    ("sources: {a: {kind: http, token: x, url: y}}", "belong to mqtt sources"),
    ("sources: {a: {kind: mqtt, profile: frigate}}", "needs url:"),
    ("sources: {a: {kind: mqtt, url: http://x, profile: frigate}}", "needs url:"),
    ("sources: {a: {kind: mqtt, url: mqtt://x}}", "needs profile:"),
    ("sources: {a: {kind: mqtt, url: mqtt://x, topics: [{topic: a/#/b, type: x}]}}", "all levels at the end"),
    ("sources: {a: {kind: mqtt, url: mqtt://x, topics: [{topic: a, type: x, map: {site: level2}}]}}", "takes a place"),
    ("sources: {a: {kind: http, token: x, quota: {per_second: 0}}}", "at least 1"),
    ("channels: {email: {host: x, from: nobody}}", "from: is an e-mail address"),
    ("channels: {email: {host: x, from: a@b, username: u}}", "belong together"),
    ("channels: {email: {host: x, from: a@b, port: 99999}}", "out of range"),
    ("channels: {sms: {account_sid: x}}", "needs auth_token: and from:"),
    ("channels: {fax: {}}", 'the key "fax" is unknown'),
    ("roles: {duty_office: duty}", "{person: duty}"),
    ("watchdog: {after: 0s}", "no time at all"),
    ("matching: {second_opinion: duarble}", 'did you mean "durable"?'),
    ("sources: {${X}: {kind: http}}", "braces"),
    ('sources: {"${X}": {kind: http, token: x}}', "in values only"),
    ('site: {name: "${bad name}"}', "is no name of a secret"),
    ("site: {name: x}\nsite: {name: y}", "stands twice"),
    ("[]", "a list stands where config.yaml belongs"),
]


@pytest.mark.parametrize("text, sentence", WRONG, ids=[case[0] for case in WRONG])
def test_a_wrong_setting_is_refused_with_a_sentence(tmp_path, text, sentence):
    """Strict keys, places and suggestions, as in every file."""
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)
    assert sentence in str(caught.value)


def test_all_errors_come_at_once(tmp_path):
    """One reading shows them all."""
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, "sit: {}\nhttp: {listne: x}\njournal: {keep: 30}\n")
    assert [finding.where.line for finding in caught.value.findings] == [1, 2, 3]


def test_a_missing_file_says_what_to_do(tmp_path):
    """Not a stack trace."""
    with pytest.raises(SettingsError, match="make a home with tocsin init"):
        load_settings(tmp_path / "config.yaml", environ={})


def test_topics_map_messages_to_events(tmp_path):
    """The declarative mapping of MQTT topics."""
    settings = load(tmp_path, """\
sources:
  panel:
    kind: mqtt
    url: mqtts://broker:8883
    topics:
      - topic: alarm/+/state
        type: alarm.panel
        map: {site: topic.2, device: payload.dev.id, text: "'Панель'", data: payload}
        only: {payload.kind: [alarm, panic], payload.n: 1}
        status: {of: payload.state, firing: ON, resolved: [OFF, "0"]}
    quota: {per_second: 5, burst: 50}
    buffers: true
""")
    panel = settings.sources["panel"]
    topic = panel.topics[0]
    assert (topic.topic, topic.type) == ("alarm/+/state", "alarm.panel")
    assert topic.map == {"site": "topic.2", "device": "payload.dev.id", "text": "'Панель'", "data": "payload"}
    assert topic.only == {"payload.kind": ("alarm", "panic"), "payload.n": (1,)}
    assert (topic.status.of, topic.status.firing, topic.status.resolved) == ("payload.state", ("ON",), ("OFF", "0"))
    assert (panel.quota.per_second, panel.quota.burst, panel.buffers) == (5, 50, True)


def test_foreign_endpoints_are_what_live_mode_must_refuse(tmp_path):
    """The providers' own hosts and listed ones are fine; an emulator is not."""
    assert foreign_endpoints(load(tmp_path, CONFIG)) == ()
    emulated = CONFIG.replace("https://api.telegram.org", "http://127.0.0.1:9")
    assert foreign_endpoints(load(tmp_path, emulated)) == ("http://127.0.0.1:9",)
    listed = emulated.replace("allow_endpoint: []", "allow_endpoint: [127.0.0.1]")
    assert foreign_endpoints(load(tmp_path, listed)) == ()
