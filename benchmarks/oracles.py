"""Takes documents apart with parsers of other people, for `whole.py`: what of a file is structure, and what is text.

Each oracle yields tokens. A translation is whole when it has the same tokens: those that are structure exactly, those
that are text but for the case of their letters.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from html import unescape
from html.parser import HTMLParser
from itertools import groupby
from typing import Any, NamedTuple

EXACT, TEXT, EITHER = "exact", "text", "either"
"""How a token has to come back: as it is; translated; translated or as it is."""


class Token(NamedTuple):
    """A part of a document."""

    place: str
    kind: str
    value: str
    how: str = EXACT


Oracle = Callable[[bytes], Iterator[Token]]
Pair = tuple[list[Token], list[Token]]
"""What an output should have, and what it has."""


def flat(text: str) -> str:
    return " ".join(text.split())


def plain_text(data: bytes) -> Iterator[Token]:
    for number, line in enumerate(data.decode("utf-8").splitlines(keepends=True), 1):
        body = line.rstrip("\r\n")
        yield Token(f"line {number}", "line", body, TEXT)
        yield Token(f"line {number}", "end of line", line[len(body) :])


# HTML

_SILENT = {"script", "style", "template", "noscript", "noframes", "textarea", "iframe", "title", "svg", "math"}
_AS_IT_IS = {"code", "pre", "kbd", "samp", "var", "tt", *_SILENT}
_SAID = {"title", "alt", "placeholder", "aria-label", "label", "content", "value", "summary"}
_FOLLOWS = {"lang", "xml:lang", "charset", "dir"}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Token] = []
        self._kept: list[str] = []

    def _add(self, kind: str, value: str, how: str = EXACT) -> None:
        self.found.append(Token(f"line {self.getpos()[0]}", kind, value, how))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._start(tag, attrs, closed=tag in _VOID)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._start(tag, attrs, closed=True)

    def _start(self, tag: str, attrs: list[tuple[str, str | None]], *, closed: bool) -> None:
        self._add("tag", tag)
        for name, value in attrs:
            if name in _FOLLOWS or (tag == "meta" and name == "content"):
                continue
            self._add(f"attribute {name} of {tag}", value or "", EITHER if name in _SAID else EXACT)
        kept = (
            tag in _AS_IT_IS
            or (dict(attrs).get("translate") or "").lower() == "no"
            or "notranslate" in str(dict(attrs).get("class"))
        )
        if not closed and (self._kept or kept):
            self._kept.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self._add("end tag", tag)
        if tag in self._kept:
            del self._kept[len(self._kept) - 1 - self._kept[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        self._add("text", data, EITHER if self._kept else TEXT)

    def handle_comment(self, data: str) -> None:
        self._add("comment", data)

    def handle_decl(self, decl: str) -> None:
        self._add("declaration", decl)

    def handle_pi(self, data: str) -> None:
        self._add("instruction", re.sub(r"encoding=\S+", "", data))


def html_text(content: str) -> Iterator[Token]:
    parser = _Html()
    parser.feed(content)
    parser.close()
    yield from merged(parser.found)


def html(data: bytes) -> Iterator[Token]:
    yield from html_text(data.decode(_charset(data), "replace"))


def _charset(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = data[:2048]
    found = re.search(rb"charset=[\"']?([\w-]+)", head) or re.match(rb"\s*<\?xml[^>]*encoding=[\"']([\w-]+)", head)
    name = found[1].decode() if found else "utf-8"
    try:
        return codecs.lookup(name).name.replace("utf-8", "utf-8-sig")
    except LookupError:
        return "utf-8-sig"


def merged(tokens: list[Token]) -> Iterator[Token]:
    """Join texts beside one another, and leave out blank ones."""
    for (kind, how), group in groupby(tokens, lambda token: (token.kind, token.how)):
        own = list(group)
        if kind != "text":
            yield from own
        elif value := flat("".join(token.value for token in own)):
            yield Token(own[0].place, kind, value, how)


# Markdown


def markdown(data: bytes) -> Iterator[Token]:
    from markdown_it import MarkdownIt

    content = data.decode("utf-8-sig").replace("\r\n", "\n")
    front = re.match(r"(---|\+\+\+)\n(.*?\n)\1[ \t]*\n", content, re.DOTALL)
    if front:
        for number, line in enumerate(front[2].split("\n"), 2):
            key, sign, value = re.match(r"([^:=]*)([:=]?)(.*)", line).groups()  # type: ignore[union-attr]
            yield Token(f"line {number}", "key of the front matter", key + sign)
            yield Token(f"line {number}", "value of the front matter", flat(value), EITHER)
        content = "\n" * content[: front.end()].count("\n") + content[front.end() :]
    for token in MarkdownIt("commonmark").enable("table").parse(content):
        place = f"line {token.map[0] + 1}" if token.map else ""
        if token.type == "html_block":
            yield from (
                t._replace(place=place, how=EITHER if t.how == TEXT else t.how) for t in html_text(token.content)
            )
        elif token.type == "inline":
            for child in merged([t._replace(place=place) for t in _inline(token.children)]):
                yield child._replace(how=EITHER) if child.how == TEXT and _CONTAINER.match(child.value) else child
        else:
            yield Token(place, token.type, f"{token.tag} {token.info} {token.content} {sorted(token.attrs.items())}")


_CONTAINER = re.compile(r":::|!!!|\?\?\?|///|\$\$|\[!|\[\[|\{%|@")
"""What begins a line that is structure for some programs, and text for others."""


def _inline(children: Any) -> Iterator[Token]:  # noqa: ANN401 - of a library without types for it
    kept = ""
    for child in children:
        if child.type in {"text", "softbreak"}:
            yield Token("", "text", child.content or " ", EITHER if kept else TEXT)
            continue
        if child.type == "html_inline":
            name = child.content.strip("</>").partition(" ")[0].lower()
            kept = "" if child.content.startswith("</") else name if name in _AS_IT_IS else kept
        attributes = dict(child.attrs)
        title = str(attributes.pop("title", ""))
        attributes.pop("alt", None)
        yield Token(
            "", child.type, f"{child.tag} {sorted(attributes.items())} {'' if child.children else child.content}"
        )
        if title:
            yield Token("", "title", title, EITHER)
        if child.children:
            yield from _inline(child.children)


# Archives and XML


def _xml(data: bytes) -> Any:  # noqa: ANN401 - lxml has no types
    from lxml import etree

    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))


def _local(node: Any) -> str:  # noqa: ANN401
    return str(node.tag).rpartition("}")[2] if isinstance(node.tag, str) else "comment"


_WORDED = r"word/(?:(?:document|header|footer|footnotes|endnotes)|charts/chart|diagrams/(?:data|drawing))\d*\.xml"
"""Parts of a Word document with text."""


def docx(data: bytes) -> Iterator[Token]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        yield Token("the archive", "parts", " ".join(sorted(names)))
        for name in names:
            content = archive.read(name)
            if re.fullmatch(_WORDED, name):
                yield from _runs(_word(_xml(content), name))
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
    kind = _local(node)
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
        kind = _local(node)
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
                yield from (t._replace(place=f"{name}, {t.place}") for t in html(content))
            elif name.endswith((".opf", ".ncx")):
                yield from _leaves(_xml(content), name)
            else:
                yield Token(name, "part", content.hex())


def _leaves(root: Any, name: str) -> Iterator[Token]:  # noqa: ANN401
    for node in root.iter():
        kind = _local(node)
        yield Token(name, kind, str(sorted((k, v) for k, v in node.attrib.items() if not k.endswith("lang"))))
        if kind != "language":
            yield Token(name, f"text of {kind}", flat(node.text or ""), EITHER)


# Catalogues: what is finished stays, the rest is translated from another field.


def po(source: bytes, output: bytes) -> Pair:
    import polib

    wanted: list[Token] = []
    found: list[Token] = []
    files = [polib.pofile(data.decode(_charset(data))) for data in (source, output)]
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
    units = [list(_xml(data).iter("{*}trans-unit", "{*}segment")) for data in (source, output)]
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
            kept = not re.search(r"\w", "".join(t.value for t in _mixed(text, place, TEXT) if t.how == TEXT)) or any(
                node.get("translate") == "no" for node in (before, *before.iterancestors())
            )
            wanted.append(Token(place, "target", "none" if kept else "a target"))
            found.append(Token(place, "target", "none"))
        elif old is None or "".join(old.itertext()) != "".join(new.itertext()):
            wanted += merged(list(_mixed(text, place, TEXT)))
            found += merged(list(_mixed(new, place, TEXT)))
    return wanted, found


_NATIVE = {"ph", "bpt", "ept", "it", "ut"}
"""Elements of XLIFF 1.2 that hold what another format has there."""


def _mixed(node: Any, place: str, how: str) -> Iterator[Token]:  # noqa: ANN401
    yield Token(place, "text", node.text or "", how)
    for child in node:
        if _local(child) != "mrk":
            yield Token(place, _local(child), str(sorted(child.attrib.items())))
        kept = _local(child) in _NATIVE or child.get("translate") == "no" or child.get("mtype") == "protected"
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
            about = re.search(r"\.@|@@", place) is not None
            yield Token(place, "string", value, EXACT if about else TEXT)
        else:
            yield Token(place, "value", json.dumps(value))


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

    content = data.decode(_charset(data)).replace("\r\n", "\n").replace("\r", "\n")
    for event in pysubs2.SSAFile.from_string(content, "srt", keep_html_tags=True, keep_unknown_html_tags=True):
        yield from _event(event, rf"{_MARKUP}|</?[A-Za-z][^<>]*>")


def events(data: bytes) -> Iterator[Token]:
    """(Advanced) SubStation Alpha, read by pysubs2."""
    import pysubs2

    file = pysubs2.SSAFile.from_string(data.decode(_charset(data)))
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
