"""Spoken answers: what a person wrote back by SMS, in any of the three languages."""

import re

from msgspec import Struct

from tocsin.delivery.codes import LONGEST, SHORTEST
from tocsin.domain.time import HOUR, MINUTE

STOP = frozenset({"stop", "stopall", "unsubscribe", "стоп"})
START = frozenset({"start", "unstop", "старт"})
READ = "1"

_CODE = re.compile(rf"(?<!\d)\d{{{SHORTEST},{LONGEST}}}(?!\d)")
_ETA = re.compile(r"(?<!\d)(\d{1,3})\s*(?:(хв|мин|min|m|м)|(год|час|hour|h|ч))")
_ALL = re.compile(r"\b(?:усі|всі|усе|все|всё|all|everything)\b")
_NOT = re.compile(r"\b(?:не|ні|нет|no|not|cannot|can't|cant|decline|відмова|отказ)\b")
_WORDS = (
    ("false_alarm", re.compile(r"\b(?:хибн\w*|ложн\w*|false)\b")),
    ("resolve", re.compile(r"\b(?:завершено|завершив|завершила|закрито|закрыто|готово|done|resolved?|closed?)\b")),
    ("arrived", re.compile(r"\b(?:на місці|на месте|прибу\w+|прибы\w+|arrived|on scene|on the scene)\b")),
    ("accept", re.compile(r"\b(?:прийня\w+|приймаю|приня\w+|принимаю|беру|їду|еду|виїжджа\w+|выезжа\w+|так|да|ок|"
                          r"ok|okay|yes|take|taken|taking|accept\w*|coming|going)\b")),
)


class Spoken(Struct, frozen=True):
    """``code`` "" when no digits were written; ``word`` None when what stands beside the code is not understood.

    ``eta`` is microseconds from now. ``all`` means everything that stood in the list together with the code.
    """

    code: str = ""
    word: str | None = None
    eta: int | None = None
    all: bool = False


def understand(text: str) -> Spoken:
    """What the text says. A bare code, or one with "all", acknowledges; a "not" never takes anything."""
    low = " ".join(text.replace("’", "'").lower().split())
    found = _CODE.search(low)
    code = found[0] if found else ""
    rest = (low[:found.start()] + " " + low[found.end():]) if found else low
    eta = _eta(rest)
    whole = _ALL.search(rest) is not None
    bare = not re.sub(r"[\W_]+", "", _ALL.sub("", rest))
    return Spoken(code, "acknowledge" if bare and code else _word(rest), eta, whole)


def _word(rest: str) -> str | None:
    words = [word for word, pattern in _WORDS if pattern.search(rest)]
    if _NOT.search(rest):
        return "decline" if words in ([], ["accept"]) else None
    return words[0] if words else None


def _eta(rest: str) -> int | None:
    found = _ETA.search(rest)
    if found is None:
        return None
    return int(found[1]) * (MINUTE if found[2] else HOUR)
