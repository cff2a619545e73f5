"""Translates one document; finished segments are kept beside the output until the output is complete."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from mtreason.characters import has_half_pair
from mtreason.documents import (
    Document,
    Format,
    Reading,
    TextDocument,
    Unit,
    check_text,
    lost,
    open_text,
    pick_format,
    read_document,
    without_literals,
)
from mtreason.errors import DocumentError, LanguageError, MtreasonError, ServerGoneError, SettingError
from mtreason.files import followed, is_pipe, resolved
from mtreason.languages import Direction, Language, find_origin, parse_language
from mtreason.lines import lines_of
from mtreason.records import record_line
from mtreason.runs.job import MOST_NAMED, STANDARD_INPUT, DocumentJob, DocumentReport
from mtreason.runs.limits import stopping
from mtreason.runs.output import Output
from mtreason.runs.pipeline import (
    HALF,
    MODEL,
    PASSED,
    Segment,
    TranslatedUnit,
    TranslationCache,
    pass_units,
    translate_units,
)
from mtreason.runs.progress import Progress, Silence
from mtreason.runs.settings import Settings
from mtreason.runs.stopping import keeping
from mtreason.runs.trace import document_record, trace_record, unit_record
from mtreason.runs.trace_file import TraceFile
from mtreason.runs.translator import Translator
from mtreason.storage import BestEffortStore, Journal, Memory, Store, tmx_bytes

SAMPLE_CHARACTERS = 2000
SAMPLE_UNITS = 50
"""How much of a document is read at a time to detect its language, until some of it has to be translated."""
MOST_HELD = 1 << 29
"""About how many bytes of a document are held while nothing in it shows its language."""
UNIT_BYTES = 256
"""What a unit takes besides its text."""
AT_ONCE = 64
"""How many units are given at once to a translator that is not ours."""


class HasText(Protocol):
    """What a translator returns for a text: our `Translation`, or any object that has the text in it."""

    @property
    def text(self) -> str:
        """The translation."""
        ...


class Translates(Protocol):
    """Anything that translates texts; with a stand-in, documents can be tested without a model."""

    def translate(self, texts: Sequence[str], /) -> Sequence[HasText | str]:
        """Return one translation for each text, in order."""
        ...


def translate_document(
    path: Path | str,
    out: Path | str,
    translator: Translates,
    *,
    target: str | None = None,
    form: str | None = None,
    columns: Sequence[str] = (),
    memory: bool = False,
    max_seconds: float | None = None,
    max_tokens: int | None = None,
    progress: Progress | None = None,
) -> DocumentReport:
    """Translate a document into a file of the same format; the file appears when it is complete.

    A `Translator` keeps finished segments beside the output, so that the same call continues after a crash; `memory`
    lets it reuse earlier translations. Any other object with `translate` works as well, so that documents can be tested
    without a model; `target` is the language that its files are to name. In the texts it gets, `<1>`, `</1>` and `<2/>`
    stand for markup; a text that comes back without one of them, or without another literal that programs read, stays
    untranslated, which the report counts.

    Raises `DocumentError` for what cannot be read or written, `InputError` for a format or column that does not exist,
    and `InterruptedRunError` at a limit or a signal.
    """
    job = DocumentJob(
        str(path), Path(out), form, tuple(columns), remember=memory, max_seconds=max_seconds, max_tokens=max_tokens
    )
    run = DocumentRun(job, progress or Silence())
    return run.translate_with(translator, None if target is None else parse_language(target))


@dataclass(slots=True)
class DocumentRun:
    """The translation of one document, from its name to its last line."""

    job: DocumentJob
    progress: Progress
    report: DocumentReport = field(default_factory=DocumentReport)
    output: Output = field(init=False)
    journal: Journal | None = None
    trace: TraceFile | None = field(init=False)

    def __post_init__(self) -> None:
        out = None if self.job.out is None else followed(self.job.out)
        self.output = Output(out, whole=self.job.journalled)
        self.trace = TraceFile(self.job.trace) if self.job.trace else None

    def translate_with(self, translator: Translates, target: Language | None = None) -> DocumentReport:
        """Translate with a translator that exists already; see `translate_document`."""

        def go_on(document: Document, total: int | None) -> None:
            self._translate(document, iter(document.units), translator, total)

        return self._guarded(go_on, target or _target_of(translator))

    def translate_into(
        self, target: Language, source: Language | None, make: Callable[[Direction], Translator]
    ) -> DocumentReport:
        """Translate into a language with the translator that `make` returns once both languages are known.

        A `source` of None is detected; raises `LanguageError` where that cannot be told. A document that is in the
        target language already is passed through unchanged, and `make` is not called.
        """

        def go_on(document: Document, total: int | None) -> None:
            units = iter(document.units)
            first = next(units, None)
            units = iter(()) if first is None else itertools.chain([first], units)
            found = source
            if found is None:
                found, units = self._detect(units, target)
            elif found.tag == target.tag and first is not None:
                self._say_passed(target, ())
            if first is None or found is None or found.tag == target.tag:
                self.report.passed_through = True
                self._write(document, pass_units(units, target, self._settle), Direction(target, target))
                return
            self._translate(document, units, make(Direction(found, target)), total)

        return self._guarded(go_on, target)

    def _guarded(self, go_on: Callable[[Document, int | None], None], target: Language | None) -> DocumentReport:
        """Read the document, and leave no half-finished output when something fails."""
        try:
            with keeping(self._what_is_kept):
                self._check_files()
                self._read(go_on, target)
        except ServerGoneError as error:
            raise ServerGoneError(f"{error} {self._what_is_kept()}") from error
        finally:
            self.progress.stop()
            self.output.discard()
            if self.trace is not None:
                self.trace.discard()
            if self.journal is not None:
                self.journal.close()
        return self.report

    def _what_is_kept(self) -> str:
        if self.journal is not None:
            return f"{len(self.journal)} finished segments are kept in {self.journal.path}; the same command goes on"
        if self.job.journalled:
            return "nothing was begun; the same command goes on"
        where = "standard output" if self.job.out is None else str(self.job.out)
        return f"{self.output.parts} finished lines are in {where}; run again to translate all"

    def _read(self, go_on: Callable[[Document, int | None], None], target: Language | None) -> None:
        source = self.job.source
        if source == STANDARD_INPUT:
            _refuse_format(pick_format("standard input", self.job.form, self.job.columns))
            if sys.stdin is None:
                raise DocumentError("standard input is closed: name a file to read")
            go_on(TextDocument(lines_of(sys.stdin.buffer, "standard input")), None)
            return
        path = Path(source)
        form = pick_format(source, self.job.form, self.job.columns)
        if form is not None:
            document = read_document(path, form, Reading(self.job.columns, target))
            go_on(document, sum(1 for _ in document.units))
            return
        # A pipe can be read only once; its faults show while it is translated.
        total = None if is_pipe(path) else check_text(path)
        with open_text(path) as stream:
            go_on(TextDocument(lines_of(stream, source)), total)

    def _check_files(self) -> None:
        job = self.job
        outputs = [p for p in (job.out, job.trace, job.bilingual) if p is not None]
        inputs = [*([] if job.source == STANDARD_INPUT else [Path(job.source)]), *job.inputs]
        for path in outputs:
            try:
                _check_place(path, inputs)
            except OSError as error:  # a name that is too long
                raise DocumentError(f"{path} cannot be used ({error.strerror or error}): name another file") from error
        if len(set(map(resolved, outputs))) < len(outputs):
            raise DocumentError(f"{outputs[-1]} is named for two outputs: name two files")

    def _detect(self, units: Iterator[Unit], target: Language) -> tuple[Language | None, Iterator[Unit]]:
        """Return what to translate from, None where nothing needs it, and an iterator over all units."""
        name = "standard input" if self.job.source == STANDARD_INPUT else self.job.source
        seen: list[Unit] = []
        faults: list[DocumentError] = []
        units = _until_fault(units, faults)
        doubtful: list[Unit] = []
        passed = doubt = 0
        question = ""
        held = 0
        while sample := _peek(units):
            origin = find_origin([without_literals(unit.text) for unit in sample], target)
            seen += sample
            held += sum(len(unit.text) + UNIT_BYTES for unit in sample)
            if origin.source is not None:
                found = origin.source
                self.progress.note(f"source language: {found.tag} ({found.name}), detected; --from overrides")
                return found, _and_fault(itertools.chain(seen, units), faults)
            doubtful += [sample[index] for index in origin.doubtful][:MOST_NAMED]
            passed, doubt, question = passed + origin.passed, doubt + origin.doubt, question or origin.question
            if held > MOST_HELD:
                raise LanguageError(f"{name}: no language shows until {seen[-1].place}: name it with --from")
        if doubt > passed:
            raise LanguageError(f"{name}: {question}")
        if passed:
            self._say_passed(target, doubtful[:MOST_NAMED])
        return None, _and_fault(seen, faults)

    def _say_passed(self, target: Language, doubtful: Sequence[Unit]) -> None:
        said = f"the text is in {target.name} already: passed through unchanged"
        if not doubtful:
            self.progress.note(said)
            return
        places = ", ".join(dict.fromkeys(unit.place for unit in doubtful))
        self.progress.warn(f"{said}, and so is what may be in another language, see {places}: --from has it translated")

    def _cache(self) -> TranslationCache:
        """Open what earlier runs kept."""
        stores: list[Store] = []
        if self.job.journalled and self.output.path is not None:
            self.journal = Journal(self.output.path)
            if self.journal.damaged:
                self.progress.warn(self.journal.damage())
            if self.journal.found:
                self.progress.note(f"{self.journal.found} segments are finished already: going on")
            stores.append(self.journal)
        if self.job.remember:
            stores += open_memory(self.progress)
        return TranslationCache(stores)

    def _translate(self, document: Document, units: Iterator[Unit], translator: Translates, total: int | None) -> None:
        started = time.monotonic()
        if isinstance(translator, Translator):
            with translator.loaded.lock:
                self._write(document, self._ours(translator, units, total), translator.direction)
        else:
            self._write(document, translated_by(translator, units, self._settle), None)
        self.report.seconds = time.monotonic() - started

    def _write(self, document: Document, done: Iterator[TranslatedUnit], direction: Direction | None) -> None:
        """Write everything that is asked for; pairs only where the direction is known."""
        job = self.job
        pairs: list[tuple[str, str]] = []

        def noted() -> Iterator[TranslatedUnit]:
            for unit in done:
                if job.bilingual is not None:
                    pairs.extend(s.pair for s in unit.segments)
                yield unit

        if job.as_json:
            line = isinstance(document, TextDocument)
            for unit in noted():
                self.output.write(record_line(unit_record(unit, job.n_best, line=line)))
        else:
            for data in document.render(unit.text for unit in noted()):
                self.output.write_bytes(data)
        self.progress.stop()
        if job.bilingual is not None and direction is not None:
            write_pairs(job.bilingual, pairs, direction)
        if self.trace is not None:
            self.trace.close()
        self.output.close()
        if self.journal is not None:
            self.journal.remove()

    def _settle(
        self, segment: Segment, settings: Settings | None = None, document: Mapping[str, Any] | None = None
    ) -> None:
        """Report a segment that is done."""
        self.report.count(segment)
        if self.trace is not None:
            self.trace.write(trace_record(segment, settings, document))

    def _ours(self, translator: Translator, units: Iterator[Unit], total: int | None) -> Iterator[TranslatedUnit]:
        """Yield units that our own translator has translated, and report every segment."""
        cache = self._cache()
        if self.trace is not None and self.journal is not None and self.journal.found:
            self.trace.go_on()
        usage, started = translator.model.usage, time.monotonic()
        before = usage.tokens
        self.progress.segments(total)
        described = document_record(self.job, translator.direction)

        def settle(segment: Segment) -> None:
            self._settle(segment, translator.settings, described)
            self.report.tokens = usage.tokens - before
            speed = self.report.tokens / max(time.monotonic() - started, 1e-9)
            self.progress.advance(self.output.parts, self.report.segments, speed)

        with stopping(self.job.max_seconds, self.job.max_tokens, usage) as stop:
            yield from translate_units(translator, units, settle, cache, stop)
        self.report.tokens = usage.tokens - before


def open_memory(progress: Progress) -> list[Store]:
    """Open the memory of translations; a run continues without it where it cannot be opened or fails later."""
    from mtreason.files import cache_dir

    try:
        memory = Memory(cache_dir() / "translations")
    except MtreasonError as error:
        progress.note(f"{error}: going on without")
        return []
    memory.note = progress.warn
    return [BestEffortStore(memory, progress.note)]


def translated_by(
    translator: Translates, units: Iterable[Unit], on_result: Callable[[Segment], None]
) -> Iterator[TranslatedUnit]:
    """Yield units that a translator of somebody else has translated; blanks around a text stay as they are.

    A unit is one segment. A text that lost what programs read, or lines, stays as it was; what people read is only
    reported.
    """
    count = itertools.count(1)
    waiting = iter(units)
    while batch := list(itertools.islice(waiting, AT_ONCE)):
        asked = [unit for unit in batch if unit.text.strip() and not has_half_pair(unit.text)]
        answers = list(translator.translate([unit.text.strip() for unit in asked])) if asked else []
        if len(answers) != len(asked):
            raise MtreasonError(f"the translator returned {len(answers)} translations for {len(asked)} texts")
        rest = iter(answers)
        for unit in batch:
            if not unit.text.strip():
                yield TranslatedUnit(unit, unit.text, ())
                continue
            half = has_half_pair(unit.text)
            text = unit.text if half else _between_blanks(unit.text, next(rest))
            problems = (HALF,) if half else _lost(unit.text, text)
            text = unit.text if "placeholder" in problems else text
            segment = Segment(next(count), unit, unit.text.strip(), text.strip(), PASSED if half else MODEL, problems)
            on_result(segment)
            yield TranslatedUnit(unit, text, (segment,))


def _lost(source: str, text: str) -> tuple[str, ...]:
    """Return the names of the gates that hold a translation back for what it lost."""
    missing = lost(source, text)
    if missing.breaks or text.count("\n") != source.count("\n"):
        return ("placeholder",)
    return ("literal",) if missing.soft else ()


def _target_of(translator: Translates) -> Language | None:
    return translator.direction.target if isinstance(translator, Translator) else None


def _between_blanks(text: str, answer: HasText | str) -> str:
    """Put a translation where the text stood between its blanks."""
    core = text.strip()
    at = text.index(core)
    return text[:at] + (answer if isinstance(answer, str) else answer.text) + text[at + len(core) :]


def _check_place(path: Path, inputs: Sequence[Path]) -> None:
    """Raise `DocumentError` for an output that cannot be made, or is an input."""
    if path.is_dir():
        raise DocumentError(f"{path} is a directory: name a file")
    if not path.absolute().parent.is_dir():
        raise DocumentError(f"{path}: there is no directory {path.absolute().parent}: create it first")
    for other in inputs:
        if path.exists() and other.exists() and path.samefile(other):
            raise DocumentError(f"{path} is also an input and would be overwritten: name another file")


def _refuse_format(form: Format | None) -> None:
    if form is not None:
        raise SettingError(f"`format` {form.name}: standard input is read as text: name a file")


def write_pairs(path: Path, pairs: list[tuple[str, str]], direction: Direction) -> None:
    """Write pairs of segments, as TMX or as tab-separated text; the name of the file decides which."""
    from mtreason.files import write_bytes, write_text

    if path.suffix.lower() == ".tmx":
        write_bytes(path, tmx_bytes((direction.source.tag, direction.target.tag, *pair) for pair in pairs))
    else:
        write_text(path, "".join("\t".join(" ".join(t.split()) for t in pair) + "\n" for pair in pairs))


def _peek(units: Iterator[Unit]) -> list[Unit]:
    """Read as many of the next units as are looked at together to detect their language."""
    seen: list[Unit] = []
    while len(seen) < SAMPLE_UNITS and sum(len(unit.text) for unit in seen) < SAMPLE_CHARACTERS:
        unit = next(units, None)
        if unit is None:
            break
        seen.append(unit)
    return seen


def _until_fault(units: Iterator[Unit], faults: list[DocumentError]) -> Iterator[Unit]:
    """Yield units up to one that cannot be read, and put what is wrong with it into `faults`."""
    try:
        yield from units
    except DocumentError as error:
        faults.append(error)


def _and_fault(units: Iterable[Unit], faults: Sequence[DocumentError]) -> Iterator[Unit]:
    """Yield units, then raise what was found after them: what is before a fault in a pipe still comes out."""
    yield from units
    for fault in faults:
        raise fault
