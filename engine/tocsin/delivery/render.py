"""Rendering: a notification becomes the message for one person by one channel; no broken template stops it."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from tocsin.book.book import Content
from tocsin.book.contacts import Person
from tocsin.book.rule import Rule
from tocsin.book.template import TemplateError
from tocsin.delivery import codes, templates
from tocsin.delivery.latin import latin
from tocsin.delivery.markup import cut_html
from tocsin.delivery.names import LATE_AFTER, Broken, names_of, plain_key
from tocsin.delivery.page import mail_page
from tocsin.delivery.plain import cut, one_line
from tocsin.delivery.segments import folded, room, segments, units
from tocsin.delivery.templates import escape
from tocsin.delivery.when import told_time, zone_of
from tocsin.delivery.words import word
from tocsin.domain.drill import is_drill
from tocsin.domain.notification import REMIND, WANTS_ANSWER, Notification
from tocsin.ports import Rendered

ANSWERS = ("accept", "decline", "false_alarm")
FOLLOW_UPS = ("arrived", "resolve", "false_alarm")
"""What may be answered by whoever has already taken it."""
REMINDED = ("accept", *FOLLOW_UPS)
"""What may be answered to a reminder: also that one is still on the way."""

MOST_SEGMENTS = 4
MOST_REMEMBERED = 1000
LONGEST_MAIL = 8000
ANSWER_PATH = "/answer/"


class Site(Struct, frozen=True):
    """What every message needs to know of the site; ``public_url`` "" when nobody can reach an answer page."""

    secret: bytes
    public_url: str = ""
    practice: bool = False
    transliterate: bool = False


class Message(Struct, frozen=True, kw_only=True):
    """What is to be rendered. ``content`` is the book in force, ``rule`` comes from the notification's own book.

    ``repeat`` marks a second sending of what may have arrived; ``earlier`` are the person's open notifications, for
    the length of the SMS code; ``now`` is the instant of sending.
    """

    notification: Notification
    content: Content
    rule: Rule | None
    person: Person
    now: int
    repeat: bool = False
    earlier: Sequence[int] = ()


class Renderer:
    """Renders for one site; ``broken`` hears of templates that fail and of names that nothing has."""

    def __init__(self, site: Site, broken: Broken) -> None:
        self._site = site
        self._hears = broken
        self._heard: dict[tuple[str, str], None] = {}

    def _broken(self, place: str, why: str) -> None:
        """Say it once, not with each message."""
        if (place, why) not in self._heard:
            self._heard[place, why] = None
            if len(self._heard) > MOST_REMEMBERED:
                del self._heard[next(iter(self._heard))]
            self._hears(place, why)

    def render(self, message: Message) -> Rendered:
        """The message; falls back to a fixed plain text where the template is broken."""
        notification, language = message.notification, message.person.language
        asks = notification.kind in WANTS_ANSWER
        names = names_of(notification, message.content, message.rule, language, message.now, self._broken)
        if notification.channel == "telegram":
            words = (REMINDED if notification.kind == REMIND else ANSWERS) if asks else ()
            return self._telegram(message, names, words)
        if notification.channel == "email":
            return self._email(message, names, asks=asks)
        if notification.channel == "webhook":
            return self._webhook(message, names, asks=asks)
        return self._sms(message, names, asks=asks)

    def taken(self, message: Message, before: str, *, answers: int, taker: bool, over: bool,
              group: bool = False) -> Rendered:
        """A Telegram copy as it is to look now: ``before`` is its HTML, then who has it.

        ``taker``'s own copy, and that in a ``group``, offer what comes after taking, unless it is ``over``; their
        buttons answer the notification ``answers``.
        """
        language = message.person.language
        names = names_of(message.notification, message.content, message.rule, language, message.now, self._broken)
        if taker:
            names["who"] = one_line(message.person.name, 80)
        line = self._body(message, names, html=True)
        html = cut_html(before, 4000 - len(line)) + f"\n\n<b>{line}</b>"
        words = FOLLOW_UPS if (taker or group) and not over else ()
        return Rendered(html, buttons=self._buttons(message, words, answers))

    def _telegram(self, message: Message, names: dict[str, Any], words: Sequence[str]) -> Rendered:
        text = self._body(message, names, html=True)
        marks = "".join(f"<b>{escape(mark)}</b>\n" for mark in self.marks(message))
        late = self._late(message)
        tail = f"\n<i>{escape(late)}</i>" if late else ""
        html = marks + cut_html(text, 3900 - len(tail)) + tail
        return Rendered(cut_html(html), buttons=self._buttons(message, words))

    def _buttons(self, message: Message, words: Sequence[str], answers: int = 0) -> tuple[tuple[str, str, str], ...]:
        number, language = answers or message.notification.id, message.person.language
        return tuple((word(language, f"button.{name}"), name, codes.button_token(self._site.secret, number, name))
                     for name in words)

    def _webhook(self, message: Message, names: dict[str, Any], *, asks: bool) -> Rendered:
        marks = "".join(f"{mark}. " for mark in self.marks(message))
        late = self._late(message)
        text = cut(marks + self._body(message, {**names, "answer": ""}, html=False), LONGEST_MAIL)
        return Rendered(f"{text}\n{late}" if late else text, subject=one_line(text.partition("\n")[0], 180),
                        link=self.link(message) if asks else "")

    def link(self, message: Message) -> str:
        """The address of the answer page; "" when nobody could reach it."""
        if not self._site.public_url:
            return ""
        token = codes.link_token(self._site.secret, message.person.id, message.notification.id, message.now)
        return f"{self._site.public_url.rstrip('/')}{ANSWER_PATH}{token}"

    def _email(self, message: Message, names: dict[str, Any], *, asks: bool) -> Rendered:
        language, link = message.person.language, self.link(message) if asks else ""
        answer = word(language, "email.link", link=link) if link else ""
        text = self._body(message, {**names, "answer": answer}, html=False)
        if link and link not in text:
            text += f"\n\n{answer}"
        subject, _, body = text.partition("\n")
        marks = self.marks(message)
        subject = one_line(" ".join([*(f"{mark}." for mark in marks), subject]), 180)
        late = self._late(message)
        plain = "\n".join([subject, body.strip("\n"), *([late] if late else [])])
        shown = [line for line in plain.split("\n") if line.strip() and link not in line] if link else plain.split("\n")
        return Rendered(cut(plain, LONGEST_MAIL), subject=subject, link=link,
                        html=mail_page(language, shown, link, word(language, "email.button")))

    def _sms(self, message: Message, names: dict[str, Any], *, asks: bool) -> Rendered:
        language = message.person.language
        code = codes.shown_code(self._site.secret, message.notification.id, message.earlier) if asks else ""
        answer = word(language, "sms.code", code=code) if code else ""
        marks = self.marks(message)
        first = len(marks) - int(message.repeat)
        front = "".join(f"{mark}. " for mark in marks[:first])
        behind = " ".join([*(f"{mark}." for mark in marks[first:]), self._late(message)]).strip()
        names = {**names, "answer": answer}
        for _ in range(4):
            body = one_line(self._body(message, names, html=False), 1500)
            if code and code not in body:
                body += f" {answer}"
            text = self.written(front + body + (f" {behind}" if behind else ""))
            over = units(text) - room(text, MOST_SEGMENTS)
            if over <= 0:
                break
            longest = "advice" if names["advice"] else "say"
            names[longest] = cut(names[longest], max(0, len(names[longest]) - over - 1))
        if segments(text) > MOST_SEGMENTS:
            text = self.written(self._squeezed(front, names, answer))
        return Rendered(text, code=code)

    def _squeezed(self, front: str, names: dict[str, Any], answer: str) -> str:
        """What fits whatever the template does: hazard, place and the code."""
        return front + cut(str(names["say"]), 180) + (f". {answer}" if answer else "")

    def names(self, message: Message) -> dict[str, Any]:
        """The names for a message, in its person's language."""
        return names_of(message.notification, message.content, message.rule, message.person.language, message.now,
                        self._broken)

    def written(self, text: str) -> str:
        """As an SMS is written."""
        return folded(latin(text) if self._site.transliterate else text)

    def marks(self, message: Message) -> list[str]:
        """What must stand on the message whatever its template says."""
        language = message.person.language
        drill = is_drill(message.notification.rule)
        return [word(language, name) for name, holds in (
            ("practice", self._site.practice), ("drill", drill), ("repeat", message.repeat)) if holds]

    def _late(self, message: Message) -> str:
        created, zone = message.notification.created, message.content.site.time_zone
        if message.now - created <= LATE_AFTER:
            return ""
        return word(message.person.language, "late", time=told_time(created, zone_of(zone), message.now))

    def _body(self, message: Message, names: dict[str, Any], *, html: bool) -> str:
        notification, sources = message.notification, message.content.templates
        languages = tuple(dict.fromkeys((message.person.language, message.content.site.language, "en")))
        for name in templates.chain(notification.kind, notification.channel, languages):
            source = sources.get(name)
            if source is None:
                continue
            missing: list[str] = []
            try:
                text = templates.fill(source, names, html=html, missing=missing).strip()
            except TemplateError as error:
                self._broken(f"templates/{name}.j2", str(error))
                break
            if missing and not notification.content:
                self._broken(f"templates/{name}.j2", f"nothing has the name {', '.join(dict.fromkeys(missing))}: "
                                                     f"printed as {templates.DASH}")
            if text.replace(templates.DASH, "").strip():
                return text
        return self._fallback(message, names, html=html)

    def _fallback(self, message: Message, names: dict[str, Any], *, html: bool) -> str:
        """The fixed text when no template can be used: severity, sentence, rule, key."""
        notification = message.notification
        lines = [f"{names['severity']}: {names['say']}"]
        if not notification.content:
            lines.append(f"{plain_key(notification)} ({notification.kind})")
        if names["who"]:
            lines.append(str(names["who"]))
        if names.get("answer"):
            lines.append(str(names["answer"]))
        text = "\n".join(lines)
        return escape(text) if html else text
