"""Addresses of people in the normal form of their channel: E.164, chat id, e-mail, webhook."""

import re
from urllib.parse import urlsplit

import phonenumbers
from phonenumbers import shortnumberinfo

from tocsin.book.node import Node
from tocsin.book.report import Report
from tocsin.book.shape import Json, Shape

DEFAULT_REGION = "UA"
_EMAIL = re.compile(r"[^\s@<>\"(),:;]+@[^\s@<>\"(),:;.]+(\.[^\s@<>\"(),:;.]+)*")


class Phone(Shape[str]):
    """A telephone number, to E.164; national numbers are read as Ukrainian."""

    what = 'a phone number such as "+380 50 123 45 67"'

    def read(self, node: Node, report: Report) -> str:
        scalar = self.scalar(node, report)
        digits = re.sub(r"\D", "", scalar.text)
        if not digits:
            self.refuse(node, report)
        if len(digits) <= 6 or shortnumberinfo.is_emergency_number(digits, DEFAULT_REGION):
            self.refuse(node, report, f'"{scalar.shown}" is an emergency or short number, which is never written to: '
                        "give the number of a person")
        try:
            number = phonenumbers.parse(scalar.text, DEFAULT_REGION)
        except phonenumbers.NumberParseException:
            self.refuse(node, report)
        possible = phonenumbers.is_possible_number_with_reason(number)
        if possible != phonenumbers.ValidationResult.IS_POSSIBLE or number.extension:
            self.refuse(node, report, f'"{scalar.shown}" has too few or too many digits for a phone number of a person')
        if not phonenumbers.is_valid_number(number):
            report.warn(node.where, f'"{scalar.shown}" is not a number that is in use anywhere: check its digits')
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    def schema(self) -> Json:
        return {"type": "string", "examples": ["+380 50 123 45 67"]}


class Email(Shape[str]):
    what = "an e-mail address such as olena@example.org"

    def read(self, node: Node, report: Report) -> str:
        scalar = self.scalar(node, report)
        if not _EMAIL.fullmatch(scalar.text) or len(scalar.text) > 254:
            self.refuse(node, report)
        return scalar.text

    def schema(self) -> Json:
        return {"type": "string", "examples": ["olena@example.org"]}


class Webhook(Shape[str]):
    """The address to which another system takes messages."""

    what = "an address such as https://dispatch.example.org/alarms"

    def read(self, node: Node, report: Report) -> str:
        scalar = self.scalar(node, report)
        try:
            asked = urlsplit(scalar.text)
            known = asked.scheme in ("http", "https") and bool(asked.hostname) and (asked.port or 1) > 0
        except ValueError:
            known = False
        if not known or re.search(r"\s", scalar.text) or len(scalar.text) > 2000:
            self.refuse(node, report)
        if not scalar.text.isascii():
            self.refuse(node, report, f'"{scalar.shown}" has letters that addresses on the wire have not: write '
                        "the host as xn--… and other letters as %…")
        if asked.username is not None or asked.fragment:
            self.refuse(node, report, "the address of a webhook has neither a login before an @ nor a # part: the "
                        "receiver knows us by channels.webhook.secret")
        return scalar.text

    def schema(self) -> Json:
        return {"type": "string", "format": "uri", "examples": ["https://dispatch.example.org/alarms"]}


class ChatId(Shape[str]):
    """A numeric Telegram id: of a person (greater than zero) or of a ``group`` (less)."""

    def __init__(self, *, group: bool = False) -> None:
        self.group = group
        self.what = ("the number of a Telegram group, such as -1001234567890" if group else
                     "the number of a Telegram user, such as 123456789")

    def read(self, node: Node, report: Report) -> str:
        scalar = self.scalar(node, report)
        if scalar.text.startswith("@"):
            self.refuse(node, report, f'"{scalar.shown}" is a name, and Telegram lets a bot write to numbers only: '
                        "leave telegram: out and give the person a /start link, or write the number")
        if not re.fullmatch(r"-[1-9]\d{0,18}" if self.group else r"[1-9]\d{0,18}", scalar.text):
            self.refuse(node, report)
        return scalar.text

    def schema(self) -> Json:
        return {"type": "integer"}
