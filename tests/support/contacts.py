"""A small site for the tests of delivery: two people, one rule, the shipped templates."""

from pathlib import Path

from tocsin.book.book import Book, Content, Site, number_book
from tocsin.book.contacts import Person
from tocsin.book.rule import Rule, When

TEMPLATES = Path(__file__).parents[2] / "templates"
SECRET = b"s" * 32
OLENA, TARAS = 5001, 5002
OLENA_PHONE, TARAS_PHONE = "+380501234567", "+380671234567"


def shipped_templates() -> dict[str, str]:
    return {f"{file.parent.name}/{file.name.removesuffix('.j2')}": file.read_text("utf-8")
            for file in sorted(TEMPLATES.glob("*/*.j2"))}


def people() -> dict[str, Person]:
    return {
        "olena": Person(id="olena", name="Олена Коваленко", language="uk",
                        addresses={"telegram": str(OLENA), "sms": OLENA_PHONE, "email": "olena@example.org"}),
        "taras": Person(id="taras", name="Taras Shevchuk", language="en",
                        addresses={"telegram": str(TARAS), "sms": TARAS_PHONE, "email": "taras@example.org"}),
    }


def rule() -> Rule:
    return Rule(id="panic-button", say="Тривожна кнопка: {{ site }}", when=When("event"), severity="critical",
                escalate_to=("police",), advice="Виїзд негайно. Контакт охорони: {{ guard_phone }}")


def content(**changed: object) -> Content:
    made: dict[str, object] = {
        "site": Site("Краматорськ", "Europe/Kyiv", "uk"), "rules": (rule(),), "people": people(),
        "templates": shipped_templates(), **changed,
    }
    return Content(**made)  # type: ignore[arg-type]  # fields by name


def book(number: int = 1, **changed: object) -> Book:
    return number_book(number, content(**changed))
