r"""Subtitles: SubRip (SRT), WebVTT and (Advanced) SubStation Alpha (ASS, SSA); times and styles stay byte for byte.

A caption is one unit, in which markup is a code and each speaker has a line; see `captions`. Drawings, comments, styles
and settings are no text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass

from mtreason.documents.charsets import marked
from mtreason.documents.coded import TAG
from mtreason.documents.protocol import Document, Reading
from mtreason.documents.spans import Fix, RawLine, Span, SpannedDocument, as_it_is, bounded, decode, raw_lines
from mtreason.documents.subtitles.captions import (
    BIDI,
    BREAK,
    CODE,
    TEXT,
    Cut,
    Pairs,
    Part,
    coded_caption,
    laid_out,
    longest,
)
from mtreason.errors import DocumentError
from mtreason.lines import LINE_END

_TIME = r"-?\d{1,4}(?:\s?[:.,;：]\s?\d{1,4}){1,3}"
_TIMING = re.compile(rf"[\s\u200e\u200f\u202a-\u202e\ufeff]*{_TIME}\s*-->\s*{_TIME}")
"""Times as people write them; players read more than the standards allow."""
_ALMOST = re.compile(r"\s*\d{1,3}:\d{2}:\d{2}[.,]\d+\s*[^\d\s]{1,8}\s*\d{1,3}:\d{2}:\d{2}[.,]\d+")
_NUMBER = re.compile(r"\s*\d+\s*")


class Subtitles(SpannedDocument):
    """A file of subtitles."""

    wraps = True


@dataclass(frozen=True, slots=True)
class _Markup:
    """How a format writes what is in a caption."""

    cut: Cut
    pairs: Pairs
    escape: Callable[[str], Callable[[str], str]]
    """Returns how text is written, given the caption in the source, whose ways it follows."""
    line: Callable[[str], str] = as_it_is
    """Writes a line so that no player takes it for anything else."""


def read_srt(data: bytes, name: str, reading: Reading) -> Document:
    """Read SubRip; raises `DocumentError` for text without a time."""
    del reading
    return marked(data, name, _read_srt)


def _read_srt(content: str, name: str, bom: bytes) -> Document:
    lines = list(raw_lines(content))
    timings = [i for i, line in enumerate(lines) if _TIMING.match(line.text)]
    first = _cue_start(lines, timings[0], 0, numbered=True) if timings else len(lines)
    for line in lines[:first]:
        if line.text.strip():
            raise _no_time(name, line)
    numbered = bool(timings) and first < timings[0]
    spans = []
    for i, timing in enumerate(timings):
        after = timings[i + 1] if i + 1 < len(timings) else len(lines)
        end = _cue_start(lines, after, timing + 1, numbered=numbered) if after < len(lines) else after
        for line in lines[timing + 1 : end]:
            if _ALMOST.match(line.text):
                raise _no_time(name, line)
        spans.append(_caption(content, lines, timing, end, _SRT))
    return Subtitles(content, bounded((span for span in spans if span), name), bom)


def _no_time(name: str, line: RawLine) -> DocumentError:
    return DocumentError(
        f"{name}: line {line.number}: expected a caption with its times (00:00:01,000 --> 00:00:02,000), "
        f"found {line.text[:40]!r}"
    )


def _cue_start(lines: Sequence[RawLine], timing: int, least: int, *, numbered: bool) -> int:
    """Return the line where a cue begins: its number, or its times."""
    at = timing - 1
    if at < least or not _NUMBER.fullmatch(lines[at].text):
        return timing
    return at if numbered or at == least or not lines[at - 1].text.strip() else timing


def read_vtt(data: bytes, name: str, reading: Reading) -> Document:
    """Read WebVTT; raises `DocumentError` for a file without the WebVTT header."""
    content, bom = decode(data, name)
    if not re.match(r"WEBVTT(?![^ \t\r\n])", content):
        raise DocumentError(f"{name}: line 1: a WebVTT file begins with WEBVTT")
    lines = list(raw_lines(content))
    head = next((i for i, line in enumerate(lines) if not line.text.strip() or "-->" in line.text), len(lines))
    named = [(line.start, re.match(r"Language:\s*([\w-]*)", line.text)) for line in lines[1:head]]
    target = reading.target
    fixes = [Fix(at + m.start(1), at + m.end(1), target.tag) for at, m in named if m and target is not None]
    spans = []
    at = head
    numbered = None
    while at < len(lines):
        if not _TIMING.match(lines[at].text):
            at += 1
            continue
        if numbered is None:
            numbered = bool(_NUMBER.fullmatch(lines[at - 1].text))
        end = at + 1
        while end < len(lines) and lines[end].text and "-->" not in lines[end].text:  # blanks alone end no cue
            end += 1
        last = end
        if end < len(lines) and "-->" in lines[end].text:
            # Without a blank line before it, the number of the next cue would be shown in this one.
            last = _cue_start(lines, end, at + 1, numbered=numbered)
        spans.append(_caption(content, lines, at, last, _VTT))
        at = end
    return Subtitles(content, bounded((span for span in spans if span), name), bom, fixes=fixes)


def _caption(content: str, lines: Sequence[RawLine], timing: int, end: int, markup: _Markup) -> Span | None:
    """Return the text between the times and the next cue; None where there is none."""
    first = timing + 1
    while first < end and not lines[first].text.strip():
        first += 1
    while end > first and not lines[end - 1].text.strip():
        end -= 1
    if first == end:
        return None
    newline = content[lines[timing].end : lines[timing + 1].start]
    raw = content[lines[first].start : lines[end - 1].end]
    return _span(raw, lines[first].start, f"line {lines[first].number}", markup, newline)


def _span(raw: str, start: int, place: str, markup: _Markup, newline: str) -> Span | None:
    parts = list(markup.cut(raw))
    escape = markup.escape(raw)
    coded = coded_caption(parts, markup.pairs, escape)
    if not TAG.sub("", coded.text).strip():
        return None
    blank = any(not line.strip() for line in coded.text.split("\n"))

    raws = {code.raw for code in coded.codes.values()}

    def write(native: str) -> str:
        found = [own for part in markup.cut(native) for own in _as_text(part, raws)]
        lines = [line for line in laid_out(found, longest(parts)) if blank or line.strip()]
        return newline.join(map(markup.line, lines))

    return Span(start, start + len(raw), place, coded.text, write, coded.codes, escape)


def _as_text(part: Part, raws: Set[str]) -> Iterator[Part]:
    """Yield a part of a translation; what looks like markup, and is none of the source's, is text."""
    if part.kind != CODE or part.raw in raws:
        yield part
        return
    for i, text in enumerate(LINE_END.split(part.raw)):
        yield from [Part(BREAK, "\n")] if i else []
        yield Part(TEXT, text, text)


