"""Variants of Chinese: Simplified and Traditional letters, told apart and converted.

Conversion is OpenCC's. A letter counts as simplified where OpenCC would change it for every place that writes
Traditional Chinese and it is not among the frequent ones of Big5 (level 1), so that letters which both sides write
(后, 里, 台) belong to neither; as traditional where OpenCC would simplify it and GB 2312 does not have it.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from mtreason.characters import has_half_pair
from mtreason.languages.tags import Language

if TYPE_CHECKING:
    from opencc import OpenCC

SIMPLIFIED, TRADITIONAL, JAPANESE = "Hans", "Hant", "Jpan"
"""Codes of ISO 15924."""
_PROFILES = {"TW": "s2twp", "HK": "s2hk", "MO": "s2hk"}
"""Region -> the profile of OpenCC that writes its letters; that of Taiwan also has its words."""
_OTHERWISE = "s2tw"
"""For Traditional Chinese of no region: the letters of Taiwan, as CLDR assumes, but not its words."""
_LETTERS = (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))
"""The Han letters that programs of all kinds can show."""
_BIG5_FREQUENT = range(0xA440, 0xC67F)
"""Level 1 of Big5, the frequent letters; level 2 has old letters that look like simplified ones (机, 体, 万)."""


@functools.cache
def variant_of(language: Language) -> str:
    """Return the script that a language with Han letters is written in, by ISO 15924; "" for all other languages."""
    import langcodes

    script = langcodes.Language.get(language.tag).maximize().script or ""
    return script if script in {SIMPLIFIED, TRADITIONAL, JAPANESE} else ""


def is_regional(language: Language) -> bool:
    """Whether a tag names a region whose writing cannot be told from that of others.

    Mainland China and Singapore write what any tag of Simplified Chinese means.
    """
    regions = {part for part in language.tag.split("-")[1:] if len(part) in {2, 3} and not part.islower()}
    return bool(regions - ({"CN", "SG", "MY"} if variant_of(language) == SIMPLIFIED else set()))


@functools.cache
def _opencc(profile: str) -> OpenCC:
    from opencc import OpenCC

    return OpenCC(profile)


def _one_by_one(profile: str, letters: str) -> str:
    """Convert letters without regard to their neighbours."""
    return str(_opencc(profile).convert("\n".join(letters))).replace("\n", "")


def _in_charset(letter: str, charset: str) -> bool:
    try:
        letter.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _is_frequent_in_big5(letter: str) -> bool:
    return _in_charset(letter, "big5") and int.from_bytes(letter.encode("big5"), "big") in _BIG5_FREQUENT


@functools.cache
def simplified_letters() -> frozenset[str]:
    """Return the letters that only Simplified Chinese has (and for some of them Japanese)."""
    letters = "".join(map(chr, _LETTERS))
    ways = [_one_by_one(profile, letters) for profile in ("s2t", _OTHERWISE, "s2hk")]
    changed = {own for own, *others in zip(letters, *ways, strict=True) if own not in others}
    return frozenset(letter for letter in changed if not _is_frequent_in_big5(letter))


@functools.cache
def traditional_letters() -> frozenset[str]:
    """Return the letters that only Traditional Chinese has (and for some of them Japanese)."""
    letters = "".join(map(chr, _LETTERS))
    changed = {own for own, other in zip(letters, _one_by_one("t2s", letters), strict=True) if own != other}
    return frozenset(letter for letter in changed if not _in_charset(letter, "gb2312")) - simplified_letters()


@functools.cache
def _foreign_to(variant: str) -> frozenset[str]:
    """Return the Han letters that texts in a variant do not have."""
    if variant == TRADITIONAL:
        return simplified_letters()
    if variant == SIMPLIFIED:
        return traditional_letters()
    if variant == JAPANESE:
        return frozenset(letter for letter in simplified_letters() if not _in_charset(letter, "cp932"))
    return frozenset()


def other_letters(text: str, language: Language) -> frozenset[str]:
    """Return the letters of a text that belong to another variant than the language is written in."""
    if text.isascii() or not (variant := variant_of(language)):
        return frozenset()
    return _foreign_to(variant) & frozenset(text)


def written_variant(text: str) -> str:
    """Return the variant of Chinese that a text is written in: "Hans" or "Hant".

    Returns "" where it has letters of neither, or as many of the one as of the other.
    """
    simple = sum(letter in simplified_letters() for letter in text)
    traditional = sum(letter in traditional_letters() for letter in text)
    return "" if simple == traditional else SIMPLIFIED if simple > traditional else TRADITIONAL


def to_variant(text: str, language: Language) -> str:
    """Return a Chinese text without letters of the variant that the language is not written in.

    A text that is written in the right variant already stays as it is, and so does one in another language.
    """
    variant = variant_of(language)
    if variant not in {SIMPLIFIED, TRADITIONAL} or text.isascii() or has_half_pair(text):
        return text
    wrong = other_letters(text, language)
    if variant == SIMPLIFIED:
        return _converted(text, "t2s", wrong) if wrong else text
    # Letters that both variants have may still be simplified (听 for 聽), unless the text shows that they are not.
    if not wrong and traditional_letters() & frozenset(text):
        return text
    region = next((part for part in language.tag.split("-")[1:] if part in _PROFILES), "")
    return _converted(text, _PROFILES.get(region, _OTHERWISE), wrong)


def _converted(text: str, profile: str, wrong: frozenset[str]) -> str:
    """Convert words, and then by itself each letter that no rule for words has changed."""
    converted = str(_opencc(profile).convert(text))
    rest = wrong & frozenset(converted)
    return converted.translate({ord(own): _one_by_one(profile, own) for own in rest}) if rest else converted
