"""What the columns of a table hold, by their header or, without one, by what the rows hold.

A header names columns (`source`, `note`, `part of speech`), languages by code or name (`en-US`, `German`), or both
(`Term [de]`, `translation_de`, `de_description`). These are the names that Crowdin, GlotPress, Google, Lokalise,
MateCat, Microsoft, Transifex, UTX, and Weblate write.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from mtreason.errors import GlossaryError
from mtreason.glossary.formats.text import Direction, MismatchError
from mtreason.glossary.term import COLUMNS
from mtreason.languages import best_tag, parse_language, scripts_of, tag_named

_NAMES = {
    "source": (
        "source|src|source term|source text|source string|original|term|msgid|headword|word|phrase|lemma|expression"
    ),
    "target": (
        "target|tgt|dst|translation|target term|target text|target string|msgstr|rendering|translated term|equivalent"
    ),
    "note": (
        "note|notes|comment|comments|description|definition|explanation|info|remark|remarks|context|usage|meaning|"
        "usage note|concept definition|concept note|term note|translator comments|developer comments|def|gloss"
    ),
    "pos": "pos|part of speech|partofspeech|word class|wordclass",
    "domain": "domain|subject|subject field|subjectfield|subdomain|field|category|topic|concept subject",
    "example": "example|examples|example of use|example sentence|usage example|term example",
    "case": "case|case sensitive|casesensitive|case sensitivity|match case",
    "forbidden": "forbidden|is forbidden|banned|avoid",
    "status": "status|term status|usage status|administrative status|approval status",
    "translatable": "translatable|translation needed",
    "kept": "do not translate|donottranslate|dnt|untranslatable|non translatable|nontranslatable|read only",
    "source language": "source language|source lang|src lang|src lng|source lng|source locale|src language",
    "target language": "target language|target lang|tgt lang|tgt lng|target lng|target locale|tgt language",
}
_KINDS = {name: kind for kind, names in _NAMES.items() for name in names.split("|")}
_TERM = "term"
"""Kind of a column that holds the terms of a language."""
_OWN = ("literal", "requires", "excludes", "rendered", "hint")
"""Further columns of this tool, whose values are used as they are."""
_POS = frozenset(
    "noun verb adjective adverb adj adv n v pronoun preposition conjunction interjection phrase abbreviation acronym "
    "proper propernoun proper_noun properNoun name expression other".casefold().split()
)
_BRACKETED = re.compile(r"(.+?)\s*[\[(]\s*([^\[\]()]+?)\s*[\])]")
_SUPERVERTALER = "term uuid"
"""A column that only this tool writes."""
_MOST_COLUMNS = 200
_MOST_CHARACTERS = 80
"""Characters of a name in a header."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the columns of a table are, counted from 0."""

    source: int
    target: int
    beside: tuple[tuple[int, str], ...] = ()
    """Places and kinds of the other columns that are used: columns of a `Term`, or the kinds that `rows` knows."""
    unused: tuple[str, ...] = ()
    own: bool = False
    """Whether they are those of this tool, with values that are checked."""
    lenient: bool = False
    """Whether a row may lack the term: a table of many languages."""
    synonyms: bool = False
    """Whether cells of both languages hold synonyms with `|` between them, as Supervertaler writes them."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A cell of a header: what it names, and of which language; "" for what is not said."""

    kind: str
    tag: str
    text: str


