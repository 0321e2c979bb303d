"""templates/: the files <message>/<channel>.<language>.j2 by which a site says things in its own words."""

import re

from tocsin.book.people import LANGUAGES
from tocsin.book.report import Report
from tocsin.book.template import fault_of
from tocsin.domain.errors import Location
from tocsin.domain.notification import CHANNELS, KINDS

MESSAGES = (*KINDS, "default")
WAYS = (*CHANNELS, "any")
_NAME = re.compile(r"templates/([^/]+)/([^/.]+)\.([^/.]+)\.j2")


def read_name(place: str, report: Report) -> str:
    """The name "<message>/<channel>.<language>" of a template file; "" when it would never be used."""
    found = _NAME.fullmatch(place)
    if found is None:
        report.error(Location(place), "a template is called <message>/<channel>.<language>.j2, such as "
                     "page/telegram.uk.j2")
        return ""
    before = len(report.findings)
    for what, word, known in zip(("the message", "the channel", "the language"), found.groups(),
                                 (MESSAGES, WAYS, LANGUAGES), strict=True):
        if word not in known:
            report.unknown(Location(place), f"in the name of this template {what}", word, known)
    return "" if len(report.findings) > before else f"{found[1]}/{found[2]}.{found[3]}"


def read_source(place: str, body: bytes, report: Report) -> str | None:
    """The source of a template that can be filled; None when it cannot, and the report says why and where."""
    try:
        source = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        report.error(Location(place), "this is not UTF-8: save the template with the encoding UTF-8")
        return None
    fault = fault_of(source)
    if fault is None:
        return source
    report.open(place, source)
    where = report.find(Location(place, fault.line, 1), fault.piece)
    report.error(where, fault.text, report.replaced(where, fault.piece, fault.instead) if fault.instead else "")
    return None
