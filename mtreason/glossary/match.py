"""Finds glossary terms in text: an Aho-Corasick automaton over folded text, then whole words, then the longest."""

from collections.abc import Iterable
from dataclasses import dataclass

from mtreason.glossary.fold import fold, is_bounded
from mtreason.glossary.load import Entry


@dataclass(frozen=True, slots=True)
class Hit:
    """One occurrence of a term: `text[start:end]`, in characters of the searched text, is its surface form."""

    entry: Entry
    start: int
    end: int


class Matcher:
    """Finds the terms of one or more glossaries in text of one language.

    Terms that fold to the same string are one term; the entry that comes last in `entries` is the one that counts, so
    a user's file given after a shipped one overrides it.
    """

    def __init__(self, entries: Iterable[Entry], language: str) -> None:
        import ahocorasick  # an extension module without stubs

        self._language = language
        self._automaton = ahocorasick.Automaton()
        for entry in entries:
            key = fold(entry.source, language)
            if key:
                self._automaton.add_word(key, (len(key), entry))
        self._empty = len(self._automaton) == 0
        if not self._empty:
            self._automaton.make_automaton()

    def find(self, text: str) -> tuple[Hit, ...]:
        """Return the hits in text order, none overlapping.

        Where terms overlap the longest wins, and of equally long ones the leftmost. In scripts with spaces a term must
        be a whole word; in Chinese and its like it may stand anywhere.
        """
        if self._empty or not text:
            return ()
        folded = fold(text, self._language)
        found = []
        for last, (length, entry) in self._automaton.iter(folded):
            start = last + 1 - length
            if is_bounded(folded, start, last + 1):
                found.append(Hit(entry, start, last + 1))
        found.sort(key=lambda hit: (hit.start - hit.end, hit.start))
        taken = bytearray(len(text))
        chosen = []
        for hit in found:
            # Chosen hits are at least as long as this one, so any that overlaps it covers one of its two ends.
            if not (taken[hit.start] or taken[hit.end - 1]):
                taken[hit.start : hit.end] = b"\x01" * (hit.end - hit.start)
                chosen.append(hit)
        return tuple(sorted(chosen, key=lambda hit: hit.start))
