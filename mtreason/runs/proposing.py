"""Proposes terms for documents: reads them, asks memories and the model for renderings, and keeps what people did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mtreason.documents import Reading, TextDocument, Unit, open_text, parse_line, pick_format, read_document
from mtreason.documents.literals import without_literals
from mtreason.errors import DocumentError, LanguageError
from mtreason.files import check_output, write_bytes
from mtreason.glossary.proposals import Proposal, Rendering, Sheet, open_sheet, propose, renderings_in
from mtreason.glossary.words.lemma import is_ordinary
from mtreason.languages import Direction, Language, already_in, find_origin, parse_language
from mtreason.lines import lines_of
from mtreason.runs.pipeline import PASSED, Segment, translate_units
from mtreason.runs.progress import Progress
from mtreason.runs.settings import Settings
from mtreason.runs.translator import Translator, load_memories, load_terms

if TYPE_CHECKING:
    from mtreason.glossary import Term
    from mtreason.models.loaded import LoadedModel

BUDGET = 4
"""What the drafts of a term may cost, in drafts that share nothing; those that repeat others are cheap, so it is ten to
thirty of them."""
LEAST_SHARE = 0.2
"""A rendering in fewer drafts is none: at most one of seven read was right (Qwen2.5-Coder 0.5B, Chinese to English)."""
_CLOSING = ".。!！,，;；:："
_QUOTES = frozenset('"“”„«»「」『』')
_ARTICLES = frozenset({"a", "an", "the"})


@dataclass(frozen=True, slots=True)
class Source:
    """What documents say."""

    segments: tuple[str, ...]
    """Without those that are in the target language already."""
    language: Language


def read_source(
    paths: Sequence[Path],
    target: Language,
    declared: Language | None,
    columns: Sequence[str] = (),
    note: Callable[[str], None] = lambda _: None,
) -> Source:
    """Read the segments of documents, whose language is detected unless it is declared.

    Raises `DocumentError` for what cannot be read or has no text, and `LanguageError` where the language is not clear,
    or is the target's.
    """
    units = [unit for path in paths for unit in _units(path, target, tuple(columns))]
    names = ", ".join(map(str, paths))
    if not any(unit.text.strip() for unit in units):
        raise DocumentError(f"{names}: no text to find terms in: name a document that has some")
    language = declared or _detected(units, target, names)
    if declared is None:
        note(f"source language: {language.tag} ({language.name}), detected; --from overrides")
    if language.tag == target.tag:
        raise LanguageError(f"{names}: the text is in {target.name} already: name another language with --to")
    segments = [s for u in units for s in parse_line(u.number, u.text, language, u.codes).segments]
    kept = [s for s in segments if not already_in(without_literals(s), language, target)]
    return Source(tuple(kept), language)


def _units(path: Path, target: Language, columns: tuple[str, ...]) -> list[Unit]:
    form = pick_format(str(path), None, columns)
    if form is not None:
        return list(read_document(path, form, Reading(columns, target)).units)
    with open_text(path) as stream:
        return list(TextDocument(lines_of(stream, str(path))).units)


def _detected(units: Sequence[Unit], target: Language, names: str) -> Language:
    found = find_origin([without_literals(unit.text) for unit in units], target)
    if found.source is None:
        asked = found.question or "its language is not clear: add --from"
        raise LanguageError(f"{names}: {f'the text is in {target.name} already' if found.passed else asked}")
    return found.source


def open_translator(model: LoadedModel, direction: Direction, terms: Sequence[Term]) -> Translator:
    """Return a translator that draws drafts of single terms, which the gates check as they do sentences."""
    return Translator(
        model,
        direction.source,
        direction.target,
        decoder="best-of-n",
        reward="likelihood",
        budget=BUDGET,
        terms=terms,
        human={},
    )


def ordinary_in(translator: Translator) -> Callable[[str], bool]:
    """Return whether a run is a word that everybody knows: one that the model's vocabulary has whole."""
    pieces = translator.codec.pieces(translator.loaded.vocabulary)
    return frozenset(piece.decode("utf-8", "ignore").strip() for piece in pieces).__contains__


def render(
    translator: Translator, proposals: Sequence[Proposal], progress: Progress | None = None
) -> dict[str, Rendering]:
    """Ask the model for renderings of terms: what most of its drafts say; terms for which none is clear are missing.

    A term is shown by itself: with its example as a note, the drafts had words of the example in them.
    """
    target = translator.direction.target
    units = [Unit(i, p.source, p.source) for i, p in enumerate(proposals, 1)]
    found: dict[str, Rendering] = {}
    with translator.loaded.lock:
        for done in translate_units(translator, units, lambda _: None):
            if progress is not None:
                progress.count("rendering", done.unit.number, len(units))
            rendering = most_frequent(done.segments, target)
            if rendering is not None and rendering.certainty >= LEAST_SHARE:
                found[done.unit.text] = rendering
    if progress is not None:
        progress.stop()
    return found


