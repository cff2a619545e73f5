"""The dictionary form of a word: simplemma's tables, which ship in its wheel, and two regular English endings.

The English table takes about 0.2 s and 35 MB, so it is loaded on first use.
"""

from collections.abc import Iterator
from functools import cache, lru_cache

_ENGLISH = {
    "bent": "bend", "bit": "bite", "broke": "break", "felt": "feel", "left": "leave", "rose": "rise", "shook": "shake",
    "shot": "shoot", "swore": "swear", "thought": "think", "won": "win", "playing": "play",
    "during": "during", "evening": "evening", "morning": "morning",
}  # fmt: skip
"""Past forms that the table wrongly takes for other words, and words in -ing that are not forms of verbs."""


@cache
def lemma_languages() -> frozenset[str]:
    """Return the languages whose words have lemmas here, by their primary codes."""
    from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES

    return frozenset(SUPPORTED_LANGUAGES)


@lru_cache(maxsize=65536)
def lemma(word: str, language: str) -> str:
    """Return the lemma of a word in lower case; `language` is a primary code in `lemma_languages`."""
    import simplemma

    found: str = simplemma.lemmatize(word, lang=language).lower()
    if language == "en" and word in _ENGLISH:
        return _ENGLISH[word]
    if language == "en" and found == word:
        # The table lists gerunds as nouns of their own, and does not list new words such as "influencers" at all.
        found = next((stem for stem in _regular_stems(word) if simplemma.is_known(stem, lang="en")), found)
        if found == word and len(word) > 3 and word.endswith("s") and not simplemma.is_known(word, lang="en"):
            found = word[:-1]
    return found


def _regular_stems(word: str) -> Iterator[str]:
    """Yield the possible base forms of an English verb, given its form in -ing."""
    stem = word.removesuffix("ing")
    if stem == word or len(stem) < 3:
        return
    if stem[-1] == stem[-2] and stem[-1] not in "ls":
        yield stem[:-1]
    yield stem
    yield f"{stem}e"
