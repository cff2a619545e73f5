"""`mtreason translate`: a document in, a document out."""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mtreason.cli import options
from mtreason.cli.limits import stopping
from mtreason.cli.loading import Session
from mtreason.cli.output import Output, say
from mtreason.errors import DocumentError, InputError, ServerGoneError
from mtreason.runs.settings import DEFAULT_REWARD, EFFORTS, Options
from mtreason.runs.stopping import keeping

if TYPE_CHECKING:
    from mtreason.documents import Document, Format, Unit
    from mtreason.glossary import Term
    from mtreason.languages import Language
    from mtreason.runs.pipeline import Segment, TranslatedUnit, TranslationCache
    from mtreason.runs.translator import Direction, Translator
    from mtreason.storage import Journal

STANDARD_INPUT = "-"
FELL_BACK = 3
MOST_NAMED = 10
SAMPLE_CHARACTERS = 2000
SAMPLE_UNITS = 50
"""How much of a document is looked at to tell its language."""


def translate(
    source: options.Source = STANDARD_INPUT,
    *,
    to: options.To,
    from_: options.From = None,
    out: options.Out = None,
    form: options.FormatName = None,
    column: options.Columns = None,
    bilingual: options.Bilingual = None,
    tm: options.Memories = None,
    model: options.Model = None,
    tokenizer: options.Tokenizer = None,
    decoder: options.Decoder = "mcts",
    reward: options.RewardName = None,
    qe: options.Checkpoint = None,
    nodes: options.Nodes = None,
    beam_width: options.BeamWidth = None,
    budget: options.Budget = None,
    full_budget: options.FullBudget = False,
    effort: options.Effort = None,
    glossary: options.Glossaries = None,
    no_glossary: options.NoGlossary = False,
    context: options.Context = 0,
    in_flight: options.InFlight = 16,
    seed: options.Seed = 0,
    trace: options.Trace = None,
    as_json: options.AsJson = False,
    n_best: options.NBest = 1,
    max_seconds: options.MaxSeconds = None,
    max_tokens: options.MaxTokens = None,
    segment_seconds: options.SegmentSeconds = None,
    no_memory: options.NoMemory = False,
    quiet: options.Quiet = False,
    dtype: options.Dtype = "auto",
    think: options.Think = False,
    max_thought_tokens: options.MaxThoughtTokens = None,
    reward_over: options.RewardOver = None,
    reflect: options.Reflect = False,
    strict_terms: options.StrictTerms = False,
    trust_remote_code: options.TrustRemoteCode = False,
) -> None:
    """Translate a document, searching for the best translation of every sentence."""
    if n_best < 1 or (n_best > 1 and not as_json):
        raise InputError(f"--n-best {n_best}: alternatives are in what --json writes: add it, or leave this out")
    settings = Options(
        decoder=decoder, reward=reward, nodes=nodes, beam_width=beam_width, full_budget=full_budget,
        budget=_budget(budget, effort), context=context, in_flight=in_flight, seed=seed,
        glossaries=tuple(glossary or ()), shipped_glossaries=not no_glossary, qe=qe, dtype=dtype, think=think,
        max_thought_tokens=max_thought_tokens, reward_over=reward_over, reflect=reflect,
        segment_seconds=segment_seconds,
    )  # fmt: skip
    plan = _Plan(
        source, out, trace, bilingual, tuple(tm or ()), form, tuple(column or ()), as_json, n_best, max_seconds,
        max_tokens, not no_memory, strict_terms,
    )  # fmt: skip
    _Job(plan, settings, Session(quiet, model, trust_remote_code, tokenizer)).run(to, from_)


def _budget(budget: float | None, effort: str | None) -> float:
    if budget is not None and effort is not None:
        raise InputError("--budget and --effort say the same: give one of them")
    if effort is not None and effort not in EFFORTS:
        raise InputError(f"--effort {effort!r}: expected one of {', '.join(EFFORTS)}")
    if effort is not None:
        return EFFORTS[effort]
    return EFFORTS["medium"] if budget is None else budget


@dataclass(frozen=True, slots=True)
class _Plan:
    """What was asked for, but for the settings of the search."""

    source: str
    out: Path | None
    trace: Path | None
    bilingual: Path | None
    memories: tuple[Path, ...]
    form: str | None
    columns: tuple[str, ...]
    as_json: bool
    n_best: int
    max_seconds: float | None
    max_tokens: int | None
    remember: bool
    strict_terms: bool

    @property
    def journalled(self) -> bool:
        """Whether there is a file that a run can be resumed for."""
        return self.out is not None and (self.out.is_file() or not self.out.exists())


