"""Languages: BCP 47 tags, names, scripts, and telling which language a text is in."""

from __future__ import annotations

import difflib
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtreason.errors import LanguageError

if TYPE_CHECKING:
    import regex
    from lingua import LanguageDetector

_SCRIPTS: dict[str, tuple[str, ...]] = {
    "Hans": ("Han", "Bopomofo"),
    "Hant": ("Han", "Bopomofo"),
    "Jpan": ("Han", "Hiragana", "Katakana"),
    "Kore": ("Hangul", "Han"),
}
"""Writing systems that use more than one Unicode script."""

_UNSPACED = frozenset({"zh", "yue", "ja", "th", "lo", "km", "my", "bo", "dz"})


@dataclass(frozen=True, slots=True)
class Language:
    """A language that text can be translated from or into."""

    tag: str
    """Normalised BCP 47, such as "zh", "zh-Hant", "pt-BR"."""
    name: str
    """In English."""
    scripts: tuple[str, ...]
    """Unicode scripts that it is written in, by their long names."""
    spaced: bool
    """Whether words are separated by spaces."""

    @property
    def primary(self) -> str:
        """The primary language subtag, "zh" of "zh-Hant"."""
        return self.tag.partition("-")[0]


def parse_language(tag: str) -> Language:
    """Understand a BCP 47 tag, in any case and with `_` for `-`.

    Raises `LanguageError` with the nearest match when the tag is malformed or names no language.
    """
    import langcodes

    text = tag.strip().replace("_", "-")
    if text and langcodes.tag_is_valid(text):
        found = langcodes.Language.get(text)
        name = found.display_name("en")
        known = found.language and langcodes.Language.get(found.language).display_name("en")
        script = found.maximize().script
        if known and not known.startswith("Unknown language") and script:
            normal = found.simplify_script().to_tag()
            return Language(normal, name, _script_names(script), (found.language or "") not in _UNSPACED)
    raise LanguageError(f"unknown language {tag!r}{_suggestion(text)}: expected a BCP 47 code such as en, zh or pt-BR")


def _suggestion(text: str) -> str:
    """Return ", did you mean 'en' (English)?" for the nearest code or English name, or nothing."""
    import langcodes

    names = _names()
    wanted = text.casefold()
    match = difflib.get_close_matches(wanted, names, n=1, cutoff=0.5)
    if not match:
        return ""
    code = names[match[0]]
    return f", did you mean {code!r} ({langcodes.Language.get(code).display_name('en')})?"


@functools.cache
def _names() -> dict[str, str]:
    """Map English names, and codes themselves, to codes: the languages that text can be detected in."""
    codes = sorted(set(_detectable()))
    import langcodes

    return {langcodes.Language.get(c).display_name("en").casefold(): c for c in codes} | {c: c for c in codes}


def _detectable() -> list[str]:
    from lingua import Language as Known

    return [_tag(known) for known in Known.all()]


def _tag(known: object) -> str:
    code = str(known.iso_code_639_1.name).lower()  # type: ignore[attr-defined]
    # The library tells the two written standards of Norwegian apart; people write "no".
    return "no" if code == "nb" else code


def _script_names(code: str) -> tuple[str, ...]:
    """Return Unicode script names for an ISO 15924 code."""
    import langcodes

    if code in _SCRIPTS:
        return _SCRIPTS[code]
    name = langcodes.Language.get(f"und-{code}").script_name("en")
    return (name.split(" ")[0],)


_KNOWN_SCRIPTS = (
    "Latin", "Han", "Hiragana", "Katakana", "Hangul", "Cyrillic", "Greek", "Arabic", "Hebrew", "Devanagari", "Thai",
    "Bopomofo", "Bengali", "Tamil", "Telugu", "Gujarati", "Gurmukhi", "Kannada", "Malayalam", "Oriya", "Sinhala",
    "Lao", "Khmer", "Myanmar", "Tibetan", "Georgian", "Armenian", "Ethiopic", "Mongolian",
)  # fmt: skip


@functools.cache
def _letter() -> regex.Pattern[str]:
    """Return a pattern that matches one letter, with its script as the name of the group that matched."""
    import regex

    scripts = "|".join(rf"(?P<{name}>\p{{Script={name}}})" for name in _KNOWN_SCRIPTS)
    return regex.compile(
        rf"(?=\p{{L}})(?:{scripts}|(?P<Common>[\p{{Script=Common}}\p{{Script=Inherited}}])|(?P<Other>.))"
    )


@functools.lru_cache(maxsize=65536)
def _script_of(char: str) -> str:
    """Return the script of a letter by its long Unicode name; "" for what is no letter or belongs to no one script."""
    match = _letter().match(char)
    return "" if match is None or match.lastgroup == "Common" else str(match.lastgroup)


def scripts_of(text: str) -> frozenset[str]:
    """Return the scripts of a text's letters; what belongs to no one script (digits, "ー") is left out."""
    return frozenset(s for c in set(text) if (s := _script_of(c)))


@functools.cache
def _detector(*tags: str) -> LanguageDetector:
    """Build a detector for these languages, or for all; models are read from the package when first needed."""
    from lingua import Language as Known
    from lingua import LanguageDetectorBuilder

    if tags:
        chosen = [known for known in Known.all() if _tag(known) in tags]
        return LanguageDetectorBuilder.from_languages(*chosen).build()
    return LanguageDetectorBuilder.from_all_languages().with_low_accuracy_mode().build()


def detect_language(text: str) -> Language | None:
    """Guess the language of a text; None when it has no letters."""
    if not scripts_of(text):
        return None
    found = _detector().detect_language_of(text)
    return parse_language(_tag(found)) if found is not None else None


MIN_LETTERS = 12
"""Shorter texts in a shared script are not told apart."""
SURE = 0.95


def already_in(text: str, source: Language, target: Language) -> bool:
    """Whether a segment needs no translation: no letters at all, or already in the target language.

    Meant to be wrong only by saying no.
    """
    import regex

    words = regex.sub(r"\S+://\S+|\S+@\S+\.\S+|www\.\S+", " ", text)
    scripts = scripts_of(words)
    if not scripts:
        return True
    if not scripts <= set(target.scripts) or source.primary == target.primary:
        return False
    if not set(source.scripts) & set(target.scripts):
        return True
    if sum(c.isalpha() for c in words) < MIN_LETTERS or {source.primary, target.primary} - set(_detectable()):
        return False
    confidences = _detector(source.primary, target.primary).compute_language_confidence_values(words)
    return any(_tag(c.language) == target.primary and c.value >= SURE for c in confidences)
