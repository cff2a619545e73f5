"""`mtreason translate`: a document in, a document out, line for line."""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from mtreason.cli import options
from mtreason.cli.loading import Session
from mtreason.cli.output import Output, say
from mtreason.config import DEFAULT_REWARD, EFFORTS, Options
from mtreason.errors import DocumentError, InputError, InterruptedRunError

if TYPE_CHECKING:
    from mtreason.glossary import Entry
    from mtreason.languages import Language
    from mtreason.pipeline import Segment, TranslatedLine
    from mtreason.translator import Direction, Translator

STANDARD_INPUT = "-"
FELL_BACK = 3
MOST_NAMED = 10
SAMPLE_CHARACTERS = 2000
SAMPLE_LINES = 50
"""How much of a document is looked at to tell its language."""


def translate(
    source: Annotated[
        str, typer.Argument(metavar="INPUT", help="A text file in UTF-8, or - for standard input.")
    ] = STANDARD_INPUT,
    *,
    to: Annotated[str, typer.Option("--to", metavar="LANG", help="Target language, a BCP 47 code such as en.")],
    from_: Annotated[
        str | None, typer.Option("--from", metavar="LANG", help="Source language; detected if left out.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where to write; standard output if left out.")
    ] = None,
    model: options.Model = None,
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
    context: Annotated[int, typer.Option(metavar="N", help="Preceding segments shown to the model.")] = 0,
    in_flight: options.InFlight = 16,
    seed: options.Seed = 0,
    trace: options.Trace = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object a line instead of text.")] = False,
    quiet: options.Quiet = False,
    dtype: options.Dtype = "auto",
    think: options.Think = False,
    max_thought_tokens: options.MaxThoughtTokens = None,
    reward_over: options.RewardOver = None,
    reflect: options.Reflect = False,
    strict_terms: options.StrictTerms = False,
    trust_remote_code: options.TrustRemoteCode = False,
) -> None:
    """Translate a text line by line, searching for the best translation of every sentence."""
    settings = Options(
        decoder=decoder,
        reward=reward,
        nodes=nodes,
        beam_width=beam_width,
        full_budget=full_budget,
        budget=_budget(budget, effort),
        context=context,
        in_flight=in_flight,
        seed=seed,
        glossaries=tuple(glossary or ()),
        shipped_glossaries=not no_glossary,
        qe=qe,
        dtype=dtype,
        think=think,
        max_thought_tokens=max_thought_tokens,
        reward_over=reward_over,
        reflect=reflect,
    )
    session = Session(quiet, model, trust_remote_code)
    _Job(source, out, trace, settings, session, as_json, strict_terms).run(to, from_)


def _budget(budget: float | None, effort: str | None) -> float:
    if budget is not None and effort is not None:
        raise InputError("--budget and --effort say the same: give one of them")
    if effort is not None and effort not in EFFORTS:
        raise InputError(f"--effort {effort!r}: expected one of {', '.join(EFFORTS)}")
    if effort is not None:
        return EFFORTS[effort]
    return EFFORTS["medium"] if budget is None else budget


@dataclass(slots=True)
class _Tally:
    """What is said at the end."""

    segments: int = 0
    passed: int = 0
    fell_back: list[int] = field(default_factory=list)
    hints: int = 0
    missed: list[str] = field(default_factory=list)
    """Terms with their lines."""
    answers: int = 0
    in_form: int = 0
    """Of answers that reason first."""

    def count(self, segment: Segment) -> None:
        """Add one segment."""
        self.segments += 1
        self.passed += segment.passed
        self.hints += len(segment.hits)
        kept = zip(segment.hits, segment.honoured, strict=True)
        self.missed += [f"{hit.entry.source} in line {segment.line}" for hit, ok in kept if not ok]
        if segment.result and segment.result.fell_back:
            self.fell_back.append(segment.line)
        if segment.result:
            self.answers += sum(segment.result.forms.values())
            self.in_form += segment.result.forms.get("ok", 0)


