"""The header of a gettext catalogue: its charset, its language, and its rule for plural forms."""

from __future__ import annotations

import codecs
import gettext
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from mtreason.documents.spans import Fix
from mtreason.languages import Language
from mtreason.xmlfiles import known_encoding

NUMBERS = 1001
"""A rule is tried with this many numbers, as msgfmt does."""
MOST_FORMS = 10
CHARSET = "UTF-8"
"""In which catalogues are written."""

_BEGINS = re.compile(rb"^[ \t]*msgid[ \t]*\"\"[ \t]*(?:\r\n|\n|\r)[ \t]*msgstr(?=[ \t\"])", re.MULTILINE)
_LINES = re.compile(rb"[^\r\n]+")
_CHARSET = re.compile(r"charset=([^\\\s;]*)", re.IGNORECASE)
_PLURAL = re.compile(r"\s*nplurals\s*=\s*(\d{1,3})\s*;\s*plural\s*=\s*([^;]+?)\s*;?\s*")


@dataclass(frozen=True)
class Plural:
    """A rule for plural forms."""

    count: int
    expression: str
    """In C, of n."""

    @classmethod
    def of_language(cls, language: Language) -> Plural | None:
        """Return the rule of CLDR for a language, if it has one."""
        from babel.messages.plurals import PLURALS

        found = PLURALS.get(language.tag.replace("-", "_")) or PLURALS.get(language.primary)
        return None if found is None else cls(found[0], found[1])

    @classmethod
    def parse(cls, value: str) -> Plural | None:
        """Return the rule of a field Plural-Forms; None for one that is not valid."""
        found = _PLURAL.fullmatch(value)
        if found is None or not 1 <= int(found[1]) <= MOST_FORMS:
            return None
        rule = cls(int(found[1]), found[2])
        try:
            return rule if all(0 <= form < rule.count for form in rule.forms) else None
        except (ValueError, ArithmeticError):
            return None

    @property
    def field(self) -> str:
        """The field Plural-Forms."""
        return f"nplurals={self.count}; plural={self.expression};"

    @cached_property
    def forms(self) -> Sequence[int]:
        """The forms of the first numbers, from 0."""
        form = gettext.c2py(self.expression)
        return [form(n) for n in range(NUMBERS)]

    def form(self, number: int) -> int:
        """Return which form a number has."""
        return self.forms[number]

    @cached_property
    def only_one(self) -> bool:
        """Whether the form of the number 1 is for no other number."""
        return self.forms.count(self.forms[1]) == 1


@dataclass(frozen=True)
class Header:
    """The header, with the places of its strings in the content."""

    raw: str
    """As it is written, on one line."""
    parts: Sequence[tuple[int, int]]

    def field(self, name: str) -> tuple[int, int] | None:
        """Return where the value of a field is in `raw`."""
        found = re.search(rf"(?:^|\\n){name}:[ \t]*((?:(?!\\n).)*)", self.raw, re.IGNORECASE)
        return None if found is None else found.span(1)

    @cached_property
    def plural(self) -> Plural | None:
        """The file's own rule for plural forms, if it has a valid one."""
        span = self.field("Plural-Forms")
        return None if span is None else Plural.parse(self.raw[slice(*span)])

    def fixes(self, language: Language | None, newline: str, *, plurals: bool) -> list[Fix]:
        """Return what has to change once something was translated; `plurals`: the catalogue has plural forms."""
        changes, missing = [], []
        kind = self.field("Content-Type")
        charset = None if kind is None else _CHARSET.search(self.raw, *kind)
        if charset is not None and charset[1].lower() not in {"utf-8", "utf8"}:
            changes.append(self._fix(*charset.span(1), CHARSET, "charset"))
        elif kind is None:
            missing.append(f"Content-Type: text/plain; charset={CHARSET}")
        named = self.field("Language")
        if language is not None and named is not None and not self.raw[slice(*named)].strip():
            changes.append(self._fix(*named, locale_name(language)))
        rule = None if language is None or self.plural is not None else Plural.of_language(language)
        if rule is not None and (stated := self.field("Plural-Forms")) is not None:
            changes.append(self._fix(*stated, rule.field, "plural"))
        elif rule is not None and plurals:
            missing.append(f"Plural-Forms: {rule.field}")
        if missing and (self.raw or plurals):
            end = self.parts[-1][1]
            before = "\\n" if self.raw and not self.raw.endswith("\\n") else ""
            changes.append(Fix(end, end, before + "".join(f'"{newline}"{line}\\n' for line in missing), ""))
        return changes

    def _fix(self, start: int, end: int, text: str, kind: str = "language") -> Fix:
        """Replace a part of `raw` where it stands in the content; quotation marks inside of it disappear."""
        first = self._place(start)
        return Fix(first, self._place(end - 1) + 1 if end > start else first, text, kind)

    def _place(self, at: int) -> int:
        """Return the place of a character of `raw` in the content."""
        ends = list(accumulate(b - a for a, b in self.parts))
        i = min(bisect_right(ends, at), len(ends) - 1)
        return self.parts[i][1] - (ends[i] - at)


_SCRIPTS = {"Hans": "_CN", "Hant": "_TW", "Latn": "@latin", "Cyrl": "@cyrillic", "Arab": "@arabic"}
"""How names of locales write the script of a language; for Chinese they name a country that uses it."""


def locale_name(language: Language) -> str:
    """Return what gettext calls a language, such as "pt_BR" or "zh_CN"."""
    first, _, rest = language.tag.partition("-")
    return first + _SCRIPTS.get(rest, f"_{rest.replace('-', '_')}" if rest else "")


def charset_of(data: bytes) -> str | None:
    """Return the charset that the header of a catalogue names, where it is to be decoded by another one than UTF-8."""
    begins = None if data.startswith(codecs.BOM_UTF8) else _BEGINS.search(data)
    if begins is None:
        return None
    lines = []
    for found in _LINES.finditer(data, begins.end()):
        if not found[0].lstrip().startswith(b'"'):
            break
        lines.append(found[0].strip()[1:-1])
    named = re.search(rb"charset=([\w.:-]+)", b"".join(lines))
    encoding = "" if named is None else known_encoding(named[1].decode("ascii"))
    # ASCII is UTF-8 as well; a charset in which ASCII is not written as such could not name itself.
    return encoding if encoding and not encoding.startswith(("utf", "ascii")) else None
