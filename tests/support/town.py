"""The town of the stories: who is there, by which ways they are reached, and who is asked in which order."""

from functools import cache
from typing import Any

from tests.support.city import event_rule, groups, match, policy, step, targets
from tests.support.contacts import shipped_templates

from tocsin.book.book import Content, Roles, Site
from tocsin.book.contacts import Person, Policy
from tocsin.book.rule import Rule


def resident(id_: str, name: str, number: int, *ways: str, by: tuple[str, ...] = (), language: str = "uk",
             **more: Any) -> Person:
    """A person with these ways, tried in turn a minute apart; ``by`` says it otherwise (``"telegram + sms"``)."""
    addresses = {"telegram": f"50{number:02}", "sms": f"+3805012345{number:02}", "email": f"{id_}@example.org"}
    return Person(id=id_, name=name, language=language, addresses={way: addresses[way] for way in ways},
                  by={"critical": groups(*(by or ways))}, **more)


OLENA = resident("olena", "Олена Коваленко", 1, "telegram", "sms")
TARAS = resident("taras", "Тарас Бондаренко", 2, "telegram", "sms")
IVAN = resident("ivan", "Иван Петренко", 3, "telegram", "email", language="ru")
CHIEF = resident("chief", "Петро Мельник", 4, "email")
OKSANA = resident("oksana", "Оксана Лисенко", 5, "sms", "telegram")
MARIA = resident("maria", "Марія Шевченко", 6, "telegram", "sms")
SAM = resident("sam", "Sam Admin", 7, "email", language="en")
PEOPLE = (OLENA, TARAS, IVAN, CHIEF, OKSANA, MARIA, SAM)

PATROL = policy("patrol", step("olena", within="2 min"), step("taras", within="2 min"), step("chief", within="3 min"),
                last=("oksana",), last_by=("sms",), every="5 min")
"""Olena, after two minutes Taras, after two more the chief; then the duty officer every five minutes."""

PANIC = event_rule("panic-button", match(type="alarm.panic"), to="patrol", say="Тривожна кнопка: {{ site }}",
                   advice="Виїзд негайно. Пристрій {{ device }}.")


def town(*rules: Rule, people: tuple[Person, ...] = PEOPLE, policies: tuple[Policy, ...] = (PATROL,),
         templates: dict[str, str] | None = None, **more: Any) -> Content:
    """The town with these rules, with its panic buttons alone when none are given."""
    given: dict[str, Any] = {
        "site": Site("Краматорськ", "Europe/Kyiv", "uk"), "rules": rules or (PANIC,),
        "people": {one.id: one for one in people}, "policies": {one.id: one for one in policies},
        "roles": Roles(targets("oksana"), targets("maria"), targets("sam")),
        "templates": _templates() if templates is None else {**_templates(), **templates}, **more}
    return Content(**given)


@cache
def _templates() -> dict[str, str]:
    return shipped_templates()