def most_frequent(segments: Sequence[Segment], target: Language) -> Rendering | None:
    """Return the text that most drafts have, apart from capitals and a full stop, and its share of them."""
    if len(segments) != 1 or segments[0].fell_back:
        return None
    [segment] = segments
    if segment.origin == PASSED or segment.result is None:
        return Rendering(segment.translation, 1.0, "kept as it is")
    drawn = segment.result.candidates
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    for candidate in drawn:
        text = _bare(candidate.text, segment.source, target)
        if text and not candidate.problems:
            counts[text.casefold()] += candidate.count
            written.setdefault(text.casefold(), text)
    if not counts:
        return None
    [(key, count)] = counts.most_common(1)
    return Rendering(_small(written[key], target), count / sum(c.count for c in drawn), "model")


def _bare(text: str, source: str, target: Language) -> str:
    """Return a draft without a full stop and an article; "" for one that speaks of the term in quotation marks."""
    if not _QUOTES.isdisjoint(text) and _QUOTES.isdisjoint(source):
        return ""
    first, _, rest = text.rstrip(_CLOSING).partition(" ")
    articles = _ARTICLES if target.primary == "en" else ()
    return rest if rest and first.lower() in articles else text.rstrip(_CLOSING)


def _small(text: str, target: Language) -> str:
    """Write a first word in small letters that its language lists only so: the model began a sentence with it."""
    first, *rest = text.split(" ")
    if first[1:] != first[1:].lower() or any(w[:1].isupper() for w in rest):
        return text
    return " ".join([first.lower(), *rest]) if is_ordinary(first, target.primary) else text


def write_sheet(path: Path, direction: Direction, rows: Sequence[tuple[Proposal, Rendering | None]]) -> int:
    """Add proposals to a file, read again just now since people may have edited it; return how many were new."""
    sheet = open_sheet(path, (direction.source.tag, direction.target.tag))
    fresh = [row for row in rows if not sheet.has(row[0].source)]
    if fresh:
        write_bytes(path, sheet.with_lines(fresh))
    return len(fresh)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for."""

    documents: tuple[Path, ...]
    target: str
    source: str | None
    """None to have it detected."""
    columns: tuple[str, ...] = ()
    memories: tuple[Path, ...] = ()
    glossaries: tuple[Path, ...] = ()
    shipped_glossaries: bool = True
    out: Path | None = None


@dataclass(frozen=True, slots=True)
class Proposed:
    """What documents may need, with renderings."""

    rows: tuple[tuple[Proposal, Rendering | None], ...]
    known: int
    """How many more a glossary or the file for the proposals has."""
    segments: int
    direction: Direction
    sheet: Sheet

    def records(self) -> list[dict[str, object]]:
        """Return the proposals in JSON types."""
        return [_record(proposal, rendering) for proposal, rendering in self.rows]


def _record(proposal: Proposal, rendering: Rendering | None) -> dict[str, object]:
    given = None if rendering is None else asdict(rendering)
    return asdict(proposal) | {"rendering": given}


def propose_terms(asked: Asked, progress: Progress, open_model: Callable[[], LoadedModel]) -> Proposed:
    """Find terms, and renderings for them: in memories, else from the model.

    The small files are read first. Raises what reading documents, memories, glossaries and the file of earlier
    proposals raises, and `ModelError`.
    """
    target = parse_language(asked.target)
    if asked.out is not None:
        check_output(asked.out, *asked.documents, *asked.memories)
    source = read_source(
        asked.documents, target, parse_language(asked.source) if asked.source else None, asked.columns, progress.note
    )
    direction = Direction(source.language, target)
    settings = Settings(
        glossaries=asked.glossaries, shipped_glossaries=asked.shipped_glossaries, memories=asked.memories
    )
    pairs = load_memories(direction, settings)
    sheet = open_sheet(asked.out, (direction.source.tag, target.tag))
    terms = (*load_terms(direction, settings, progress.warn), *sheet.accepted)
    with open_model() as model:
        translator = open_translator(model, direction, terms)
        found = propose(source.segments, direction.source, terms, ordinary_in(translator))
        fresh = [proposal for proposal in found.proposals if not sheet.has(proposal.source)]
        renderings = renderings_in(pairs, [proposal.source for proposal in fresh], direction)
        rest = [proposal for proposal in fresh if proposal.source not in renderings]
        renderings |= render(translator, rest, progress)
    known = found.known + len(found.proposals) - len(fresh)
    rows = tuple((proposal, renderings.get(proposal.source)) for proposal in fresh)
    return Proposed(rows, known, len(source.segments), direction, sheet)
