"""Languages: BCP 47 tags, names, scripts, and detecting the language of a text."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtreason.errors import LanguageError

if TYPE_CHECKING:
    import regex
    from lingua import LanguageDetector

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

_NO_LANGUAGE = frozenset({"mis", "mul", "und", "zxx"})
"""Valid tags that do not say which language to write."""

_COMPOUND_NAMES = {
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
        if language and script and language not in _NO_LANGUAGE and "Unknown" not in name:
            normal = found.to_tag()
            scripts = _script_names(script) + (() if found.script else _ALSO_IN.get(language, ()))
            return Language(normal, _COMPOUND_NAMES.get(normal, name), scripts, script not in _UNSPACED)
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
    code = _code_of_country(wanted) or _code_of_name(wanted)
    if code is None:
        match = difflib.get_close_matches(wanted, _names(), n=1, cutoff=0.6)
        if not match:
            return None
        code = _names()[match[0]]
    return code, langcodes.Language.get(code).display_name("en")


def _code_of_name(text: str) -> str | None:
    """Return the code of a language from its name in any language, such as "cantonese" or "deutsch"."""
    import langcodes

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
    codes = sorted(set(_detectable()))
    import langcodes

    return {langcodes.Language.get(c).display_name("en").casefold(): c for c in codes} | {c: c for c in codes}


@functools.cache
def _detectable() -> tuple[str, ...]:
    from lingua import Language as Known

    return tuple(_tag(known) for known in Known.all())


def _tag(known: object) -> str:
    code = str(known.iso_code_639_1.name).lower()  # type: ignore[attr-defined]
    # The library distinguishes the two written standards of Norwegian; people write "no".
    return "no" if code == "nb" else code


def _script_names(code: str) -> tuple[str, ...]:
    """Return Unicode script names for an ISO 15924 code."""
    import langcodes

    if code in _SCRIPTS:
        return _SCRIPTS[code]
    name = _UNICODE_NAMES.get(code) or langcodes.Language.get(f"und-{code}").script_name("en")
    return (name if name in _KNOWN_SCRIPTS else OTHER,)


_KNOWN_SCRIPTS = (
    "Latin", "Han", "Hiragana", "Katakana", "Hangul", "Cyrillic", "Greek", "Arabic", "Hebrew", "Devanagari", "Thai",
    "Bopomofo", "Bengali", "Tamil", "Telugu", "Gujarati", "Gurmukhi", "Kannada", "Malayalam", "Oriya", "Sinhala",
    "Lao", "Khmer", "Myanmar", "Tibetan", "Georgian", "Armenian", "Ethiopic", "Mongolian", "Thaana", "Cherokee",
    "Canadian_Aboriginal", "Tifinagh", "Syriac", "Javanese", "Balinese", "Sundanese", "Ol_Chiki", "Adlam", "Yi",
)  # fmt: skip
"""Unicode names of the scripts that are distinguished."""
OTHER = "Other"
"""Stands for any other script, in `Language.scripts` and in `scripts_of`."""


@functools.cache
def _letter() -> regex.Pattern[str]:
    """Return a pattern that matches one letter, with its script as the name of the group that matched."""
    import regex

    scripts = "|".join(rf"(?P<{name}>\p{{Script={name}}})" for name in _KNOWN_SCRIPTS)
    return regex.compile(
        rf"(?=\p{{L}})(?:{scripts}|(?P<Common>[\p{{Script=Common}}\p{{Script=Inherited}}])|(?P<{OTHER}>.))"
    )


@functools.lru_cache(maxsize=65536)
def _script_of(char: str) -> str:
    """Return the script of a letter by its long Unicode name; "" for what is no letter or has no single script."""
    match = _letter().match(char)
    return "" if match is None or match.lastgroup == "Common" else str(match.lastgroup)


def scripts_of(text: str) -> frozenset[str]:
    """Return the scripts of a text's letters; characters of no single script (digits, "ー") are left out."""
    return frozenset(s for c in set(text) if (s := _script_of(c)))


@functools.cache
def _detector(*tags: str) -> LanguageDetector:
    """Build a detector for these languages, or for all; it reads models from the package when it first needs them.

    For all languages it takes the small models: 0.6 s and 85 MB at first use; the full ones take 8 s and 900 MB.
    """
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
"""In a shared script, the languages of shorter texts are not distinguished."""
SURE = 0.95
"""Confidence, out of 1, that a text in a shared script is in the target language and not in the source language."""
# ASCII only: text without spaces may directly follow an address, and has to be translated. How an
# address begins has a largest length, so that a long word without an address is not read once for each of its letters.
_ADDRESS = re.compile(
    r"[a-z][a-z0-9+.-]{0,30}://[!-~]+|www\.[!-~]+|[\w.+-]{1,64}@[\w-]+\.[\w.-]+", re.ASCII | re.IGNORECASE
)


def already_in(text: str, source: Language, target: Language) -> bool:
    """Whether a segment needs no translation: no letters at all, or already in the target language.

    If it is wrong, it should be wrong only by returning False.
    """
    words = _ADDRESS.sub(" ", text)
    scripts = scripts_of(words)
    if not scripts:
        return True
    if not scripts <= set(target.scripts) or source.primary == target.primary:
        return False
    if not scripts & set(source.scripts):
        return True
    # The detector knows each language only in its first script, and does not recognise Serbian in Latin letters.
    if source.scripts[0] not in scripts or {source.primary, target.primary} - set(_detectable()):
        return False
    if sum(c.isalpha() for c in words) < MIN_LETTERS:
        return False
    confidences = _detector(source.primary, target.primary).compute_language_confidence_values(words)
    return any(_tag(c.language) == target.primary and c.value >= SURE for c in confidences)


