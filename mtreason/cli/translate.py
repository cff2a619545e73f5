"""`mtreason translate`: a document in, a document out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mtreason.cli import options
from mtreason.cli.loading import Session
from mtreason.cli.output import counted, say
from mtreason.errors import InputError
from mtreason.runs.job import STANDARD_INPUT, DocumentJob, DocumentReport
from mtreason.runs.settings import DEFAULT_REWARD, Settings, with_effort

if TYPE_CHECKING:
    from mtreason.glossary import Terms
    from mtreason.languages import Direction
    from mtreason.runs.translator import Translator

FELL_BACK = 3
"""Exit code: some segments have no clean translation, or missed a required term."""


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
    prompt: options.Prompt = None,
    decoder: options.Decoder = None,
    reward: options.RewardName = None,
    qe: options.Checkpoint = None,
    head: options.Head = None,
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
    settings = Settings(
        **with_effort(effort, {"decoder": decoder, "budget": budget, "beam_width": beam_width}),
        prompt=prompt, reward=reward, qe=qe, head=head, nodes=nodes, full_budget=full_budget, context=context,
        in_flight=in_flight, seed=seed, reflect=reflect, segment_seconds=segment_seconds,
        glossaries=tuple(glossary or ()), shipped_glossaries=not no_glossary, memories=tuple(tm or ()),
        think=think, max_thought_tokens=max_thought_tokens, reward_over=reward_over,
    )  # fmt: skip
    job = DocumentJob(
        source=source, out=out, form=form, columns=tuple(column or ()), trace=trace, bilingual=bilingual,
        as_json=as_json, n_best=n_best, max_seconds=max_seconds, max_tokens=max_tokens, remember=not no_memory,
        inputs=(*settings.glossaries, *settings.memories, *_wording_file(prompt), *([head] if head else [])),
    )  # fmt: skip
    session = Session(quiet, model, trust_remote_code, tokenizer, dtype)
    _translate(job, to, from_, settings, session, strict_terms=strict_terms)


def _translate(
    job: DocumentJob, to: str, from_: str | None, settings: Settings, session: Session, *, strict_terms: bool
) -> None:
    """Check everything that is cheap to check, then translate."""
    from mtreason.languages import parse_language
    from mtreason.runs.checks import check_settings
    from mtreason.runs.document import DocumentRun

    target, declared = parse_language(to), parse_language(from_) if from_ else None
    check_settings(settings)
    report = DocumentRun(job, session).translate_into(
        target, declared, lambda direction: _make_translator(direction, settings, session)
    )
    if not report.passed_through:
        _summary(report, target.name, settings, session, strict_terms=strict_terms)
    if report.fell_back or (strict_terms and report.missed):
        raise typer.Exit(FELL_BACK)


def _wording_file(prompt: str | None) -> list[Path]:
    return [Path(prompt)] if prompt is not None and prompt.endswith(".toml") else []


def _make_translator(direction: Direction, settings: Settings, session: Session) -> Translator:
    """Read the small files first, then the model."""
    from mtreason.runs.checks import spends_budget, untrained
    from mtreason.runs.translator import Translator, load_memories, load_terms

    terms, human = load_terms(direction, settings, session.warn), load_memories(direction, settings)
    _name_glossaries(terms, session)
    loaded = session.open_model()
    if settings.qe is not None:
        session.stage(f"loading {settings.qe}", 0.0)
    translator = Translator(loaded, direction.source, direction.target, settings, terms=terms, human=human)
    if (doubt := untrained(translator.head, direction)) is not None:
        session.warn(doubt)
    session.note(
        f"model: {loaded.name} ({loaded.dtype}, {loaded.device}); decoder: {settings.decoder}"
        + (f", reward {settings.reward or DEFAULT_REWARD}" if "reward" in translator.decoder.options else "")
        + (f", budget {settings.budget:g}" if spends_budget(settings) else "")
    )
    return translator


def _name_glossaries(terms: Terms, session: Session) -> None:
    for part in terms.parts:
        session.note(f"glossary: {part.file} ({len(part.terms)} terms)")


def _summary(
    report: DocumentReport, language: str, settings: Settings, session: Session, *, strict_terms: bool
) -> None:
    """Report what was done, and what is doubtful."""
    from mtreason.runs.pipeline import HUMAN, KEPT, PASSED

    speed = report.tokens / max(report.seconds, 1e-9)
    text = f"{report.segments} segments in {report.seconds:.1f} s, {report.tokens} tokens, {speed:.0f} tokens/s"
    for origin, what in (
        (PASSED, f"passed through (already {language}, or no words)"),
        (KEPT, "translated before"),
        (HUMAN, "from --tm"),
    ):
        if origin in report.origins:
            text += f"; {report.origins[origin]} {what}"
    if report.hits:
        text += f"; glossary terms followed: {report.hits - report.missed} of {report.hits}"
    if report.timed_out:
        text += f"; cut short by --segment-seconds: {report.timed_out}"
    if settings.think:
        text += f"; answers in form: {report.in_form} of {report.answers}"
    session.note(text)
    if report.fell_back:
        places = ", ".join(f"{place} ({why})" for place, why in report.fallen.items())
        say(f"no clean translation was found for {counted(report.fell_back)}, see {places}: try --effort high")
    if report.placed:
        places = ", ".join(report.placed_at)
        say(f"markup was put back into {counted(report.placed)} by the tool, see {places}: look there")
    if report.doubtful:
        listed = "; ".join(report.doubts) + ("; …" if report.doubtful > len(report.doubts) else "")
        say(f"{counted(report.doubtful)} may be wrong, see {listed}")
    if report.missed and (strict_terms or not session.quiet):
        listed = ", ".join(report.missing) + (", …" if report.missed > len(report.missing) else "")
        say(f"glossary terms missed: {listed}")