@lru_cache(maxsize=1024)
def _named(cell: str) -> _Named:
    if len(cell) > _MOST_CHARACTERS:
        return _Named("", "", cell)
    plain = _plain(cell)
    if plain in _KINDS:
        return _Named(_KINDS[plain], "", cell)
    if plain in _OWN:
        return _Named(plain, "", cell)
    found = _BRACKETED.fullmatch(cell)
    pieces = [(found[1], found[2])] if found else []
    for sign in ("_", ":", " ", "-", "."):
        before, _, after = cell.partition(sign)
        pieces.append((after, before))
        before, _, after = cell.rpartition(sign)
        pieces.append((before, after))
    for name, language in pieces:
        kind = _KINDS.get(_plain(name), "")
        side = language.strip().casefold()
        if kind and side in {"src", "tgt"}:  # UTX
            return _Named("source status" if kind == "status" and side == "src" else kind, "", cell)
        tag = tag_named(language) if kind else None
        if tag is not None:
            return _Named(_TERM if kind in {"source", "target"} else kind, tag, cell)
    tag = tag_named(cell)
    return _Named(_TERM if tag else "", tag or "", cell)


def _plain(cell: str) -> str:
    return " ".join(re.sub(r"[_.\-]+", " ", unicodedata.normalize("NFKC", cell).casefold().lstrip("#")).split())


def looks_like_header(cells: Sequence[str]) -> bool:
    """Whether all of some cells name columns or languages, as those of a header do."""
    return len(cells) > 1 and all(_named(cell).kind for cell in cells if cell)


def from_header(cells: Sequence[str], where: str, direction: Direction, after: Sequence[str] = ()) -> Columns | None:
    """Return the columns that a first row names; None where it is a row like the others. `after` is the next row.

    Raises `GlossaryError` for a header without the languages of the run, and for two columns of one language.
    """
    if len(cells) > _MOST_COLUMNS:
        raise GlossaryError(f"{where}: {len(cells)} columns, expected at most {_MOST_COLUMNS}: take out the others")
    indonesian = best_tag("id", direction) is not None
    named = [_named(c) if c and (indonesian or c.lower() != "id") else _Named("", "", c) for c in cells]
    if _languages_of_a_row(named, after):
        return None
    kinds = [n.kind for n in named]
    terms = {i: n.tag for i, n in enumerate(named) if n.kind == _TERM}
    source, target = (_place(terms, wanted) for wanted in direction)
    if "source" in kinds and "target" in kinds:
        source, target = kinds.index("source"), kinds.index("target")
    elif source is None and target is not None and "source" in kinds:
        source = kinds.index("source")
    if source is not None and target is not None and source != target:
        _check_single(terms, (source, target), where)
        return _columns(named, source, target, direction)
    if _is_header(named, terms):
        there = ", ".join(named[i].tag for i in terms) or "no two languages"
        shown = ", ".join(cell for cell in cells if cell)
        advice = (
            f"with both languages (its first row is {shown[:80]!r}; if it is a term, put 'source, target' above it)"
        )
        raise MismatchError(where, there, direction, advice)
    return None


def _place(terms: dict[int, str], wanted: str) -> int | None:
    tag = best_tag(wanted, terms.values())
    return next((i for i, own in terms.items() if own == tag), None)


def _check_single(terms: dict[int, str], chosen: tuple[int, int], where: str) -> None:
    """Raise `GlossaryError` where a language that is used has two columns."""
    for place in chosen:
        others = [i for i, tag in terms.items() if i != place and tag == terms.get(place)]
        if others:
            raise GlossaryError(
                f"{where}: columns {place + 1} and {others[0] + 1} are both for {terms[place]}: name one otherwise, or "
                "take it out"
            )


def _languages_of_a_row(named: Sequence[_Named], after: Sequence[str]) -> bool:
    """Whether this is a row of DeepL: source, target, and the codes of their languages."""
    kinds = [n.kind for n in named]
    if len(kinds) != 4 or kinds[2:] != [_TERM, _TERM] or any(kinds[:2]):
        return False
    return not after or [_named(c).kind for c in after[2:4]] == [_TERM, _TERM]


