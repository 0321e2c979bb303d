"""Number plates: written with letters that look alike in two alphabets, with spaces or without, they are the same."""

_ALIKE = dict(zip("АВЕІКМНОРСТУХавеікмнорстух", "ABEIKMHOPCTYX" * 2, strict=True))
_LETTERS = str.maketrans(_ALIKE)
_BETWEEN = str.maketrans("", "", " \t\u00a0\u2007\u202f-‐‑‒–—.·")


def alike_letters(text: str) -> str:
    """The text with every Cyrillic letter that looks like a Latin one written in Latin capitals; else as it was."""
    return text.translate(_LETTERS)


def fold_plate(text: str) -> str:
    """The form by which plates are compared: Latin capitals where letters look alike, nothing between the characters.

    ``ан 1234-вс`` and ``AH1234BC`` are one plate.
    """
    return text.upper().translate(_LETTERS).translate(_BETWEEN)
