"""What writing marks where words are not separated: titles, quoted words, Latin letters, numbers with a meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mtreason.glossary.proposals.function_words import function_words, may_be_term
from mtreason.glossary.proposals.proposal import NAME, NEW, Found
from mtreason.glossary.proposals.text import BREAK, words_only
from mtreason.glossary.words.lemma import is_known

_LATIN = re.compile(r"(?<![A-Za-z0-9À-ɏ])[A-Za-zÀ-ɏ][A-Za-z0-9À-ɏ'’.&+#-]*(?: [A-Za-zÀ-ɏ0-9][A-Za-z0-9À-ɏ'’.&+#-]*)*")
_TITLE = re.compile(r"《([^《》\n]{1,40})》|『([^『』\n]{2,40})』")
_QUOTED = re.compile(r"(?<![：:，,、道说問问喊叫答])[「“\"]([^「」“”\"\n。！？!?，,；;…的了地]{2,8})[」”\"](?![とっ])")
_COUNTED = "%％元块个位名年月日号人件份台分秒米天条集万千百亿"
_REPEATED = re.compile(rf"(?<![A-Za-z0-9_.,:/¥$￥+-])(?:([1-9])\1{{2,}}|23{{2,}})(?!\d|[.,:/-]\d|[{_COUNTED}])")
_MOST_LATIN = 6
"""Words in a run of Latin letters; more are a sentence."""


def find_marked(segments: Sequence[str], primary: str) -> list[Found]:
    """Return titles, what is quoted, and numbers that are said for their sound (666)."""

    def places() -> Iterator[tuple[str, str, int]]:
        for i, text in enumerate(map(words_only, segments)):
            for match in _TITLE.finditer(text):
                yield (match[1] or match[2]).strip(), NAME, i
            for match in _QUOTED.finditer(text):
                own = match[1].strip()
                if BREAK not in own and any(map(str.isalpha, own)) and may_be_term(own, primary):
                    yield own, NEW, i
            for match in _REPEATED.finditer(text):
                yield match[0], NEW, i

    return gathered(places())


def find_latin(segments: Sequence[str]) -> list[Found]:
    """Return runs of Latin letters: with capitals names, in small letters words that English does not have."""

    def places() -> Iterator[tuple[str, str, int]]:
        for i, text in enumerate(segments):
            for match in _LATIN.finditer(words_only(text)):
                run = match[0].rstrip(".'’&- ")
                words = run.split(" ")
                if len(run) < 2 or len(words) > _MOST_LATIN or _is_sentence(words):
                    continue
                if run != run.lower():
                    yield run, NAME, i
                elif not all(len(word) < 2 or is_known(word, "en") for word in words):
                    yield run, NEW, i

    return gathered(places())


def _is_sentence(words: Sequence[str]) -> bool:
    """Whether words are English that goes on, or one that everybody knows."""
    lows = [word.lower() for word in words]
    if len(words) == 1:
        return lows[0] in {"ok", "no", "yes"} or (lows[0] in function_words("en") and not words[0].isupper())
    return lows[0] in function_words("en") or sum(low in function_words("en") for low in lows) > len(lows) // 2


def gathered(places: Iterator[tuple[str, str, int]], least: int = 1) -> list[Found]:
    """Return what occurs often enough, given its places; what with several kinds is of the first one."""
    seen: dict[str, tuple[str, list[int]]] = {}
    for source, kind, segment in places:
        seen.setdefault(source, (kind, []))[1].append(segment)
    return [Found(s, kind, tuple(own)) for s, (kind, own) in seen.items() if len(own) >= least]
