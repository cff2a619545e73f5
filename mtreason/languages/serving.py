"""Which language tag serves for another, and which tag a code or a name stands for."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass

from mtreason.languages.tags import (
    COMPOUND_NAMES,
    MAX_SHOWN,
    NO_LANGUAGE,
    code_of_name,
    is_name,
    name_in,
    parse_language,
)

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
    if not language or language in NO_LANGUAGE:
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
    if not text or len(text) > MAX_SHOWN or not is_name(text):
        return None
    if _CODE.fullmatch(text) and (code := _parts(text)) is not None:
        return code.tag
    known = {name.casefold(): tag for tag, name in COMPOUND_NAMES.items()}
    name = text.replace("_", " ")
    if name.casefold() in known:
        return known[name.casefold()]
    split = _QUALIFIED.fullmatch(name)
    if split is not None:
        return _with_variant(code_of_name(split[1]), split[2])
    if len(name) < 4 and name.isascii():
        return None
    first, _, rest = name.partition(" ")
    found = code_of_name(name)
    # The library also finds a language in "German shepherd", by a part of the name.
    if found is None or not rest or name_in(parse_language(found), "en").casefold() == name.casefold():
        return found
    return _with_variant(code_of_name(first), rest)


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
    return language if code_of_name(variant) == language else None
