"""Words: what the engine itself says, in every language that a person may have."""

from tocsin.delivery.words_en import EN
from tocsin.delivery.words_ru import RU
from tocsin.delivery.words_uk import UK

WORDS = {"uk": UK, "ru": RU, "en": EN}
FALLBACK = "en"


def word(language: str, phrase: str, /, **values: object) -> str:
    """The phrase with its values put in; English for a language that is not shipped."""
    text = WORDS.get(language, WORDS[FALLBACK])[phrase]
    return text.format(**values) if values else text


def known(language: str, name: str) -> str | None:
    """The phrase, None when there is none of this name."""
    return WORDS.get(language, WORDS[FALLBACK]).get(name)