_STANDARD = {"nb": "no", "zh-chs": "zh-Hans", "zh-cht": "zh-Hant"}
"""Tags that mean the same as another and that the standard does not replace: people write "no", Microsoft "zh-CHS"."""
_POSIX = re.compile(r"(?:\.[\w-]+)?(?:@(\w+))?$")
_SCRIPT_OF_MODIFIER = {"latin": "Latn", "cyrillic": "Cyrl"}


@dataclass(frozen=True, slots=True)
class _Parts:
    """What decides whether one tag serves for another."""

    tag: str
    language: str
    script: str
    """As the tag says, or else the one that is likely (CLDR, likely subtags)."""
    region: str
    full: str
    """The tag with its likely script and region."""
    bare: bool
    """Whether it names a language only."""


@functools.lru_cache(maxsize=4096)
def _parts(tag: str) -> _Parts | None:
    """Take a tag apart, in any case, with `_` for `-`, or as POSIX writes it ("sr_RS@latin"); None for what is none."""
    import langcodes

    posix = _POSIX.search(tag.strip())
    modifier = _SCRIPT_OF_MODIFIER.get((posix[1] or "").lower()) if posix else None
    text = (tag.strip()[: posix.start()] if posix else tag.strip()).replace("_", "-")
    text = _STANDARD.get(text.lower(), text)
    if not text or len(text) > MAX_SHOWN or not langcodes.tag_is_valid(text):
        return None
    normal = langcodes.standardize_tag(text, macro=True)
    found = langcodes.Language.get(_STANDARD.get(normal, normal))
    language = _STANDARD.get(found.language or "", found.language or "")
    if not language or language in _NO_LANGUAGE:
        return None
    found = found.update_dict({"language": language} | ({"script": modifier} if modifier else {}))
    likely = found.maximize()
    full = f"{language}-{likely.script}-{likely.territory}"
    bare = not found.script and not found.territory
    return _Parts(found.to_tag(), language, likely.script or "", found.territory or "", full, bare)


def best_tag(wanted: str, available: Iterable[str]) -> str | None:
    """Return the tag, as it is written there, that serves best for a wanted one; None where none does.

    In this order: the same tag; one that stands for the same script and region ("zh" and "zh-CN"); the language in the
    script that is asked for, without a region and then with another one; the bare language. Another script never
    serves: zh-TW not for zh-CN, sr-Latn not for sr-Cyrl. What is no tag is passed over.
    """
    return _best_tag(wanted, tuple(available))


@functools.lru_cache(maxsize=4096)
def _best_tag(wanted: str, available: tuple[str, ...]) -> str | None:
    asked = _parts(wanted)
    if asked is None:
        return None
    ranked = [(rank, i) for i, tag in enumerate(available) if (rank := _rank(asked, _parts(tag))) is not None]
    return available[min(ranked)[1]] if ranked else None


def _rank(asked: _Parts, found: _Parts | None) -> int | None:
    """Return how well a tag serves, 0 for best; None where it does not."""
    if found is None or found.language != asked.language:
        return None
    if found.tag == asked.tag:
        return 0
    if found.script != asked.script:
        return 5 if found.bare else None
    if found.full == asked.full:
        return 1
    likely = _parts(found.language)
    return 2 if not found.region else 3 if likely is not None and found.full == likely.full else 4


_QUALIFIED = re.compile(r"(.+?)\s*[(\[]([^()\[\]]+)[)\]]")
_CODE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_VARIANT = re.compile(r"[A-Za-z]{4}|[A-Za-z]{2}|[0-9]{3}")


@functools.lru_cache(maxsize=4096)
def tag_named(text: str) -> str | None:
    """Return the tag that a code or a name stands for, in any language ("de_AT", "German", "Chinese (Taiwan)").

    None for what is neither, and for names of fewer than four Latin letters, which are words as well.
    """
    text = " ".join(text.split())
    if not text or len(text) > MAX_SHOWN:
        return None
    if _CODE.fullmatch(text) and (code := _parts(text)) is not None:
        return code.tag
    known = {name.casefold(): tag for tag, name in _COMPOUND_NAMES.items()}
    name = text.replace("_", " ")
    if name.casefold() in known:
        return known[name.casefold()]
    split = _QUALIFIED.fullmatch(name)
    if split is not None:
        return _with_variant(_code_of_name(split[1]), split[2])
    if len(name) < 4 and name.isascii():
        return None
    first, _, rest = name.partition(" ")
    found = _code_of_name(name)
    # The library also finds a language in "German shepherd", by a part of the name.
    if found is None or not rest or name_in(parse_language(found), "en").casefold() == name.casefold():
        return found
    return _with_variant(_code_of_name(first), rest)


def _with_variant(language: str | None, variant: str) -> str | None:
    """Add a script or a region, by code or English name, to the code of a language; None where it is neither."""
    import langcodes

    if language is None:
        return None
    if _VARIANT.fullmatch(variant) and (found := _parts(f"{language}-{variant}")) is not None:
        return found.tag
    for part in ("script", "territory"):
        try:
            own = langcodes.Language.find_name(part, variant, "en")
        except LookupError:
            continue
        return langcodes.Language.get(language).update_dict(own.to_dict() | {"language": language}).to_tag()
    return language if _code_of_name(variant) == language else None