def _no_timing(line: str) -> str:
    """Write what looks like the times of a cue, and is said, so that no player takes it for them."""
    found = _TIMING.match(line) or _ALMOST.match(line)
    return line[: found.end()].replace("-->", "->").replace(":", "\u2236") + line[found.end() :] if found else line


def _no_end(line: str) -> str:
    """Write an empty line as one of a blank: an empty one ends the cue."""
    return line or " "


def _parts(raw: str, pattern: re.Pattern[str], part: Callable[[re.Match[str]], Part]) -> Iterator[Part]:
    at = 0
    for found in pattern.finditer(raw):
        if found.start() > at:
            yield Part(TEXT, raw[at : found.start()], raw[at : found.start()])
        yield part(found)
        at = found.end()
    if at < len(raw):
        yield Part(TEXT, raw[at:], raw[at:])


def _broken_or_code(found: re.Match[str]) -> Part:
    return Part(BREAK if found["break"] else CODE, found[0])


_SRT_PARTS = re.compile(rf"(?P<break>{LINE_END.pattern})|</?[A-Za-z][^<>]*>|\{{\\[^{{}}]*\}}|{BIDI}")
_VTT_PARTS = re.compile(
    rf"(?P<break>{LINE_END.pattern})|(?P<mark>&[lr]rm;)|(?P<entity>&(?:#\d{{1,7}}|#[xX][0-9A-Fa-f]{{1,6}}|[A-Za-z][A-Za-z0-9]{{1,31}});)"
    rf"|<[^<>]*>|<|{BIDI}"
)


def _vtt_part(found: re.Match[str]) -> Part:
    if found["entity"]:
        return Part(TEXT, found[0], html.unescape(found[0]))
    return _broken_or_code(found)


_NAME = re.compile(r"</?([A-Za-z]+)")


def _tag_pair(raw: str) -> tuple[str, bool] | None:
    found = _NAME.match(raw)
    if found is None or raw.endswith("/>"):
        return None
    return found[1].lower(), not raw.startswith("</")


def _vtt_escape(source: str) -> Callable[[str], str]:
    """Write text as the caption in the source does: what it left as it is, although it need not, stays so."""
    bare = "&amp;" not in source and "&" in re.sub(r"&[A-Za-z0-9#]+;", "", source)
    angle, blank = "&gt;" in source, "&nbsp;" in source

    def escape(text: str) -> str:
        text = re.sub(r"&(?=[#A-Za-z])", "&amp;", text) if bare else text.replace("&", "&amp;")
        text = text.replace("<", "&lt;")
        text = text.replace(">", "&gt;") if angle else text.replace("-->", "--&gt;")
        return text.replace("\u00a0", "&nbsp;") if blank else text

    return escape


def _plain(source: str) -> Callable[[str], str]:
    del source
    return as_it_is