@dataclass(slots=True)
class _Job:
    """One invocation, from its arguments to its last line."""

    source: str
    out: Path | None
    trace: Path | None
    options: Options
    session: Session
    as_json: bool
    strict_terms: bool
    tally: _Tally = field(default_factory=_Tally)
    output: Output = field(init=False)

    def __post_init__(self) -> None:
        self.output = Output(self.out)

    def run(self, to: str, from_: str | None) -> None:
        """Check everything that is cheap to check, then translate."""
        try:
            self._run(to, from_)
        except KeyboardInterrupt as error:
            where = "standard output" if self.out is None else str(self.out)
            raise InterruptedRunError(
                f"interrupted: {self.output.lines} finished lines are in {where}; run again to translate all"
            ) from error

    def _run(self, to: str, from_: str | None) -> None:
        from mtreason.documents import check_text, open_text, read_lines
        from mtreason.languages import parse_language

        target = parse_language(to)
        declared = parse_language(from_) if from_ else None
        self._check_files()
        total: int | None = None
        stream: BinaryIO
        if self.source == STANDARD_INPUT:
            if sys.stdin is None:
                raise DocumentError("standard input is closed: name a file to read")
            stream = sys.stdin.buffer
        else:
            path = Path(self.source)
            # A pipe can be read only once; its faults show while it is translated.
            total = check_text(path) if path.is_file() or path.is_dir() or not path.exists() else None
            stream = open_text(path)
        name = "standard input" if self.source == STANDARD_INPUT else self.source
        with stream:
            self._translate(read_lines(stream, name), declared, target, total)

    def _check_files(self) -> None:
        outputs = [p for p in (self.out, self.trace) if p is not None]
        for path in outputs:
            if path.is_dir():
                raise DocumentError(f"{path} is a directory: name a file")
            if not path.absolute().parent.is_dir():
                raise DocumentError(f"{path}: there is no directory {path.absolute().parent}: create it first")
            inputs = [*([] if self.source == STANDARD_INPUT else [Path(self.source)]), *self.options.glossaries]
            for other in inputs:
                if path.exists() and other.exists() and path.samefile(other):
                    raise DocumentError(f"{path} is also an input and would be overwritten: name another file")
        if self.out is not None and self.trace is not None and self.out.resolve() == self.trace.resolve():
            raise DocumentError(f"{self.out} is named for the translation and for the trace: name two files")

    def _translate(self, raw: Iterator[str], declared: Language | None, target: Language, total: int | None) -> None:
        from mtreason.translator import Direction, check_options, load_entries

        check_options(self.options)
        first, raw = _peek(raw)
        source = declared or self._detect(first, target)
        output = self.output
        if not first or source is None or source.tag == target.tag:
            if first and source is not None:
                self.session.note(f"the text is in {target.name} already: passed through unchanged")
            for number, line in enumerate(raw, 1):
                output.write(self._json_line(number, line, line) if self.as_json else line)
            output.close()
            return
        direction = Direction(source, target)
        entries = load_entries(direction, self.options)
        self._name_glossaries(entries)
        try:
            self._run_model(raw, direction, entries, output, total)
        finally:
            self.session.progress.stop()
        output.close()
        if self.tally.fell_back or (self.strict_terms and self.tally.missed):
            raise typer.Exit(FELL_BACK)

    def _detect(self, sample: list[str], target: Language) -> Language | None:
        from mtreason.languages import detect_language

        found = detect_language("".join(sample)[:SAMPLE_CHARACTERS])
        if found is None:
            return None
        if found.primary == target.primary:
            return target
        self.session.note(f"source language: {found.tag} ({found.name}), detected; --from overrides")
        return found

    def _name_glossaries(self, entries: tuple[Entry, ...]) -> None:
        counts: dict[str, int] = {}
        for entry in entries:
            counts[entry.file] = counts.get(entry.file, 0) + 1
        for name, count in counts.items():
            self.session.note(f"glossary: {name} ({count} entries)")

    def _load(self, direction: Direction, entries: tuple[Entry, ...]) -> Translator:
        from mtreason.translator import Translator

        resolved, loaded = self.session.open_model(self.options.dtype)
        if self.options.qe is not None:
            self.session.stage(f"loading {self.options.qe}", 0.0)
        translator = Translator(loaded, direction, self.options, entries)
        self.session.note(
            f"model: {resolved.name} ({loaded.dtype}, {loaded.device}); decoder: {self.options.decoder}"
            + (f", reward {self.options.reward or DEFAULT_REWARD}" if "reward" in translator.decoder.heeds else "")
            + f", budget {self.options.budget:g}"
        )
        return translator

    def _run_model(
        self,
        raw: Iterator[str],
        direction: Direction,
        entries: tuple[Entry, ...],
        output: Output,
        total: int | None,
    ) -> None:
        from mtreason.pipeline import parse_lines, trace_record, translate_lines

        translator = self._load(direction, entries)
        record = Output(self.trace) if self.trace else None
        progress = self.session.progress
        started = time.monotonic()
        progress.segments(total)

        def settle(segment: Segment) -> None:
            self.tally.count(segment)
            if record is not None:
                record.write(json.dumps(trace_record(segment, self.options), ensure_ascii=False) + "\n")
            speed = translator.model.usage.tokens / max(time.monotonic() - started, 1e-9)
            progress.advance(output.lines, self.tally.segments, speed)

        for line in translate_lines(translator, parse_lines(raw, direction.source), settle):
            output.write(self._json_of(line) if self.as_json else line.text)
        progress.stop()
        if record is not None:
            record.close()
        self._summary(translator, time.monotonic() - started)

    def _summary(self, translator: Translator, seconds: float) -> None:
        tally, usage = self.tally, translator.model.usage
        text = f"{tally.segments} segments in {seconds:.1f} s, {usage.tokens / max(seconds, 1e-9):.0f} tokens/s"
        if tally.passed:
            text += f"; {tally.passed} passed through (already {translator.direction.target.name}, or no words)"
        if tally.hints:
            text += f"; glossary hints honoured: {tally.hints - len(tally.missed)} of {tally.hints}"
        if self.options.think:
            text += f"; answers in form: {tally.in_form} of {tally.answers}"
        self.session.note(text)
        if tally.fell_back:
            lines = ", ".join(map(str, sorted(set(tally.fell_back))[:10]))
            say(f"{len(tally.fell_back)} segments found no clean translation, see line {lines}: try --effort high")
        if tally.missed and (self.strict_terms or not self.session.quiet):
            listed = ", ".join(tally.missed[:MOST_NAMED]) + (", …" if len(tally.missed) > MOST_NAMED else "")
            say(f"glossary terms missed: {listed}")

    def _json_of(self, line: TranslatedLine) -> str:
        source = "".join(s.source for s in line.segments)
        return self._json_line(line.number, source, line.text)

    @staticmethod
    def _json_line(number: int, source: str, translation: str) -> str:
        record = {"line": number, "source": source.strip(), "translation": translation.strip()}
        return json.dumps(record, ensure_ascii=False) + "\n"


def _peek(raw: Iterator[str]) -> tuple[list[str], Iterator[str]]:
    """Look at enough lines to tell the language; returns them, and all lines."""
    seen: list[str] = []
    while len(seen) < SAMPLE_LINES and sum(map(len, seen)) < SAMPLE_CHARACTERS:
        line = next(raw, None)
        if line is None:
            break
        seen.append(line)
    return seen, itertools.chain(seen, raw)
