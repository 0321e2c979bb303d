"""Patterns of matches: RE2 expressions, and ``like`` with * for any characters."""

import re
from typing import Any

import re2

MAX_PATTERN = 1000
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_LOOK_AROUND = re.compile(r"\(\?<?[=!]")
_BACK_REFERENCE = re.compile(r"\\[1-9]|\(\?P=|\\k<")


def compile_pattern(text: str) -> Any:
    """The compiled RE2 expression; ValueError with a sentence that says why it is refused."""
    if len(text) > MAX_PATTERN:
        raise ValueError(f"the pattern has {len(text)} characters, more than {MAX_PATTERN}")
    try:
        return re2.compile(text, _OPTIONS)
    except re2.error as error:
        reason = error.args[0] if error.args else "it is malformed"
        said = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    if _LOOK_AROUND.search(text):
        raise ValueError("the pattern uses look-around, (?=…), (?!…) or the like, which is not available (RE2): say it "
                         "with none: [{…}] or a second condition")
    if _BACK_REFERENCE.search(text):
        raise ValueError("the pattern uses a back-reference such as \\1, which is not available (RE2): write the "
                         "repeated part out")
    raise ValueError(f"the pattern is malformed: {said}")


def like_pattern(text: str) -> Any:
    """The compiled form of ``like``: ``*`` is any characters, ``?`` one, everything else is itself."""
    wild = {"*": ".*", "?": "."}
    return re2.compile("(?s)" + "".join(wild.get(char) or re2.escape(char) for char in text), _OPTIONS)
