"""What a channel reports about itself: a word and a sentence for the people who run the site."""

import logging
from collections.abc import Callable

Report = Callable[[str, str], None]
"""Takes ``what`` happened (a word such as ``conflict``) and the sentence that says what to do."""


def to_log(what: str, sentence: str) -> None:
    """The default report."""
    logging.getLogger("tocsin.channels").warning("%s: %s", what, sentence)