_SRT = _Markup(lambda raw: _parts(raw, _SRT_PARTS, _broken_or_code), _tag_pair, _plain, _no_timing)
_VTT = _Markup(lambda raw: _parts(raw, _VTT_PARTS, _vtt_part), _tag_pair, _vtt_escape, _no_end)

_ASS_FIELDS = 10


def read_ass(data: bytes, name: str, reading: Reading) -> Document:
    r"""Read the dialogue of an ASS or SSA file; \N breaks again where lines are wrapped."""
    del reading
    return marked(data, name, _read_ass)


def _read_ass(content: str, name: str, bom: bytes) -> Document:
    spans = []
    fields = _ASS_FIELDS
    section = ""
    events = False
    for line in raw_lines(content):
        kind, colon, rest = line.text.partition(":")
        kind = kind.strip()
        if line.text.lstrip().startswith("["):
            section = line.text.strip().lower()
            events = events or section == "[events]"
        elif section not in {"", "[events]"} or not colon:
            continue
        elif kind == "Format" and rest.split(",")[-1].strip().lower() == "text":
            fields = rest.count(",") + 1
        elif kind == "Dialogue":
            parts = rest.split(",", fields - 1)
            if len(parts) < fields:
                raise DocumentError(f"{name}: line {line.number}: expected {fields} fields in this Dialogue line")
            text = parts[-1].strip()
            start = line.end - len(parts[-1].lstrip())
            spans.append(_span(text, start, f"line {line.number}", _ASS, r"\N"))
    if not events:
        raise DocumentError(f"{name}: expected an ASS file with a section [Events]")
    return Subtitles(content, bounded((span for span in spans if span), name), bom)


_ASS_PARTS = re.compile(
    rf"(?P<sign>\\[{{}}])|(?P<code>\{{[^}}]*\}})|(?P<break>\\[Nn]|{LINE_END.pattern})|(?P<space>\\h)|{BIDI}"
)
_ASS_REST = re.compile(rf"(?P<sign>\\[{{}}])|(?P<break>\\[Nn]|{LINE_END.pattern})|(?P<space>\\h)|\{{|{BIDI}")
"""After the last brace that closes, where none opens: so no brace is followed to the end in vain."""
_DRAWING = re.compile(r"\\p(\d{1,9})")


def _cut_ass(raw: str) -> Iterator[Part]:
    """Cut a line of dialogue; a drawing is one code, with the line breaks beside it, which lay out a picture."""
    waiting: Part | None = None
    drawn = False
    for part in _with_drawings(raw):
        drawing = part.kind == CODE and any(map(int, _DRAWING.findall(part.raw)))
        if waiting is not None:
            yield Part(CODE, waiting.raw) if drawing or drawn else waiting
            waiting = None
        if part.kind == BREAK:
            waiting = part
        else:
            drawn = drawing
            yield part
    if waiting is not None:
        yield Part(CODE, waiting.raw) if drawn else waiting


def _with_drawings(raw: str) -> Iterator[Part]:
    drawing: list[str] = []
    for part in _ass_parts(raw, raw.rfind("}") + 1):
        levels = _DRAWING.findall(part.raw) if part.kind == CODE else []
        if levels and int(levels[-1]) and not drawing:
            drawing.append(part.raw)
        elif drawing:
            drawing.append(part.raw)
            if levels and not int(levels[-1]):
                yield Part(CODE, "".join(drawing))
                drawing.clear()
        else:
            yield part
    if drawing:
        yield Part(CODE, "".join(drawing))


def _ass_parts(raw: str, last: int) -> Iterator[Part]:
    yield from _parts(raw[:last], _ASS_PARTS, _ass_part)
    yield from _parts(raw[last:], _ASS_REST, _ass_part)


def _ass_part(found: re.Match[str]) -> Part:
    if found["sign"]:
        return Part(TEXT, found[0], found[0][1])
    if found["space"]:
        return Part(CODE, found[0], " ")
    return _broken_or_code(found)


_SWITCH = re.compile(r"\{\\([ibus])(\d+)?\}")


def _switch_pair(raw: str) -> tuple[str, bool] | None:
    found = _SWITCH.fullmatch(raw)
    return (found[1], found[2] not in {None, "0"}) if found else None


def _ass_escape(source: str) -> Callable[[str], str]:
    opened = any(part.raw == "{" for part in _cut_ass(source))

    def escape(text: str) -> str:
        # A word joiner keeps a backslash from acting on the letter after it; there is no sign for that.
        text = re.sub(r"\\(?=[Nnh]|$)", "\\\\\u2060", text)
        text = text.replace("}", ")") if opened else text.replace("}", r"\}") if "{" in text else text
        return text.replace("{", r"\{")

    return escape


_ASS = _Markup(_cut_ass, _switch_pair, _ass_escape)