@dataclass(slots=True)
class _Tally:
    """What is said at the end."""

    segments: int = 0
    origins: dict[str, int] = field(default_factory=dict)
    fell_back: int = 0
    fallen: dict[str, None] = field(default_factory=dict)
    """The first places of these."""
    hints: int = 0
    missed: int = 0
    missing: list[str] = field(default_factory=list)
    """The first of these terms, with their places."""
    timed_out: int = 0
    answers: int = 0
    in_form: int = 0
    """Of answers that reason first."""

    def count(self, segment: Segment) -> None:
        """Add one segment."""
        self.segments += 1
        self.origins[segment.origin] = self.origins.get(segment.origin, 0) + 1
        self.hints += len(segment.hits)
        missed = [hit.term.source for hit, ok in zip(segment.hits, segment.honoured, strict=True) if not ok]
        self.missed += len(missed)
        self.missing += [f"{term} in {segment.unit.place}" for term in missed][: MOST_NAMED - len(self.missing)]
        self.fell_back += segment.fell_back
        if segment.fell_back and len(self.fallen) < MOST_NAMED:
            self.fallen[segment.unit.place] = None
        if segment.result:
            self.timed_out += segment.result.timed_out
            self.answers += sum(segment.result.forms.values())
            self.in_form += segment.result.forms.get("ok", 0)