def _is_header(named: Sequence[_Named], terms: dict[int, str]) -> bool:
    """Whether a row that does not name the run's languages is a header all the same.

    Codes of three letters are words as well (car, bus), and two names of one language are a term and its rendering.
    """
    kinds = {n.kind for n in named} - {""}
    sure = {tag for i, tag in terms.items() if not re.fullmatch(r"[A-Za-z]{3}", named[i].text)}
    full = all(n.kind for n in named if n.text)
    if len({parse_language(tag).primary for tag in sure}) > 1 and full:
        return True
    return bool(kinds & {"source", "target"}) and len(kinds) > 1 and full


def _columns(named: Sequence[_Named], source: int, target: int, direction: Direction) -> Columns:
    own = all(n.text.lower() in COLUMNS for n in named if n.text) and {"source", "target"} <= {
        n.text.lower() for n in named
    }
    counts = Counter(n.kind for n in named if not n.tag)
    beside, unused = [], []
    language = ""  # of the column of terms that came last
    for place, column in enumerate(named):
        if column.kind == _TERM:
            language = column.tag
        if place in (source, target) or column.kind in {_TERM, "source", "target"} or not column.text:
            continue
        tag = column.tag or (language if counts[column.kind] > 1 else "")
        kind = column.text.lower() if own else _kind(column.kind, tag, named, source, target)
        if kind:
            beside.append((place, kind))
        elif not column.kind and column.text.lower() != "id":
            unused.append(column.text)
    del direction
    lenient = bool(named[source].tag or named[target].tag)
    synonyms = any(_plain(n.text) == _SUPERVERTALER for n in named)
    return Columns(source, target, tuple(beside), tuple(unused), own, lenient, synonyms)


def _kind(kind: str, tag: str, named: Sequence[_Named], source: int, target: int) -> str:
    """Return what a column beside the terms is used as; "" for one that is of another language."""
    if tag and tag not in {named[source].tag, named[target].tag}:
        return ""
    of_target = bool(tag) and tag == named[target].tag
    if kind == "example" and of_target:
        return "rendered"
    if kind == "status" and tag and not of_target:
        return "source status"
    return kind


def from_rows(rows: Sequence[Sequence[str]], direction: Direction, *, comments: bool) -> Columns:
    """Return the columns of a table without a header, from its first rows.

    Numbers of entries are passed over. Where the two languages have different scripts, the columns are those that the
    terms' scripts say, otherwise the first two. Further columns are notes; unless they are `comments`, those all of
    whose values are parts of speech are that.
    """
    width = max(map(len, rows), default=2)
    cells = [[row[i] for row in rows if i < len(row) and row[i]] for i in range(width)]
    words = [i for i in range(width) if not (cells[i] and width > 2 and all(c.isdecimal() for c in cells[i]))]
    codes = [i for i in words[2:] if cells[i] and all(_named(c).kind == _TERM for c in cells[i])]
    beside = list(zip(codes, ("source language", "target language"), strict=False)) if len(codes) == 2 else []
    words = [i for i in words if i not in dict(beside)]
    # Where rows say their languages, those for the other direction have theirs the other way round.
    source, target = (None if beside else _by_script(cells, words, direction)) or (*words, 0, 1)[:2]
    rest = [i for i in words if i not in (source, target)]
    for place in rest:
        of_words = len(cells[place]) > 1 and all(c.casefold() in _POS for c in cells[place])
        beside.append((place, "pos" if of_words and not comments else "note"))
    return Columns(source, target, tuple(beside))


def _by_script(cells: Sequence[Sequence[str]], places: Sequence[int], direction: Direction) -> tuple[int, int] | None:
    """Return the first columns that are written in the scripts of the two languages, where these differ."""
    source, target = (set(parse_language(tag).scripts) for tag in direction)
    if source & target:
        return None
    found = []
    for scripts in (source, target):
        share = {i: sum(bool(scripts & scripts_of(c)) for c in cells[i]) / max(1, len(cells[i])) for i in places}
        fitting = [i for i in places if share[i] > 0.6]
        found.append(fitting[0] if fitting else -1)
    return (found[0], found[1]) if min(found) >= 0 and found[0] != found[1] else None
