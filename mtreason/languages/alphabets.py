"""The letters with which languages are written, beyond a to z: a text with others is hardly in them.

Letters of frequent loan words (café, über, señor) count for all languages of the west.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_WEST = "áàâäãåæçéèêëíìîïñóòôöõøœúùûüýÿßªº"
_RUSSIAN = "абвгдежзийклмнопрстуфхцчшщъыьэюяё"
_SOUTH = "абвгдежзиклмнопрстуфхцчшјљњџ"
_LATIN = {
    "bs": "čćđšž", "ca": "ŀ", "cs": "čďěňřšťůž", "da": "", "de": "", "en": "", "es": "", "et": "šž", "fi": "šž",
    "fr": "", "hr": "čćđšž", "hu": "őű", "id": "", "is": "ðþ", "it": "", "lt": "ąčęėįšųūž", "lv": "āčēģīķļņšūž",
    "ms": "", "nl": "ĳ", "no": "", "pl": "ąćęłńśźż", "pt": "", "ro": "ăâîșțşţ", "sk": "čďľĺňŕšťž", "sl": "čšž",
    "sq": "", "sr": "čćđšž", "sv": "", "tr": "ğışi̇",
}  # fmt: skip
_CYRILLIC = {
    "be": "абвгдежзйклмнопрстуфхцчшыьэюяёіў", "bg": "абвгдежзийклмнопрстуфхцчшщъьюя", "kk": _RUSSIAN + "әғқңөұүһі",
    "mk": _SOUTH + "ѓќѕ", "mn": _RUSSIAN + "өү", "ru": _RUSSIAN, "sr": _SOUTH + "ђћ",
    "uk": "абвгдежзийклмнопрстуфхцчшщьюяієїґ",
}  # fmt: skip
_ALPHABETS = {code: frozenset(own + _WEST) for code, own in _LATIN.items()}
_ALPHABETS |= {code: frozenset(own) for code, own in _CYRILLIC.items()}
_NEEDED = {"kk": frozenset("әғқңөұүһ"), "mn": frozenset("өү")}
"""Letters of which a text of some length has at least one."""
_SOME_LENGTH = 25


def _foreign(words: Iterable[str]) -> frozenset[str]:
    """Return the languages that are not written with the letters of these words."""
    letters = frozenset(char for word in words for char in word.lower() if char.isalpha() and not char.isascii())
    return frozenset(code for code, own in _ALPHABETS.items() if letters - own)


def ruled_out(words: Sequence[str]) -> frozenset[str]:
    """Return the languages that a text can hardly be in; words that begin with a capital letter may be names."""
    letters = frozenset("".join(words).lower())
    lacking = {code for code, some in _NEEDED.items() if not letters & some and sum(map(len, words)) >= _SOME_LENGTH}
    return _foreign(word for word in words if word[:1].islower()) | lacking


def doubtful(words: Sequence[str]) -> frozenset[str]:
    """Return the languages that a text is in only if the words that begin with a capital letter are names."""
    return _foreign(words)


def written_with(words: Sequence[str]) -> frozenset[str]:
    """Return the languages that are written with letters of a text beyond a to z; none for a text without any."""
    letters = frozenset(char for word in words for char in word.lower() if char.isalpha() and not char.isascii())
    return frozenset(code for code, own in _ALPHABETS.items() if letters and letters <= own) - ruled_out(words)
