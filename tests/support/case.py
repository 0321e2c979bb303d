"""A small case of the language: rules as people write them, events a line each, and what replay says, in short."""

from pathlib import Path
from typing import Any

import msgspec

from tocsin.cli.books import read_site
from tocsin.cli.replay import replay_file
from tocsin.domain.time import parse_instant

DAY = "2026-01-05"
"""A Monday."""

CONFIG = """\
site: {name: Town, time_zone: UTC, language: en}
storage: {url: "sqlite:///var/tocsin.db"}
http: {listen: "127.0.0.1:8080"}
sources: {gateway: {kind: http, token: "0123456789abcdef0123456789abcdef"}}
channels:
  telegram: {token: "1:x"}
  email: {host: mail.example.org, port: 587, starttls: required, username: u, password: p, from: a@example.org}
roles: {duty_office: {service: office}, shift_head: {person: ben}, administrators: [{person: ben}]}
"""
CONTACTS = """\
people:
  ann: {name: Ann, language: en, telegram: 1, email: ann@example.org, by: {critical: [telegram], low: [telegram]}}
  ben: {name: Ben, language: en, telegram: 2, email: ben@example.org, by: {critical: [telegram], low: [telegram]}}
services:
  office: {name: Office, kind: duty, members: [ben]}
policies:
  one:
    steps:
      - {to: {person: ann}, answer_within: 60s}
      - {to: {person: ben}, answer_within: 60s}
    last_resort: {to: {service: office}, by: [email], every: 5 min}
"""


def play(home: Path, rules: str, events: str, *, until: str = "",
         files: dict[str, str] | None = None) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The lines of ``replay --json`` and its last line. Rules without ``say`` and ``escalate_to`` get some."""
    written = {"config.yaml": CONFIG, "contacts/all.yaml": CONTACTS, **(files or {}),
               "rules/all.yaml": f"defaults: {{say: x, escalate_to: board, severity: high}}\nrules:\n{rules}"}
    for name, text in written.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    lines = b"\n".join(msgspec.json.encode(event(line)) for line in events.strip().splitlines())
    (home / "events.jsonl").write_bytes(lines)
    _, content, _ = read_site(home / "config.yaml")
    ledger, run = replay_file(content, home / "events.jsonl", instant(until) if until else None)
    return ([story.line() for story in ledger.stories()],
            {"events": run.events, "duplicates": run.duplicates, "late": run.late, "incidents": len(ledger.incidents)})


def instant(clock: str) -> int:
    return parse_instant(f"{DAY}T{clock}Z")


def event(line: str) -> dict[str, Any]:
    """``@10:30:00 10:00:00 smoke site=a v=5``: received, time, type and fields; a time of - is none."""
    words = line.split()
    found: dict[str, Any] = {}
    if words[0].startswith("@"):
        found["received"] = f"{DAY}T{words.pop(0)[1:]}Z"
    time = words.pop(0)
    if time != "-":
        found["time"] = f"{DAY}T{time}Z"
    found["type"] = words.pop(0)
    for word in words:
        name, _, text = word.partition("=")
        try:
            value = msgspec.json.decode(text)
        except msgspec.DecodeError:
            value = text
        if name in ("id", "site", "device", "status", "severity", "source", "location"):
            found[name] = value
        else:
            found.setdefault("data", {})[name] = value
    return found


def short(lines: list[dict[str, Any]]) -> list[str]:
    """``rule{site=a} high 10:00:00-10:15:00``: incidents and activations; inhibited firings with instants."""
    return [_short(line) for line in lines]


def _short(line: dict[str, Any]) -> str:
    key = ",".join(f"{name}={value}" for name, value in sorted(line["key"].items()))
    spans = " ".join(f"{clock(one['at'])}-{clock(one['cleared'])}" for one in line["activations"])
    if line["incident"] is None:
        spans = "inhibited " + " ".join(clock(one["at"]) for one in line["suppressed"])
    return f"{line['rule']}{{{key}}} {line['severity']} {spans}"


def told(line: dict[str, Any]) -> list[str]:
    """``10:00:00 page one 1 ann telegram``, one a notification."""
    return [f"{clock(one['at'])} {one['kind']} {one['policy']} {one['step']} {one['to']} {one['channel']}"
            for one in line["notifications"]]


def clock(text: str | None) -> str:
    return "" if text is None else text[11:].removesuffix("Z")
