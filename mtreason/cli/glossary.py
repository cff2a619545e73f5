"""`mtreason glossary`: glossaries are drafted, checked, converted, and compared with texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mtreason.cli import options
from mtreason.cli.output import counted, say
from mtreason.errors import InputError
from mtreason.runs.output import Output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtreason.glossary import Term, Terms
    from mtreason.glossary.own_text import OwnText
    from mtreason.languages import Language

app = typer.Typer(no_args_is_help=True, help="Draft, check, convert and try out glossaries.")

_imports = typer.Typer(no_args_is_help=True, help="Take terms from a dictionary that you have.")
app.add_typer(_imports, name="import")

FINDINGS = 3
"""Exit code of a command that found what it looks for."""

_From = Annotated[
    str | None, typer.Option("--from", metavar="LANG", help="Source language; not needed where the file name says it.")
]
_To = Annotated[
    str | None, typer.Option("--to", metavar="LANG", help="Target language; not needed where the file name says it.")
]
_Files = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="Glossaries: TSV, CSV, tab text, JSON, TBX, UTX or TMX.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


@app.command("lint")
def lint_files(
    files: _Files,
    *,
    from_: _From = None,
    to: _To = None,
    text: Annotated[
        Path | None, typer.Option("--text", "-t", metavar="FILE", help="Your own source text, line by line.")
    ] = None,
    hyp: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The right translation of --text, line by line.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 3 where there are warnings.")] = False,
    as_json: _Json = False,
) -> None:
    """List what is wrong or doubtful, in itself and for your text; exit code 2 for errors: such a file is not used."""
    from mtreason.glossary.lint import ERROR, WARNING, lint

    source, target = _languages(files, from_, to)
    found = lint(files, source, target, _own_text(text, hyp))
    rows = [{"level": f.level, "where": f.where, "message": f.message} for f in found]
    counts = {level: sum(f.level == level for f in found) for level in dict.fromkeys([ERROR, WARNING, "note"])}
    listed = "".join(f"{f.where}: {f.level}: {f.message}\n" for f in found)
    summary = ", ".join(f"{n} {level}{'' if n == 1 else 's'}" for level, n in counts.items())
    _print({"findings": rows, "counts": counts} if as_json else f"{listed}{summary}\n")
    if counts[ERROR]:
        raise typer.Exit(InputError.exit_code)
    if strict and counts[WARNING]:
        raise typer.Exit(FINDINGS)


@app.command("match")
def match(
    files: _Files,
    *,
    text: Annotated[Path, typer.Option("--text", "-t", metavar="FILE", help="Source text, line by line.")],
    from_: _From = None,
    to: _To = None,
    prompt: options.Prompt = None,
    as_json: _Json = False,
) -> None:
    """Show which terms of the text would be hinted, which not and why, and the prompt that would be sent."""
    from mtreason.decoding.prompts import translation_prompt
    from mtreason.decoding.wordings import DEFAULT, named_wording
    from mtreason.documents.sentences import split_segments
    from mtreason.glossary import Matcher
    from mtreason.lines import read_lines

    source, target = _languages(files, from_, to)
    matcher = Matcher(_read(files, source, target), source.tag)
    wording = named_wording(prompt or DEFAULT)
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(read_lines(text), 1):
        for segment in split_segments(line, source):
            found = matcher.explain(segment)
            if not found:
                continue
            hits = [f.hit for f in found if not f.dropped]
            sent = translation_prompt(wording, segment, source, target, hits=hits)
            rows.append({
                "line": number,
                "source": segment,
                "hits": [_hit_record(f.hit.term) for f in found if not f.dropped],
                "dropped": [_hit_record(f.hit.term) | {"why": f.dropped} for f in found if f.dropped],
                "prompt": sent.text if hits else None,
            })  # fmt: skip
    _print({"segments": rows} if as_json else "\n".join(map(_match_text, rows)))
    if not as_json:
        counts = [len(row["hits"]) for row in rows]
        say(f"{sum(counts)} hits in {sum(map(bool, counts))} segments")


def _hit_record(term: Term) -> dict[str, Any]:
    return {"source": term.source, "targets": list(term.targets), "file": term.file, "line": term.line}


def _match_text(row: dict[str, Any]) -> str:
    lines = [f"line {row['line']}: {row['source']}"]
    lines += [
        f"  {hit['source']} -> {' | '.join(hit['targets']) or '(kept)'}  [{hit['file']}:{hit['line']}]"
        for hit in row["hits"]
    ]
    lines += [f"  ({hit['source']}: {hit['why']})" for hit in row["dropped"]]
    if row["prompt"]:
        lines += ["  prompt:", *(f"    {line}".rstrip() for line in row["prompt"].split("\n"))]
    return "\n".join(lines) + "\n"


@app.command("check")
def check(
    files: _Files,
    *,
    src: Annotated[Path, typer.Option(metavar="FILE", help="What was translated, line by line.")],
    hyp: Annotated[Path, typer.Option(metavar="FILE", help="Its translation, whoever made it, line by line.")],
    from_: _From = None,
    to: _To = None,
    fail_under: Annotated[
        float | None,
        typer.Option(metavar="PERCENT", min=0, max=100, help="Exit with 3 where fewer terms are honoured."),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Say which terms a translation honours, each miss with file and line."""
    from mtreason.glossary import Matcher, Verdict
    from mtreason.glossary.lines import judge_lines

    source, target = _languages(files, from_, to)
    matcher = Matcher(_read(files, source, target), source.tag)
    sources, translations = _aligned(src, hyp)
    judged = list(judge_lines(matcher, sources, translations, target.tag))
    misses: list[dict[str, Any]] = [
        {"line": n, "term": _hit_record(hit.term), "avoid": judgement.reading, "translation": translations[n - 1]}
        for n, hit, judgement in judged
        if judgement.verdict is not Verdict.FOLLOWED
    ]
    total, right = len(judged), len(judged) - len(misses)
    share = 100 * right / total if total else 100.0
    figures = {"terms": total, "honoured": right, "percent": share, "misses": misses}
    lines = [
        f"{hyp}:{miss['line']}: {miss['term']['source']}: "
        + (f"says {miss['avoid']!r}, which is to be avoided" if miss["avoid"] else "not honoured")
        + f"; expected {' | '.join(miss['term']['targets']) or 'the term itself'}"
        + f" [{miss['term']['file']}:{miss['term']['line']}]\n"
        for miss in misses
    ]
    _print(figures if as_json else "".join(lines) + f"{right} of {total} terms honoured ({share:.1f} %)\n")
    if fail_under is not None and share < fail_under:
        raise typer.Exit(FINDINGS)