@dataclass(slots=True)
class _Job:
    """One invocation, from its arguments to its last line."""

    plan: _Plan
    options: Options
    session: Session
    tally: _Tally = field(default_factory=_Tally)
    output: Output = field(init=False)
    journal: Journal | None = None

    def __post_init__(self) -> None:
        out = self.plan.out.resolve() if self.plan.out is not None and self.plan.out.is_symlink() else self.plan.out
        self.output = Output(out, whole=self.plan.journalled)

    def run(self, to: str, from_: str | None) -> None:
        """Check everything that is cheap to check, then translate."""
        try:
            with keeping(self._what_is_kept):
                self._run(to, from_)
        except ServerGoneError as error:
            raise ServerGoneError(f"{error} {self._what_is_kept()}") from error
        finally:
            self.output.discard()
            if self.journal is not None:
                self.journal.close()

    def _what_is_kept(self) -> str:
        if self.journal is not None:
            return f"{len(self.journal)} finished segments are kept in {self.journal.path}; the same command goes on"
        if self.plan.journalled:
            return "nothing was begun; the same command goes on"
        where = "standard output" if self.plan.out is None else str(self.plan.out)
        return f"{self.output.parts} finished lines are in {where}; run again to translate all"

    def _run(self, to: str, from_: str | None) -> None:
        from mtreason.documents import TextDocument, check_text, open_text, pick_format, read_document, read_lines
        from mtreason.languages import parse_language

        target = parse_language(to)
        declared = parse_language(from_) if from_ else None
        self._check_files()
        source = self.plan.source
        if source == STANDARD_INPUT:
            self._refuse_format(pick_format("standard input", self.plan.form, self.plan.columns))
            if sys.stdin is None:
                raise DocumentError("standard input is closed: name a file to read")
            self._translate(TextDocument(read_lines(sys.stdin.buffer, "standard input")), declared, target, None)
            return
        path = Path(source)
        form = pick_format(source, self.plan.form, self.plan.columns)
        if form is not None:
            document = read_document(path, form, self.plan.columns)
            self._translate(document, declared, target, sum(1 for _ in document.units))
            return
        # A pipe can be read only once; its faults show while it is translated.
        total = check_text(path) if path.is_file() or path.is_dir() or not path.exists() else None
        with open_text(path) as stream:
            self._translate(TextDocument(read_lines(stream, source)), declared, target, total)

    @staticmethod
    def _refuse_format(form: Format | None) -> None:
        if form is not None:
            raise InputError(f"--format {form.name}: standard input is read as text: name a file")

    def _check_files(self) -> None:
        plan = self.plan
        outputs = [p for p in (plan.out, plan.trace, plan.bilingual) if p is not None]
        for path in outputs:
            if path.is_dir():
                raise DocumentError(f"{path} is a directory: name a file")
            if not path.absolute().parent.is_dir():
                raise DocumentError(f"{path}: there is no directory {path.absolute().parent}: create it first")
            inputs = [*([] if plan.source == STANDARD_INPUT else [Path(plan.source)]), *self.options.glossaries]
            for other in (*inputs, *plan.memories):
                if path.exists() and other.exists() and path.samefile(other):
                    raise DocumentError(f"{path} is also an input and would be overwritten: name another file")
        if len({path.resolve() for path in outputs}) < len(outputs):
            raise DocumentError(f"{outputs[-1]} is named for two outputs: name two files")

    def _translate(self, document: Document, declared: Language | None, target: Language, total: int | None) -> None:
        from mtreason.runs.translator import Direction, check_options, load_terms

        check_options(self.options)
        first, units = _peek(iter(document.units))
        source = declared or self._detect(first, target)
        if not first or source is None or source.tag == target.tag:
            if first and source is not None:
                self.session.note(f"the text is in {target.name} already: passed through unchanged")
            self._pass_through(document, units)
            return
        direction = Direction(source, target)
        terms = load_terms(direction, self.options)
        self._name_glossaries(terms)
        try:
            self._run_model(document, units, direction, terms, total)
        finally:
            self.session.progress.stop()
        if self.tally.fell_back or (self.plan.strict_terms and self.tally.missed):
            raise typer.Exit(FELL_BACK)

    def _pass_through(self, document: Document, units: Iterator[Unit]) -> None:
        if self.plan.as_json:
            for unit in units:
                self.output.write(_json_line(unit, unit.text, unit.text))
        else:
            for data in document.render(unit.text for unit in units):
                self.output.write_bytes(data)
        self.output.close()

    def _detect(self, sample: list[Unit], target: Language) -> Language | None:
        from mtreason.languages import detect_language

        found = detect_language("\n".join(unit.text for unit in sample)[:SAMPLE_CHARACTERS])
        if found is None:
            return None
        if found.primary == target.primary:
            return target
        self.session.note(f"source language: {found.tag} ({found.name}), detected; --from overrides")
        return found

    def _name_glossaries(self, terms: tuple[Term, ...]) -> None:
        counts: dict[str, int] = {}
        for term in terms:
            counts[term.file] = counts.get(term.file, 0) + 1
        for name, count in counts.items():
            self.session.note(f"glossary: {name} ({count} terms)")

    def _load(self, direction: Direction, terms: tuple[Term, ...]) -> tuple[Translator, str]:
        """Return what translates, and the digest of what every segment depends on."""
        from mtreason.runs.pipeline import run_key
        from mtreason.runs.translator import Translator

        resolved, loaded = self.session.open_model(self.options.dtype)
        if self.options.qe is not None:
            self.session.stage(f"loading {self.options.qe}", 0.0)
        translator = Translator(loaded, direction, self.options, terms)
        self.session.note(
            f"model: {resolved.name} ({loaded.dtype}, {loaded.device}); decoder: {self.options.decoder}"
            + (f", reward {self.options.reward or DEFAULT_REWARD}" if "reward" in translator.decoder.options else "")
            + f", budget {self.options.budget:g}"
        )
        return translator, run_key(translator, resolved.digest, loaded.dtype)

    def _shelf(self, run: str, direction: Direction) -> TranslationCache:
        """Open what is kept from other runs."""
        from mtreason.runs.pipeline import TranslationCache
        from mtreason.storage import Journal, Store, read_tmx

        human: dict[str, str] = {}
        for path in self.plan.memories:
            human |= read_tmx(path, direction.source, direction.target)
        stores: list[Store] = []
        if self.plan.journalled and self.output.path is not None:
            self.journal = Journal(self.output.path)
            if self.journal.found:
                self.session.note(f"{self.journal.found} segments are finished already: going on")
            stores.append(self.journal)
        if self.plan.remember:
            stores += self.session.open_memory()
        return TranslationCache(run, stores, human)

    def _run_model(
        self,
        document: Document,
        units: Iterator[Unit],
        direction: Direction,
        terms: tuple[Term, ...],
        total: int | None,
    ) -> None:
        from mtreason.runs.pipeline import trace_record, translate_units

        plan, progress = self.plan, self.session.progress
        translator, run = self._load(direction, terms)
        shelf = self._shelf(run, direction)
        record = Output(plan.trace) if plan.trace else None
        pairs: list[tuple[str, str]] = []
        started = time.monotonic()
        progress.segments(total)

        def settle(segment: Segment) -> None:
            self.tally.count(segment)
            if record is not None:
                record.write(json.dumps(trace_record(segment, self.options), ensure_ascii=False) + "\n")
            speed = translator.model.usage.tokens / max(time.monotonic() - started, 1e-9)
            progress.advance(self.output.parts, self.tally.segments, speed)

        def texts(done: Iterator[TranslatedUnit]) -> Iterator[str]:
            for unit in done:
                if plan.bilingual:
                    pairs.extend((s.source, s.translation) for s in unit.segments)
                yield unit.text

        with stopping(plan.max_seconds, plan.max_tokens, translator.model.usage) as stop:
            done = translate_units(translator, units, settle, shelf, stop)
            if plan.as_json:
                for unit in done:
                    self.output.write(self._json_of(unit))
                    pairs.extend((s.source, s.translation) for s in unit.segments if plan.bilingual)
            else:
                for data in document.render(texts(done)):
                    self.output.write_bytes(data)
        progress.stop()
        if plan.bilingual is not None:
            _write_pairs(plan.bilingual, pairs, direction)
        if record is not None:
            record.close()
        self.output.close()
        if self.journal is not None:
            self.journal.remove()
        self._summary(translator, time.monotonic() - started)

    def _summary(self, translator: Translator, seconds: float) -> None:
        from mtreason.runs.pipeline import HUMAN, KEPT, PASSED

        tally, usage = self.tally, translator.model.usage
        speed = usage.tokens / max(seconds, 1e-9)
        text = f"{tally.segments} segments in {seconds:.1f} s, {usage.tokens} tokens, {speed:.0f} tokens/s"
        for origin, what in (
            (PASSED, f"passed through (already {translator.direction.target.name}, or no words)"),
            (KEPT, "translated before"),
            (HUMAN, "from --tm"),
        ):
            if origin in tally.origins:
                text += f"; {tally.origins[origin]} {what}"
        if tally.hints:
            text += f"; glossary hints honoured: {tally.hints - tally.missed} of {tally.hints}"
        if tally.timed_out:
            text += f"; cut short by --segment-seconds: {tally.timed_out}"
        if self.options.think:
            text += f"; answers in form: {tally.in_form} of {tally.answers}"
        self.session.note(text)
        if tally.fell_back:
            places = ", ".join(tally.fallen)
            say(f"{tally.fell_back} segments found no clean translation, see {places}: try --effort high")
        if tally.missed and (self.plan.strict_terms or not self.session.quiet):
            listed = ", ".join(tally.missing) + (", …" if tally.missed > len(tally.missing) else "")
            say(f"glossary terms missed: {listed}")

    def _json_of(self, unit: TranslatedUnit) -> str:
        source = "".join(s.source for s in unit.segments)
        more: dict[str, Any] = {}
        if self.plan.n_best > 1:
            clean = [[c for c in s.result.candidates if not c.problems] if s.result else [] for s in unit.segments]
            more["alternatives"] = [[c.text for c in own[: self.plan.n_best]] for own in clean]
        return _json_line(unit.unit, source, unit.text, more)


def _json_line(unit: Unit, source: str, translation: str, more: dict[str, Any] | None = None) -> str:
    record = {"line": unit.number, "source": source.strip(), "translation": translation.strip()} | (more or {})
    return json.dumps(record, ensure_ascii=False) + "\n"


def _write_pairs(path: Path, pairs: list[tuple[str, str]], direction: Direction) -> None:
    from mtreason.files import write_bytes, write_text
    from mtreason.storage import tmx_bytes

    if path.suffix.lower() == ".tmx":
        write_bytes(path, tmx_bytes((direction.source.tag, direction.target.tag, *pair) for pair in pairs))
    else:
        write_text(path, "".join("\t".join(" ".join(t.split()) for t in pair) + "\n" for pair in pairs))


def _peek(units: Iterator[Unit]) -> tuple[list[Unit], Iterator[Unit]]:
    """Look at enough units to tell the language; returns them, and all units."""
    seen: list[Unit] = []
    while len(seen) < SAMPLE_UNITS and sum(len(unit.text) for unit in seen) < SAMPLE_CHARACTERS:
        unit = next(units, None)
        if unit is None:
            break
        seen.append(unit)
    return seen, itertools.chain(seen, units)
