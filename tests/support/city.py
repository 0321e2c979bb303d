"""Rules, policies and people in one line each, for stories about the core."""

from typing import Any

from tocsin.book.book import Content, Roles
from tocsin.book.contacts import LastResort, Need, Person, Policy, Schedule, Service, Step, Target
from tocsin.book.match import Clause, Expect, Match
from tocsin.book.rule import Clear, PerKey, Rule, SeverityBy, When
from tocsin.domain.time import MINUTE, SECOND, parse_duration

Duration = str | int
OWN_WAY = Clear()


def micros(text: Duration) -> int:
    """``"+1m30s"``, ``"90s"`` or microseconds, as microseconds."""
    return text if isinstance(text, int) else parse_duration(text.removeprefix("+"))


def match(**fields: Any) -> Match:
    """A plain value must be equal, a list names alternatives; ``data__x`` is written ``data.x``."""
    clauses: list[Clause] = []
    for name, value in fields.items():
        field = name.replace("__", ".")
        clauses.append(Expect(field, "any_of", tuple(value)) if isinstance(value, list | tuple)
                       else Expect(field, "is", value))
    return Match(tuple(clauses))


def per_keys(*names: str | PerKey) -> tuple[PerKey, ...]:
    return tuple(name if isinstance(name, PerKey) else PerKey(name) for name in names)


def event_rule(id_: str = "panic", when: Match | None = None, *, per: tuple[str | PerKey, ...] = ("site",),
               to: Any = "police", severity: str | SeverityBy = "critical", for_: Any = None,
               member: tuple[str, ...] = (), clear: Clear = OWN_WAY, say: str = "", **more: Any) -> Rule:
    """A rule of the word ``event``; ``to`` None makes it a state."""
    what = when if when is not None else match(type="alarm.panic")
    wait = micros(for_) if isinstance(for_, str) else for_
    return Rule(id=id_, say=say or id_, when=When("event", match=what, member=member, for_=wait),
                per=per_keys(*per), escalate_to=policies(to), severity=severity, clear=clear, **more)


def incident_rule(id_: str, of: str, *, per: tuple[str | PerKey, ...] = ("site",), to: Any = "police",
                  severity: str | SeverityBy = "critical", for_: Any = None, clear: Clear = OWN_WAY,
                  say: str = "", **more: Any) -> Rule:
    """A rule of the word ``incident``."""
    wait = micros(for_) if isinstance(for_, str) else for_
    return Rule(id=id_, say=say or id_, when=When("incident", of=of, for_=wait), per=per_keys(*per),
                escalate_to=policies(to), severity=severity, clear=clear, **more)


def policies(to: Any) -> Any:
    if to is None:
        return ()
    return (to,) if isinstance(to, str) else to


def target(text: str) -> Target:
    """``olena`` is a person; ``on_call:patrol``, ``service:duty``, ``skill:k9`` what they say."""
    kind, colon, name = text.partition(":")
    return Target(kind, name) if colon else Target("person", text)


def targets(*texts: str) -> tuple[Target, ...]:
    return tuple(target(text) for text in texts)


def groups(*turns: str) -> tuple[tuple[str, ...], ...]:
    """``"telegram + sms", "email"``: the first two at once, then the third."""
    return tuple(tuple(part.strip() for part in turn.split("+")) for turn in turns)


def step(*to: str, within: Duration = "60s", by: tuple[str, ...] = (), need: tuple[Need, ...] = (),
         only: tuple[str, ...] = ()) -> Step:
    return Step(targets(*to), micros(within), groups(*by), need, {"severity": only} if only else {})


def policy(id_: str, *steps: Step, last: tuple[str, ...] = ("duty",), last_by: tuple[str, ...] = (),
           every: Duration = "5 min", repeat: int = 0, need: tuple[Need, ...] = (), remind: Duration | None = None,
           reopen: Duration | None = None) -> Policy:
    return Policy(id=id_, steps=steps, last_resort=LastResort(targets(*last), micros(every), groups(*last_by)),
                  repeat=repeat, need=need, remind=None if remind is None else micros(remind),
                  reopen=None if reopen is None else micros(reopen))


def person(id_: str, *channels: str, by: tuple[str, ...] | dict[str, tuple[str, ...]] = (),
           skills: tuple[str, ...] = (), **more: Any) -> Person:
    """A person with an address on each channel; ``by`` as turns for every severity, or by severity."""
    turns = by if isinstance(by, dict) else {"info": by} if by else {}
    return Person(id=id_, name=id_.capitalize(), addresses={name: f"{id_}@{name}" for name in channels},
                  by={severity: groups(*words) for severity, words in turns.items()}, skills=skills, **more)


PEOPLE = (person("olena", "telegram"), person("taras", "telegram"), person("ivan", "telegram"),
          person("chief", "telegram"), person("duty", "sms"), person("admin", "email"))

POLICE = policy("police", step("olena"), step("taras"))


def content(*rules: Rule, people: tuple[Person, ...] = PEOPLE, policies: tuple[Policy, ...] = (POLICE,),
            schedules: tuple[Schedule, ...] = (), services: tuple[Service, ...] = (),
            roles: Roles | None = None, **more: Any) -> Content:
    """A city; without ``roles`` the administrator is ``admin``, the shift head ``chief``."""
    known = Roles(targets("duty"), targets("chief"), targets("admin")) if roles is None else roles
    return Content(rules=rules, people={one.id: one for one in people}, policies={one.id: one for one in policies},
                   schedules={one.id: one for one in schedules}, services={one.id: one for one in services},
                   roles=known, **more)


__all__ = ["MINUTE", "PEOPLE", "POLICE", "SECOND", "content", "event_rule", "groups", "incident_rule", "match",
           "micros", "per_keys", "person", "policy", "step", "target", "targets"]
