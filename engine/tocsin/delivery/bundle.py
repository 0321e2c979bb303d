"""Bundles: one message that lists several incidents, each of which can be answered, or all of them at once."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from tocsin.book.groups import is_group
from tocsin.delivery import codes
from tocsin.delivery.markup import cut_html
from tocsin.delivery.names import who
from tocsin.delivery.page import mail_page
from tocsin.delivery.plain import cut, one_line
from tocsin.delivery.render import MOST_SEGMENTS, Message, Renderer, Site
from tocsin.delivery.segments import room, units
from tocsin.delivery.templates import escape
from tocsin.delivery.words import word
from tocsin.domain.incident import RANK
from tocsin.domain.notification import ASK, FAMILIES, NEWS
from tocsin.ports import Rendered

MOST_TOGETHER = {"telegram": 20}
MOST_ELSE = 50
"""Incidents in one message; what does not fit into an SMS is counted in it."""
TO_ALL = {ASK: ("accept", "decline")}
AFTERWARDS = ("arrived", "resolve")
LONGEST_LINE, LONGEST_IN_SMS = 140, 60

Button = tuple[str, str, str]


class Item(Struct, frozen=True):
    """One line: its message, and whether the incident is ``taken``, by whom, or ``over`` meanwhile."""

    message: Message
    taken: bool = False
    taker: str = ""
    over: bool = False


class BundleRenderer:
    """Renders lists for one site."""

    def __init__(self, site: Site, renderer: Renderer) -> None:
        self._site = site
        self._renderer = renderer

    def render(self, items: Sequence[Item]) -> Rendered:
        """The list, in the person's language; the most severe incident decides its first line."""
        message = items[0].message
        channel = message.notification.channel
        if channel == "sms":
            return self._sms(items)
        head, lines = self._head(items), [self._line(place, item) for place, item in enumerate(items, 1)]
        if channel == "telegram":
            body = "\n".join(escape(line) for line in lines)
            return Rendered(cut_html(f"<b>{escape(head)}</b>\n{body}"), buttons=self._buttons(items))
        asks = FAMILIES[message.notification.kind] != NEWS
        link = self._renderer.link(message) if asks else ""
        answer = ["", word(message.person.language, "email.link", link=link)] if link else []
        return Rendered("\n".join([head, "", *lines, *answer]), subject=one_line(head, 180), link=link,
                        html=mail_page(message.person.language, [head, *lines], link,
                                       word(message.person.language, "email.button")))

    def _head(self, items: Sequence[Item]) -> str:
        message = items[0].message
        language, family = message.person.language, FAMILIES[message.notification.kind]
        worst = max((item.message.notification.severity for item in items), key=RANK.__getitem__)
        marks = list(dict.fromkeys(mark for item in items for mark in self._renderer.marks(item.message)))
        title = word(language, f"bundle.{family}", count=len(items))
        said = title if family == NEWS else f"{word(language, f'severity.{worst}')}. {title}"
        return " ".join([*(f"{mark}." for mark in marks), said])

    def _line(self, place: int, item: Item) -> str:
        names = self._names(item)
        said = self._said(item, names, LONGEST_LINE)
        if item.taken:
            notification, language = item.message.notification, item.message.person.language
            name = word(language, "reference.who") if notification.content else who(item.message.content, item.taker)
            return f"{place}. ✓ {said}" + (f" ({name})" if name else "")
        happened = f", {names['happened']}" if names["happened"] else ""
        return f"{place}. {names['severity']}: {said}{happened}"

    def _said(self, item: Item, names: dict[str, Any], longest: int) -> str:
        say = cut(str(names["say"]), longest)
        if FAMILIES[item.message.notification.kind] != NEWS:
            return say
        why = ", ".join(part for part in (names.get("how"), names.get("who")) if part)
        return f"{names['what']}: {say}" + (f" ({why})" if why else "")

    def _names(self, item: Item) -> dict[str, Any]:
        return self._renderer.names(item.message)

    def _buttons(self, items: Sequence[Item]) -> tuple[Button, ...]:
        message = items[0].message
        family, language = FAMILIES[message.notification.kind], message.person.language
        if family == NEWS:
            return ()
        lead = min(item.message.notification.id for item in items)
        left = [(place, item) for place, item in enumerate(items, 1) if not item.taken]
        mine = any((item.taker == message.person.id or is_group(message.person.id)) and not item.over for item in items)
        to_all = TO_ALL.get(family, AFTERWARDS) if left else AFTERWARDS if mine else ()
        made = [(word(language, "bundle.all", word=word(language, f"button.{name}")), name,
                 codes.button_token(self._site.secret, lead, name, codes.ALL)) for name in to_all]
        single = "accept" if family == ASK else "resolve"
        made += [(f"{word(language, f'button.{single}')} {place}", single,
                  codes.button_token(self._site.secret, item.message.notification.id, single)) for place, item in left]
        return tuple(made)

    def _sms(self, items: Sequence[Item]) -> Rendered:
        """As many lines as fit, each with its own code; the rest is counted, and answered by "all" as well."""
        message = items[0].message
        language, asks = message.person.language, FAMILIES[message.notification.kind] != NEWS
        shown = [codes.shown_code(self._site.secret, item.message.notification.id, item.message.earlier)
                 if asks else "" for item in items]
        tail = f". {word(language, 'bundle.code', code=shown[0])}" if asks else ""
        lines = [f"{place}) {self._said(item, self._names(item), LONGEST_IN_SMS)}" + (f" [{code}]" if code else "")
                 for place, (item, code) in enumerate(zip(items, shown, strict=True), 1)]
        for count in range(len(lines), 0, -1):
            more = [word(language, "bundle.more", count=len(lines) - count)] if count < len(lines) else []
            text = self._renderer.written(one_line(f"{self._head(items)}. {'; '.join([*lines[:count], *more])}{tail}",
                                                   2000))
            if units(text) <= room(text, MOST_SEGMENTS):
                break
        return Rendered(text, code=shown[0])
