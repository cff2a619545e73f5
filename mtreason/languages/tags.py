"""Languages: BCP 47 tags, their names, and the scripts they are written in."""

from __future__ import annotations

import difflib
import functools
from dataclasses import dataclass

from mtreason.errors import LanguageError
from mtreason.languages.detectors import detectable
from mtreason.languages.scripts import KNOWN_SCRIPTS, OTHER

_SCRIPTS: dict[str, tuple[str, ...]] = {
    "Hani": ("Han", "Bopomofo"),
    "Hans": ("Han", "Bopomofo"),
    "Hant": ("Han", "Bopomofo"),
    "Jpan": ("Han", "Hiragana", "Katakana"),
    "Kore": ("Hangul", "Han"),
}
"""Writing systems whose code is not a Unicode script, or that use more than one script."""

_UNICODE_NAMES = {"Beng": "Bengali", "Cans": "Canadian_Aboriginal", "Olck": "Ol_Chiki", "Orya": "Oriya"}
"""Codes of living scripts whose English name is not their Unicode name."""

_ALSO_IN = {"sr": ("Latin",)}
"""Languages that are also written in a second script, unless the tag names one."""

_UNSPACED = frozenset({"Hani", "Hans", "Hant", "Jpan", "Khmr", "Laoo", "Mymr", "Thai", "Tibt"})
"""Writing systems without spaces between words; so pinyin ("zh-Latn") has spaces and Wu does not."""

_RIGHT_TO_LEFT = frozenset({"Adlam", "Arabic", "Hebrew", "Mandaic", "Nko", "Samaritan", "Syriac", "Thaana"})
"""Scripts of living languages, by their Unicode names."""

NO_LANGUAGE = frozenset({"mis", "mul", "und", "zxx"})
"""Valid tags that do not say which language to write."""

COMPOUND_NAMES = {
    "de-AT": "Austrian German", "de-CH": "Swiss High German", "en-AU": "Australian English",
    "en-CA": "Canadian English", "en-GB": "British English", "en-US": "American English",
    "es-419": "Latin American Spanish", "es-ES": "European Spanish", "es-MX": "Mexican Spanish",
    "fr-CA": "Canadian French", "fr-CH": "Swiss French", "pt-BR": "Brazilian Portuguese",
    "pt-PT": "European Portuguese", "zh-Hans": "Simplified Chinese", "zh-Hant": "Traditional Chinese",
}  # fmt: skip
"""Names from CLDR; langcodes only composes names ("Portuguese (Brazil)"). Prompts contain these names."""


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

    @property
    def right_to_left(self) -> bool:
        """Whether its lines begin at the right."""
        return self.scripts[0] in _RIGHT_TO_LEFT


@dataclass(frozen=True, slots=True)
class Direction:
    """The source language and the target language."""

    source: Language
    target: Language


def name_in(language: Language, tag: str) -> str:
    """Return the name of a language in another language, given by its code; in English for a code without names."""
    if tag == "en":
        return language.name
    import langcodes

    return langcodes.Language.get(language.tag).display_name(tag)


def parse_language(tag: str) -> Language:
    """Parse a BCP 47 tag, in any case and with `_` for `-`.

    Raises `LanguageError` with the nearest match when the tag is malformed or names no language.
    """
    import langcodes

    text = tag.strip().replace("_", "-")
    if text and langcodes.tag_is_valid(text):
        found = langcodes.Language.get(text).simplify_script()
        language = found.language or ""
        name = found.display_name("en")
        script = found.maximize().script
        # Unassigned parts pass as valid ("xx", "en-XX"), but have no names.
        if language and script and language not in NO_LANGUAGE and "Unknown" not in name:
            normal = found.to_tag()
            scripts = _script_names(script) + (() if found.script else _ALSO_IN.get(language, ()))
            return Language(normal, COMPOUND_NAMES.get(normal, name), scripts, script not in _UNSPACED)
    shown = tag if len(tag) <= MAX_SHOWN else tag[:MAX_SHOWN] + "…"
    near = _nearest(text)
    hint = f"did you mean {near[0]!r} ({near[1]})?" if near else "expected a BCP 47 code such as en, zh or pt-BR"
    raise LanguageError(f"unknown language {shown!r}: {hint}")


MAX_SHOWN = 40
"""How many characters of a wrong code its error repeats."""


def _nearest(text: str) -> tuple[str, str] | None:
    """Return code and English name of the language that may be meant: by name, by country, or after a typing error."""
    import langcodes

    wanted = text.casefold()
    if not 2 <= len(wanted) <= MAX_SHOWN:
        return None
    code = _code_of_country(wanted) or code_of_name(wanted)
    if code is None:
        match = difflib.get_close_matches(wanted, _names(), n=1, cutoff=0.6)
        if not match:
            return None
        code = _names()[match[0]]
    return code, langcodes.Language.get(code).display_name("en")


def is_name(text: str) -> bool:
    """Whether a text may be looked up as a name: with a NUL the table of the library gives back other bytes of it."""
    return "\0" not in text


def code_of_name(text: str) -> str | None:
    """Return the code of a language from its name in any language, such as "cantonese" or "deutsch"."""
    import langcodes

    if not is_name(text):
        return None
    try:
        return langcodes.find(text).to_tag()
    except LookupError:
        return None


def _code_of_country(text: str) -> str | None:
    """Return the main language of a country code taken for a language code ("jp", "cn", "gr")."""
    import langcodes

    if len(text) != 2 or not text.isascii() or not text.isalpha():
        return None
    country = langcodes.Language.get(f"und-{text}")
    if "Unknown" in country.territory_name("en"):
        return None
    return country.maximize().language


@functools.cache
def _names() -> dict[str, str]:
    """Map English names, and the codes themselves, to codes of the languages that can be detected."""
    codes = sorted(set(detectable()))
    import langcodes

    return {langcodes.Language.get(c).display_name("en").casefold(): c for c in codes} | {c: c for c in codes}


def _script_names(code: str) -> tuple[str, ...]:
    """Return Unicode script names for an ISO 15924 code."""
    import langcodes

    if code in _SCRIPTS:
        return _SCRIPTS[code]
    name = _UNICODE_NAMES.get(code) or langcodes.Language.get(f"und-{code}").script_name("en")
    return (name if name in KNOWN_SCRIPTS else OTHER,)