@app.command("convert")
def convert(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A glossary: TSV, CSV, tab text, JSON, TBX, UTX or TMX.")
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Where it goes; its ending says in which format.")],
    *,
    from_: _From = None,
    to: _To = None,
    back: Annotated[
        bool, typer.Option("--reverse", help="For the other direction: the terms that hold both ways.")
    ] = False,
) -> None:
    """Write a glossary in another format, or for the other direction; what is lost is said."""
    from mtreason.files import write_bytes
    from mtreason.glossary.formats import FORMATS
    from mtreason.glossary.load import read_glossary, write_glossary
    from mtreason.glossary.reverse import reverse

    form = out.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        raise InputError(f"{out}: the ending says no format: name it .{', .'.join(FORMATS)}")
    source, target = _languages([file], from_, to)
    found = read_glossary(file, source.tag, target.tag, merged=False)
    if found.left_out:
        say(found.left_out)
    terms: Sequence[Term] = found.terms
    direction = (source.tag, target.tag)
    if back:
        count, direction = len(terms), direction[::-1]
        terms = reverse(terms, target.tag)
        if len(terms) < count:
            say(f"{count - len(terms)} terms do not lead back: they have several renderings, or conditions")
    write_bytes(out, write_glossary(terms, form, direction))
    lost, affected = _lost(terms, FORMATS[form].KEEPS)
    if lost:
        say(f"{form.upper()} has no place for {', '.join(lost)}: left out, {affected} of {len(terms)} terms have some")
    say(f"{len(terms)} terms in {out}")


@_imports.command("cedict")
def import_cedict(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="cedict_ts.u8 of CC-CEDICT, or that gzipped.")],
    out: Annotated[Path, typer.Argument(metavar="OUT.tsv", help="Where the glossary goes.")],
    *,
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="WORD", help="Take what has this label; slang and neologism."),
    ] = None,
) -> None:
    """Take what CC-CEDICT labels as slang or neologism; its licence goes along."""
    from mtreason.files import write_bytes
    from mtreason.glossary.cedict import LABELS, read_cedict
    from mtreason.glossary.formats import tsv

    if out.suffix != ".tsv":
        raise InputError(f"{out}: the licence goes along as a comment, which only .tsv has: name it so")
    found = read_cedict(file, tuple(label) if label else LABELS)
    write_bytes(out, tsv.write(found.terms, ("zh", "en"), found.comments))
    say(f"{len(found.terms)} terms in {out}; {found.comments[0]}")


