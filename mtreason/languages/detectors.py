"""Lingua's detectors, asked in two stages: its small models for all languages, its large ones for the few likely ones.

The small models take 0.6 s and 60 MB at first use. The large ones of all languages would take 8 s and 900 MB, so only
those of the languages are read that the small ones leave (15 to 30 MB each), and only for texts that are short or
doubtful.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mtreason.languages.alphabets import doubtful, ruled_out, written_with

if TYPE_CHECKING:
    from lingua import LanguageDetector

LIKELY = frozenset({
    "ar", "bg", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id", "it", "ja", "ko",
    "nl", "no", "pl", "pt", "ro", "ru", "sk", "sv", "th", "tr", "uk", "vi", "zh",
})  # fmt: skip
"""Languages that documents are most often in."""
LESS_LIKELY = frozenset({
    "be", "bn", "bs", "ca", "et", "is", "lt", "lv", "mk", "mr", "ms", "sl", "sq", "sr", "ta", "te", "ur",
})  # fmt: skip
"""Those that come next; all others are rare."""
WEIGHT_LESS, WEIGHT_RARE = 0.1, 0.01
"""What a language counts beside a likely one before the text is read: without it short texts and names are Xhosa."""
FEW = 8
"""For so many languages the large models are asked."""
SETTLED = 0.99
"""Where the small models give so much to one language of a text of `LONG` letters, the large ones are not asked."""
LONG = 60
SMALL, LARGE = 0.5, 2.0
"""Exponents of what the small and the large models say. Chosen with benchmarks/detection.py: the large models average
over n-grams of five lengths, which makes them too modest."""
LEAST = 1e-3
"""No single n-gram that was never seen rules a language out."""
IF_NAMES = 0.05
"""What a language counts whose alphabet lacks letters of words that may be names."""
SIBLINGS = (frozenset({"no", "nn"}), frozenset({"bs", "hr", "sr"}), frozenset({"id", "ms"}))
"""Languages that a short text may be in as well as in the next one; they count together."""


@functools.cache
def detectable() -> tuple[str, ...]:
    """Return the codes of the languages that can be detected."""
    from lingua import Language as Known

    return tuple(code_of(known) for known in Known.all())


def code_of(known: object) -> str:
    """Return the code of one of lingua's languages."""
    code = str(known.iso_code_639_1.name).lower()  # type: ignore[attr-defined]
    # The library distinguishes the two written standards of Norwegian; people write "no".
    return "no" if code == "nb" else code


@functools.cache
def detector(*codes: str) -> LanguageDetector:
    """Build a detector with large models for these languages, or one with small models for all."""
    from lingua import Language as Known
    from lingua import LanguageDetectorBuilder

    if codes:
        chosen = [known for known in Known.all() if code_of(known) in codes]
        return LanguageDetectorBuilder.from_languages(*chosen).build()
    return LanguageDetectorBuilder.from_all_languages().with_low_accuracy_mode().build()


def prior(code: str) -> float:
    """Return what a language counts before the text is read."""
    return 1.0 if code in LIKELY else WEIGHT_LESS if code in LESS_LIKELY else WEIGHT_RARE


def confidences(words: str, codes: Sequence[str] = ()) -> dict[str, float]:
    """Return the confidence of each language, 0 to 1, their sum 1, without any prior; for `codes`, by large models."""
    values = detector(*sorted(codes)).compute_language_confidence_values(words)
    found = {code_of(value.language): float(value.value) for value in values}
    total = sum(found.values())
    return {code: value / total for code, value in found.items()} if total else {}


@functools.lru_cache(maxsize=4096)
def likely(words: str, *, even: bool = False) -> tuple[tuple[str, float], ...]:
    """Return languages with their probabilities, the first the most probable; none where lingua knows nothing.

    `even` gives every language the same prior.
    """
    small = _weighed(confidences(words), even)
    if not small:
        return ()
    first = _first(small, words.split(), even)
    if len(first) == 1 or (len(words) >= LONG and next(iter(first.values())) >= SETTLED):
        return tuple(first.items())
    large = _weighed(confidences(words, [*first]), even)
    both = {code: value**SMALL * (large.get(code, 0.0) + LEAST) ** LARGE for code, value in first.items()}
    for code in doubtful(words.split()) & both.keys():
        both[code] *= IF_NAMES
    total = sum(both.values())
    return tuple(sorted(((code, value / total) for code, value in both.items()), key=lambda pair: -pair[1]))


def _first(small: dict[str, float], words: Sequence[str], even: bool) -> dict[str, float]:
    """Return the languages that the small models leave, the likeliest first, without those of another alphabet.

    Where that leaves none, they knew none of the right alphabet, and those that have it are taken.
    """
    out = ruled_out(words)
    left = {code: value for code, value in small.items() if value > 0 and code not in out}
    left = left or _weighed(dict.fromkeys(sorted(written_with(words)), 1.0), even) or small
    total = sum(left.values())
    ranked = sorted(((code, value / total) for code, value in left.items() if value > 0), key=lambda pair: -pair[1])
    return dict(ranked[:FEW])


def _weighed(found: dict[str, float], even: bool) -> dict[str, float]:
    weighed = {code: value * (1.0 if even else prior(code)) for code, value in found.items()}
    total = sum(weighed.values())
    return {code: value / total for code, value in weighed.items()} if total else {}
