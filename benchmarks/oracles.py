"""Takes documents apart with parsers of other people, for `whole.py`: what of a file is structure, and what is text.

Each oracle yields tokens. A translation is whole when it has the same tokens: those that are structure exactly, those
that are text but for the case of their letters.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

from pages import EITHER, EXACT, TEXT, Token, charset, flat, html, local_name, markdown, merged, parsed_xml, xhtml

Oracle = Callable[[bytes], Iterator[Token]]
Pair = tuple[list[Token], list[Token]]
"""What an output should have, and what it has."""


def plain_text(data: bytes) -> Iterator[Token]:
    for number, line in enumerate(data.decode("utf-8").splitlines(keepends=True), 1):
        body = line.rstrip("\r\n")
        yield Token(f"line {number}", "line", body, TEXT)
        yield Token(f"line {number}", "end of line", line[len(body) :])


# Archives and XML


_WORDED = r"word/(?:(?:document|header|footer|footnotes|endnotes)|charts/chart|diagrams/(?:data|drawing))\d*\.xml"
"""Parts of a Word document with text."""


def docx(data: bytes) -> Iterator[Token]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        yield Token("the archive", "parts", " ".join(sorted(names)))
        for name in names:
            content = archive.read(name)
            if re.fullmatch(_WORDED, name):
                yield from _runs(_word(parsed_xml(content), name))
            elif not re.fullmatch(r"word/(?:styles|settings)\.xml|docProps/.*", name):
                yield Token(name, "part", content.hex())


def _runs(tokens: Iterator[Token]) -> Iterator[Token]:
    """Join texts beside one another that are formatted alike; a blank belongs to the text after it."""
    form = text = None
    for token in tokens:
        if token.kind == "formatting" and form is not None and token.value == form.value:
            continue
        if token.kind == "formatting" and text is not None and not text.value.strip():
            yield token
            form = token
            continue
        if token.kind == "text" and text is not None and token.how == text.how:
            text = text._replace(value=text.value + token.value)
            continue
        if text is not None:
            yield text
        text = token if token.kind == "text" else None
        form = token if token.kind == "formatting" else form if token.kind == "text" else None
        if token.kind != "text":
            yield token
    if text is not None:
        yield text


_TRANSPARENT = {
    "proofErr", "lastRenderedPageBreak", "rPr", "noProof", "bookmarkStart", "bookmarkEnd", "softHyphen", "smartTag",
    "comment", "customXml", "ruby", "rubyPr", "rubyBase", "rt",
}  # fmt: skip
"""What nobody sees, or what belongs to the old words: where they may be divided, and how they sound."""
_DISTANCES = {"spacing", "w", "kern", "fitText", "snapToGrid"}
"""Distances between the letters of the old words."""
_COMPUTED = re.compile(
    r"(?i)\s*(?:addin|author|citation|createdate|date|filename|info|lastsavedby|mergefield|noteref|num\w+|page|pageref"
    r"|printdate|savedate|section|sectionpages|seq|time|username|=)(?:\s|$)"
)
"""Instructions of fields whose results are numbers, names and dates that Word fills in."""


def _is_trifle(node: Any) -> bool:  # noqa: ANN401
    """Whether a property of a run has no effect that anybody sees."""
    kind = local_name(node)
    return kind in {"lang", "noProof", "webHidden", *_DISTANCES} or (
        kind == "rFonts" and all(k.endswith("hint") for k in dict(node.attrib))
    )


def _word(root: Any, name: str) -> Iterator[Token]:  # noqa: ANN401
    """Yield text with its formatting, and whatever else stands in a paragraph, in order."""
    number = 0
    stack = [root]
    fields: list[str] = []
    while stack:
        node = stack.pop()
        kind = local_name(node)
        place = f"{name}, paragraph {number}"
        if kind == "t" and "/math" in node.tag:
            yield Token(place, "equation", node.text or "")
            continue
        if kind == "t":
            yield from _said_in_a_run(node, place, fields)
            stack += reversed(node)  # not valid, but seen
            continue
        number += kind == "p"
        if kind == "instrText":
            yield Token(place, kind, node.text or "")
            fields[-1:] = [f"{field}{node.text or ''}" for field in fields[-1:]]
        elif kind == "fldChar":
            sign = next((value for key, value in node.attrib.items() if key.endswith("fldCharType")), "")
            fields = [*fields, ""] if sign == "begin" else fields[:-1] if sign == "end" else fields
        if kind not in _TRANSPARENT | {"r", "pPr", "instrText"} and (kind != "hyperlink" or len(node)):
            yield Token(place, kind, (node.text or "").strip() if len(node) else str(sorted(node.attrib.items())))
        stack += [] if kind in {"rPr", "pPr", "rubyPr", "rt"} else reversed(node)


def _said_in_a_run(node: Any, place: str, fields: list[str]) -> Iterator[Token]:  # noqa: ANN401
    from lxml import etree

    said = "".join([node.text or "", *(child.tail or "" for child in node if not isinstance(child.tag, str))])
    if not said:
        return
    properties = node.getparent().find("{*}rPr")
    form = "" if properties is None else " ".join(
        [*map(str, sorted((k, v) for k, v in properties.attrib.items() if k != "lang")),
         *(etree.tostring(x, method="c14n").decode() for x in properties if not _is_trifle(x))]
    )  # fmt: skip
    links = [n.get(key) for n in node.iterancestors("{*}hyperlink") for key in n.keys()]  # noqa: SIM118
    simple = [v for n in node.iterancestors("{*}fldSimple") for k, v in n.attrib.items() if k.endswith("instr")]
    moved = next(node.iterancestors("{*}moveFrom"), None) is not None
    if said.strip():
        yield Token(place, "formatting", f"{form} {links}")
    yield Token(place, "text", said, EITHER if moved or any(map(_COMPUTED.match, [*fields, *simple])) else TEXT)


def epub(data: bytes) -> Iterator[Token]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        yield Token("the archive", "parts", " ".join(names))
        for name in names:
            content = archive.read(name)
            if name.endswith((".xhtml", ".html", ".htm")) or b"<html" in content[:2048]:
                yield from (t._replace(place=f"{name}, {t.place}") for t in xhtml(content))
            elif name.endswith((".opf", ".ncx")):
                yield from _leaves(parsed_xml(content), name)
            else:
                yield Token(name, "part", content.hex())


def _leaves(root: Any, name: str) -> Iterator[Token]:  # noqa: ANN401
    for node in root.iter():
        kind = local_name(node)
        yield Token(name, kind, str(sorted((k, v) for k, v in node.attrib.items() if not k.endswith("lang"))))
        if kind != "language":
            yield Token(name, f"text of {kind}", flat(node.text or ""), EITHER)


# Catalogues: what is finished stays, the rest is translated from another field.


def po(source: bytes, output: bytes) -> Pair:
    import polib

    wanted: list[Token] = []
    found: list[Token] = []
    files = [polib.pofile(data.decode(charset(data))) for data in (source, output)]
    for tokens, file in zip((wanted, found), files, strict=True):
        tokens.append(Token("the file", "entries", str(len(file))))
    forms = re.search(r"nplurals=(\d+)", files[1].metadata.get("Plural-Forms", ""))
    for before, after in zip(*files, strict=False):
        place = f"msgid {before.msgid[:30]!r}"
        for name in ("msgid", "msgctxt", "msgid_plural", "comment", "tcomment", "occurrences", "obsolete"):
            for tokens, entry in ((wanted, before), (found, after)):
                tokens.append(Token(place, name, str(getattr(entry, name))))
        finished = before.obsolete or (before.translated() and not before.fuzzy)
        old, new = ([*(e.msgstr_plural.values() or [e.msgstr])] for e in (before, after))
        count = len(old) if finished or not before.msgid_plural else int(forms[1]) if forms else len(old)
        wanted.append(Token(place, "plural forms", str(count)))
        found.append(Token(place, "plural forms", str(len(new))))
        for i, text in enumerate(new):
            ids = [x for x in (before.msgid, before.msgid_plural) if x and x.casefold() == text.casefold()]
            if finished or (i < len(old) and old[i] and text == old[i]):
                wanted.append(Token(place, "finished msgstr", old[i] if i < len(old) else ""))
            else:
                wanted.append(Token(place, "msgstr", (ids or [before.msgid])[0], TEXT))
            found.append(wanted[-1]._replace(value=text))
    return wanted, found


def xliff(source: bytes, output: bytes) -> Pair:
    wanted: list[Token] = []
    found: list[Token] = []
    units = [list(parsed_xml(data).iter("{*}trans-unit", "{*}segment")) for data in (source, output)]
    for tokens, own in zip((wanted, found), units, strict=True):
        tokens.append(Token("the file", "units", str(len(own))))
    for before, after in zip(*units, strict=False):
        place = f"line {before.sourceline}"
        (text, old), (same, new) = ((u.find("{*}source"), u.find("{*}target")) for u in (before, after))
        if text is None or same is None:
            continue
        wanted += merged(list(_mixed(text, place, EXACT)))
        found += merged(list(_mixed(same, place, EXACT)))
        if new is None:
            words = "".join(t.value for t in _mixed(text, place, TEXT) if t.how == TEXT)
            kept = re.search(r"[^\W\d_]", re.sub(r"%#@\w+@", "", words)) is None or any(
                node.get("translate") == "no" for node in (before, *before.iterancestors())
            )
            wanted.append(Token(place, "target", "none" if kept else "a target"))
            found.append(Token(place, "target", "none"))
        elif _BRANCHED.search("".join(text.itertext())):
            for tokens, node in ((wanted, text), (found, new)):
                tokens.append(Token(place, "message", _arguments("".join(node.itertext()))))
        elif old is None or "".join(old.itertext()) != "".join(new.itertext()):
            for own, done, made in _segments(before, old, new):
                kept = done is not None and "".join(done.itertext()).strip() != ""
                wanted += merged(list(_mixed(done if kept else own, place, EXACT if kept else TEXT)))
                found += merged(list(_mixed(made, place, EXACT if kept else TEXT)))
    return wanted, found


def _segments(unit: Any, old: Any, new: Any) -> list[tuple[Any, Any, Any]]:  # noqa: ANN401 - as above
    """Return (source, target before, target after) of each segment that a person marked; of the unit where none is."""
    parts = [unit.find("{*}seg-source"), old, new]
    marks = [{} if p is None else {m.get("mid"): m for m in p.iter("{*}mrk") if m.get("mtype") == "seg"} for p in parts]
    if not marks[0] or marks[0].keys() != marks[1].keys() or marks[0].keys() != marks[2].keys() or not _some(marks[1]):
        return [(unit.find("{*}source"), None, new)]
    return [(mark, marks[1][mid], marks[2][mid]) for mid, mark in marks[0].items()]


def _some(marks: dict[str, Any]) -> bool:
    """Whether there is text in some segments, but not in all."""
    texts = ["".join(mark.itertext()).strip() for mark in marks.values()]
    return any(texts) and not all(texts)


_NATIVE = {"ph", "bpt", "ept", "it", "ut"}
"""Elements of XLIFF 1.2 that hold what another format has there."""


def _mixed(node: Any, place: str, how: str) -> Iterator[Token]:  # noqa: ANN401
    yield Token(place, "text", node.text or "", how)
    for child in node:
        if not isinstance(child.tag, str):  # a comment or an instruction
            yield Token(place, "text", child.tail or "", how)
            continue
        if local_name(child) != "mrk":
            yield Token(place, local_name(child), str(sorted(child.attrib.items())))
        kept = local_name(child) in _NATIVE or child.get("translate") == "no" or child.get("mtype") == "protected"
        yield from _mixed(child, place, EITHER if kept and how == TEXT else how)
        yield Token(place, "text", child.tail or "", how)


# Data


def json_file(data: bytes) -> Iterator[Token]:
    yield from _values(json.loads(data.decode("utf-8-sig"), object_pairs_hook=lambda pairs: {"": pairs}), "$")


def json_lines(data: bytes) -> Iterator[Token]:
    for number, line in enumerate(data.decode("utf-8-sig").split("\n"), 1):
        if line.strip():
            yield from _values(json.loads(line, object_pairs_hook=lambda pairs: {"": pairs}), f"line {number}")


def _values(value: Any, place: str) -> Iterator[Token]:  # noqa: ANN401 - whatever JSON holds
    stack = [(value, place)]
    while stack:
        value, place = stack.pop()
        if isinstance(value, dict):
            yield Token(place, "keys", json.dumps([key for key, _ in value[""]]))
            stack += [(item, f"{place}.{key}") for key, item in reversed(value[""])]
        elif isinstance(value, list):
            yield Token(place, "length", str(len(value)))
            stack += [(item, f"{place}[{i}]") for i, item in reversed(list(enumerate(value)))]
        elif isinstance(value, str):
            yield Token(place, "lines", str(value.count("\n")))
            if _BRANCHED.search(value):
                yield Token(place, "message", _arguments(value))
            elif not place.endswith(".@@locale"):
                yield Token(place, "string", value, EXACT if re.search(r"\.@|@@", place) else TEXT)
        else:
            yield Token(place, "value", json.dumps(value))


_BRANCHED = re.compile(r"\{\s*(\w+)\s*,\s*(?:plural|select|selectordinal)\s*,")


def _arguments(message: str) -> str:
    """Return on what a message has branches, of which a language needs as many as it has forms."""
    return str(sorted(set(_BRANCHED.findall(message))))


def table(data: bytes) -> Iterator[Token]:
    content = data.decode("utf-8-sig")
    first = content.partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    for number, row in enumerate(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter), 1):
        yield Token(f"record {number}", "cells", str(len(row)))
        for cell in row:
            yield Token(f"record {number}", "cell", cell, EXACT if number == 1 else TEXT)


# Subtitles


def timed(data: bytes) -> Iterator[Token]:
    """SubRip, read by pysubs2, with its tags as they stand."""
    import pysubs2

    content = data.decode(charset(data)).replace("\r\n", "\n").replace("\r", "\n")
    for event in pysubs2.SSAFile.from_string(content, "srt", keep_html_tags=True, keep_unknown_html_tags=True):
        yield from _event(event, rf"{_MARKUP}|</?[A-Za-z][^<>]*>")


def events(data: bytes) -> Iterator[Token]:
    """(Advanced) SubStation Alpha, read by pysubs2."""
    import pysubs2

    file = pysubs2.SSAFile.from_string(data.decode(charset(data)))
    yield Token("the header", "information", str(file.info))
    yield Token("the header", "styles", str({name: vars(style) for name, style in file.styles.items()}))
    for event in file:
        yield Token("", "fields", f"{event.type} {event.style} {event.name} {event.effect} {event.layer}")
        if event.type == "Comment":
            yield Token("", "comment", event.text)
        else:
            yield from _event(event, rf"{_MARKUP}|\\h")


_MARKUP = r"\{[^}]*\\p[1-9][^}]*\}.*?(?:\{[^}]*\\p0[^}]*\}|$)|\{[^}]*\}"


def _event(event: Any, markup: str) -> Iterator[Token]:  # noqa: ANN401
    place = f"at {event.start / 1000:.3f} s"
    yield Token(place, "times", f"{event.start} {event.end}")
    yield from _marked(event.text.replace("\\n", "\\N"), markup, place, "\\N")


def _marked(text: str, markup: str, place: str, newline: str) -> Iterator[Token]:
    lines = re.sub(markup, "", text, flags=re.DOTALL).split(newline)
    yield Token(place, "speakers", str(sum(re.match(r"\s*[-–—]", line) is not None for line in lines)))
    found = []
    at = 0
    for code in re.finditer(markup, text, re.DOTALL):
        found += [Token(place, "text", text[at : code.start()], TEXT), Token(place, "markup", code[0])]
        at = code.end()
    found.append(Token(place, "text", text[at:], TEXT))
    yield from merged([t._replace(value=t.value.replace(newline, " ")) if t.kind == "text" else t for t in found])


def webvtt(data: bytes) -> Iterator[Token]:
    """By the standard: a cue ends at a blank line or at the next times."""
    lines = re.split(r"\r\n|\n|\r", data.decode("utf-8-sig"))
    at = 0
    while at < len(lines):
        place = f"line {at + 1}"
        if "-->" not in lines[at]:
            if not lines[at].startswith("Language:"):
                yield Token(place, "line", lines[at])
            at += 1
            continue
        yield Token("", "times", lines[at])
        end = at + 1
        while end < len(lines) and lines[end] and "-->" not in lines[end]:
            end += 1
        place = f"at {lines[at].partition(' ')[0]}"
        for token in _marked("\n".join(lines[at + 1 : end]), r"<[^<>]*>", place, "\n"):
            yield token._replace(value=unescape(token.value)) if token.kind == "text" else token
        at = end


_ORACLES: dict[str, Oracle] = {
    "text": plain_text, "markdown": markdown, "html": html, "docx": docx, "epub": epub, "json": json_file,
    "jsonl": json_lines, "csv": table, "tsv": table, "srt": timed, "vtt": webvtt, "ass": events,
}  # fmt: skip
_PAIRED: dict[str, Callable[[bytes, bytes], Pair]] = {"po": po, "xliff": xliff}
JUDGED = frozenset([*_ORACLES, *_PAIRED])
"""Formats that can be judged, by their names."""


def taken_apart(form: str, source: bytes, output: bytes) -> Pair:
    """Return what an output should have, and what it has; raises what a parser raises at a file that is none."""
    if form in _PAIRED:
        return _PAIRED[form](source, output)
    return list(_ORACLES[form](source)), list(_ORACLES[form](output))