@app.command("suggest")
def suggest_terms(
    *,
    src: Annotated[Path, typer.Option(metavar="FILE", help="What was translated, line by line.")],
    ref: Annotated[Path, typer.Option(metavar="FILE", help="Translations by people, line by line.")],
    hyp: Annotated[Path, typer.Option(metavar="FILE", help="The translation that is to become better, line by line.")],
    from_: Annotated[str, typer.Option("--from", metavar="LANG", help="Source language.")],
    to: Annotated[str, typer.Option("--to", metavar="LANG", help="Target language.")],
    least: Annotated[int, typer.Option(metavar="N", min=2, help="Lines in which a term has to occur.")] = 2,
    as_json: _Json = False,
) -> None:
    """Propose terms, as lines of a glossary: terms that people and the translation keep saying differently."""
    from mtreason.glossary.suggest import suggest
    from mtreason.languages import parse_language
    from mtreason.lines import read_lines

    texts = [read_lines(path) for path in (src, ref, hyp)]
    for path, lines in zip((ref, hyp), texts[1:], strict=True):
        if len(lines) != len(texts[0]):
            raise InputError(f"{path} has {len(lines)} lines, {src} has {len(texts[0])}: they must match line by line")
    found = suggest(texts[0], texts[1], texts[2], (parse_language(from_), parse_language(to)), least)
    rows = [
        {"source": s.source, "target": s.target, "literal": s.literal, "segments": s.segments, "score": s.score}
        for s in found
    ]
    lines = [f"{s.source}\t{s.target}\t{s.literal}\tin {s.segments} lines, score {s.score:.2f}\n" for s in found]
    _print({"suggestions": rows} if as_json else "".join(lines))
    if not as_json:
        say(f"{len(found)} candidates: keep the lines that are right")


@app.command("draft")
def draft(
    documents: Annotated[
        list[Path], typer.Argument(metavar="DOCUMENT...", help="What is to be translated, in any format that is read.")
    ],
    *,
    to: options.To,
    from_: options.From = None,
    tm: options.Memories = None,
    model: options.Model = None,
    glossary: options.Glossaries = None,
    no_glossary: options.NoGlossary = False,
    column: options.Columns = None,
    out: options.Out = None,
    as_json: _Json = False,
    quiet: options.Quiet = False,
    tokenizer: options.Tokenizer = None,
    dtype: options.Dtype = "auto",
    trust_remote_code: options.TrustRemoteCode = False,
) -> None:
    """Propose names, recurring terms and new words of documents, with renderings; none is used until it is accepted.

    A file given with --out keeps all that it has; what is new is added to it.
    """
    from mtreason.cli.loading import Session
    from mtreason.runs.proposing import Asked, propose_terms, write_sheet

    session = Session(quiet, model, trust_remote_code, tokenizer, dtype)
    asked = Asked(
        tuple(documents), to, from_, tuple(column or ()), tuple(tm or ()), tuple(glossary or ()), not no_glossary, out
    )
    found = propose_terms(asked, session, session.open_model)
    count = len(found.rows)
    if out is not None:
        count = write_sheet(out, found.direction, found.rows)
    if as_json:
        _print({"proposals": found.records(), "known": found.known})
    elif out is None and found.rows:
        _print(found.sheet.with_lines(found.rows).decode())
    session.note(
        f"{counted(count, 'proposal')} from {counted(found.segments)}, {found.known} more known already"
        + (f"; read them in {out}: none is used until its '# ' is taken away" if out is not None and count else "")
    )


def _lost(terms: Sequence[Term], keeps: frozenset[str]) -> tuple[list[str], int]:
    """Return the columns that a format has no place for, and how many terms have something in one of them."""
    from mtreason.glossary.term import COLUMNS, to_fields

    used = [{column for column, value in to_fields(term).items() if value} - keeps for term in terms]
    return [column for column in COLUMNS if any(column in own for own in used)], sum(map(bool, used))


def _languages(files: Sequence[Path], from_: str | None, to: str | None) -> tuple[Language, Language]:
    """Return the languages that the options name, or else those that the first file's name states."""
    from mtreason.glossary.load import stated_direction
    from mtreason.languages import parse_language

    stated = stated_direction(files[0]) or (None, None)
    codes = (from_ or stated[0], to or stated[1])
    for code, option in zip(codes, ("--from", "--to"), strict=True):
        if code is None:
            raise InputError(f"{files[0]}: its name does not say for which languages it is: add {option}")
    return parse_language(str(codes[0])), parse_language(str(codes[1]))


def _aligned(src: Path, hyp: Path) -> tuple[list[str], list[str]]:
    from mtreason.lines import read_lines

    sources, translations = read_lines(src), read_lines(hyp)
    if len(sources) != len(translations):
        raise InputError(f"{src} has {len(sources)} lines, {hyp} has {len(translations)}: they must match line by line")
    return sources, translations


def _own_text(text: Path | None, hyp: Path | None) -> OwnText | None:
    from mtreason.glossary.own_text import OwnText
    from mtreason.lines import read_lines

    if text is None:
        if hyp is not None:
            raise InputError("--hyp: what it translates is missing: add --text")
        return None
    if hyp is None:
        return OwnText(text, read_lines(text))
    lines, translations = _aligned(text, hyp)
    return OwnText(text, lines, hyp, translations)


def _read(files: Sequence[Path], source: Language, target: Language) -> Terms:
    from mtreason.glossary import load_glossaries

    return load_glossaries(files, source.tag, target.tag, say)


def _print(content: dict[str, Any] | str) -> None:
    output = Output(None)
    output.write(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, indent=2) + "\n")
    output.close()
