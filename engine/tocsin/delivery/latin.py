"""Latin letters for Cyrillic ones, by the Ukrainian table of 2010; a site may choose it for its SMS."""

_STARTS = {"є": "ye", "ї": "yi", "й": "y", "ю": "yu", "я": "ya"}
_INSIDE = {
    "а": "a", "б": "b", "в": "v", "г": "h", "ґ": "g", "д": "d", "е": "e", "є": "ie", "ж": "zh", "з": "z", "и": "y",
    "і": "i", "ї": "i", "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s",
    "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ь": "", "ю": "iu",
    "я": "ia", "ё": "io", "ъ": "", "ы": "y", "э": "e",
}
_APOSTROPHES = "'’ʼ"


def latin(text: str) -> str:
    """The text in Latin letters: Згурський → Zghurskyi, Щастя → Shchastia."""
    made: list[str] = []
    before = ""
    for index, letter in enumerate(text):
        small = letter.lower()
        if small in _APOSTROPHES and before.isalpha() and text[index + 1:index + 2].lower() in "єїюя":
            continue
        found = _STARTS.get(small) if not before.isalpha() else None
        found = _INSIDE.get(small) if found is None else found
        if found is None:
            made.append(letter)
        else:
            if small == "г" and before.lower() == "з":
                found = "gh"
            after = text[index + 1:index + 2]
            shouting = letter.isupper() and (after.isupper() or (not after.isalpha() and before.isupper()))
            made.append(found.upper() if shouting else found.capitalize() if letter.isupper() else found)
        before = letter
    return "".join(made)
