r"""gettext catalogues (PO, POT): messages with no translation or a fuzzy one get one; the rest stays unchanged.

Only the strings of a message's `msgstr` are replaced, and of the header what is no longer true. A fuzzy flag stays, so
that a person looks at it. In the text of a unit, "\n" is a line break; other escapes and tags are codes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from mtreason.characters import plain_characters, utf8
from mtreason.documents.catalogues.po_header import CHARSET, Header, Plural, charset_of
from mtreason.documents.catalogues.po_view import PoView
from mtreason.documents.coded import MOST_CODES, TAG, Code, Coded
from mtreason.documents.faults import Fault, unit_faults
from mtreason.documents.literals import literals
from mtreason.documents.messages import coded_message
from mtreason.documents.notes import note_of
from mtreason.documents.protocol import Document, Reading, Unit
from mtreason.documents.spans import Fix, RawLine, Span, check_count, decode, raw_lines, unit_of, unmet
from mtreason.documents.views import View
from mtreason.errors import DocumentError

MOST_LINES = 2_000_000
"""A message takes two kilobytes."""

_STRING = r'"(?:[^"\\]|\\.)*+"'
_LINE = re.compile(
    rf"\s*+(?:(#.*)|(msgctxt|msgid_plural|msgid|msgstr(?:\[\d{{1,4}}\])?)?(?![\w\[])\s*+((?:{_STRING}\s*+)*+))"
)
_QUOTED = re.compile(_STRING)
_ESCAPE = r"\\(?:[0-7]{1,3}|x[0-9A-Fa-f]+|[^<]|(?=<)|$)"
_TAGS_AND_ESCAPES = rf"(?P<tag>{TAG.pattern})|(?P<escape>{_ESCAPE})"
_PRINTF = (
    r"%(?:\([^()%]*\)|\d+\$)?[-+ #0']*(?:\*(?:\d+\$)?|\d+)?(?:\.(?:\*(?:\d+\$)?|\d+)?)?(?:hh?|ll?|[jztLqI])?[A-Za-z%]"
)
_PLAIN = re.compile(_TAGS_AND_ESCAPES)


def _with(directive: str) -> re.Pattern[str]:
    return re.compile(f"{_TAGS_AND_ESCAPES}|(?P<directive>{directive})")


_PRINTED = _with(_PRINTF)
_RUBY = _with(rf"{_PRINTF}|%\{{\w+\}}")
_NUMBERED = _with(r"%L?(?:n|\d{1,2}%?)|%\|[^|%]*\|")
_LISP = _with(r"~(?:(?:[-+]?\d+|'.|[vV#])?,?){0,8}[:@]{0,2}[A-Za-z%&|~$*?^<>(){}\[\];_/]")
_JAVA = _with(r"%(?:\d+\$|<)?[-#+ 0,(]*\d*(?:\.\d+)?(?:[tT][A-Za-z]|[A-Za-z%])")
_SHELL = _with(r"\$(?:[A-Za-z_]\w*|\{\w+\})")
_DIRECTIVES = {
    **dict.fromkeys(
        ("c", "objc", "python", "php", "perl", "awk", "lua", "tcl", "go", "d", "javascript", "object-pascal", "modula2",
         "gcc-internal", "gfc-internal", "elisp", "librep"),
        _PRINTED,
    ),
    **dict.fromkeys(("qt", "qt-plural", "kde", "kde-kuit", "boost", "smalltalk", "ycp"), _NUMBERED),
    **dict.fromkeys(("lisp", "scheme"), _LISP),
    "java-printf": _JAVA,
    "ruby": _RUBY,
    "sh": _SHELL,
}  # fmt: skip
"""What functions that format a message read in it, by what a flag such as "c-format" names."""
_ANGLED = re.compile(r"%[-+ #0']*\d*(?:\.\d+)?<PRI\w+>")
_ANGLED_IN_RUBY = re.compile(r"%[-+ #0*.\d]*<[A-Za-z_]\w*>[-+ #0*.\d]*[A-Za-z]")
"""Directives with something between angle brackets that is no tag."""
_UNESCAPED = {r"\n": "\n", r"\"": '"', r"\\": "\\"}
_ESCAPED = {"\\": r"\\", '"': r"\"", "\t": r"\t", "\r": r"\r", "\0": ""}
_CONTROL = re.compile('[\\\\"\x00-\x09\x0b-\x1f\x7f]')


@dataclass(slots=True)
class _String:
    """A keyword and its strings, at `content[start:end]`."""

    line: int
    start: int
    end: int
    parts: list[tuple[int, int]] = field(default_factory=list)
    """Where the strings are in the content, without their quotation marks."""

    def raw(self, content: str) -> str:
        """Return the string as it is written, on one line."""
        return "".join(content[a:b] for a, b in self.parts)


@dataclass(slots=True)
class _Message:
    """A message that is not obsolete."""

    line: int
    strings: dict[str, _String] = field(default_factory=dict)
    """By their keywords."""
    flags: frozenset[str] = frozenset()
    comments: Sequence[str] = ()
    """What was extracted from the program for translators."""

    @property
    def forms(self) -> dict[int, _String]:
        """The translations by their numbers; one without a number is the first."""
        return {int(k[7:-1] or 0): s for k, s in self.strings.items() if k.startswith("msgstr")}


@dataclass(slots=True)
class _Parts:
    """What was found in a catalogue."""

    messages: list[_Message]
    """Without the header."""
    plural: Plural | None
    spans: list[Span] = field(default_factory=list)
    fixes: list[Fix] = field(default_factory=list)


class PoDocument:
    """A catalogue. Once something was translated, a translation that equals its source is written as well."""

    def __init__(self, data: bytes, content: str, bom: bytes, parts: _Parts) -> None:
        self._data, self._content, self._bom = data, content, bom
        self._spans = spans = parts.spans
        self._fixes = parts.fixes
        self._parts = parts
        self.units: tuple[Unit, ...] = tuple(unit_of(i, s) for i, s in enumerate(spans, 1))

    def render(self, texts: Iterable[str]) -> Iterator[bytes]:
        """Yield the catalogue as UTF-8; exactly the bytes that were read if nothing was translated."""
        given = [(span, plain_characters(text, span.text)) for span, text in zip(self._spans, texts, strict=True)]
        if all(text == span.text for span, text in given):
            yield self._data
            return
        translated = [Fix(span.start, span.end, span.written(text)) for span, text in given]
        end = 0
        yield self._bom
        for change in sorted([*translated, *self._fixes], key=lambda fix: fix.start):
            yield self._content[end : change.start].encode()
            yield utf8(change.text)
            end = change.end
        yield self._content[end:].encode()

    def faults(self) -> Iterator[Fault]:
        """See `Checks.faults`: also what translations that are there did not keep, and plural forms that are not."""
        yield from unmet(self._content, self._fixes)
        for message in self._parts.messages:
            if "fuzzy" not in message.flags:
                yield from _faults(message, self._content, self._parts.plural)

    def pairs(self) -> Iterator[tuple[Sequence[Unit], Unit]]:
        """See `Pairs.pairs`; a form may follow the singular or the plural."""
        for message in self._parts.messages:
            if "fuzzy" not in message.flags:
                yield from _pairs(message, self._content)

    def view(self) -> View:
        """Return the messages as they stand."""
        content, end = [], 0
        for fix in self._fixes:
            if fix.text == CHARSET:  # it is written in this charset whatever else happens to it
                content += [self._content[end : fix.start], fix.text]
                end = fix.end
        return PoView("".join([*content, self._content[end:]]), self._bom)


def read_po(data: bytes, name: str, reading: Reading) -> Document:
    """Read a catalogue; raises `DocumentError` with the line of what is none."""
    content, bom = _decode(data, name)
    check_count(content, "\n", MOST_LINES, name, "lines")
    messages = list(_messages(content, name))
    first = next((message for message in messages if _is_header(message, content)), None)
    own = None if first is None else first.strings["msgstr"]
    header = None if own is None else Header(own.raw(content), own.parts)
    plural = _plural(header, reading)
    found = _Parts([message for message in messages if not _is_header(message, content)], plural)
    newline = "\r\n" if "\r\n" in content else "\n"
    for message in found.messages:
        lacking, surplus = _spans(message, content, plural, newline)
        found.spans += lacking
        found.fixes += surplus
    if header is not None:
        several = any("msgid_plural" in message.strings for message in found.messages)
        found.fixes += header.fixes(reading.target, newline, plurals=several)
    found.fixes.sort(key=lambda fix: fix.start)
    return PoDocument(data, content, bom, found)


def _is_header(message: _Message, content: str) -> bool:
    return set(message.strings) == {"msgid", "msgstr"} and not message.strings["msgid"].raw(content)


def _decode(data: bytes, name: str) -> tuple[str, bytes]:
    """Return the text of a catalogue in its charset, and its byte order mark."""
    charset = charset_of(data)
    if charset is None:
        return decode(data, name)
    try:
        return decode(data.decode(charset).encode(), name)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DocumentError(
            f"{name}: line {line}, byte offset {error.start}, is not {charset.upper()}, which the header says the file "
            "is in: convert it to UTF-8, and say so in the header"
        ) from error


def _plural(header: Header | None, reading: Reading) -> Plural | None:
    """Return the rule for plural forms: that of the file, else that of the language."""
    if header is not None and header.plural is not None:
        return header.plural
    return None if reading.target is None else Plural.of_language(reading.target)


def _messages(content: str, name: str) -> Iterator[_Message]:
    """Yield the messages that are not obsolete; raises `DocumentError` for what gettext does not read."""

    def wrong(line: int, what: str) -> DocumentError:
        return DocumentError(f"{name}: line {line}: not a gettext catalogue: {what}")

    def finished() -> Iterator[_Message]:
        if current is not None and not current.parts:
            raise wrong(current.line, "this keyword has no string")
        if message.strings and not message.forms:
            raise wrong(message.line, "this message has no msgstr")
        if message.strings:
            yield replace(message, flags=frozenset(flags), comments=comments)

    message, flags, comments = _Message(1), set[str](), list[str]()
    current: _String | None = None
    for line, found in _statements(content):
        if found is None:
            what = "expected a comment, a keyword with a string in quotation marks, or such a string"
            raise wrong(line.number, what)
        comment, keyword, strings = found.groups()
        begins = keyword == "msgctxt" or (keyword == "msgid" and set(message.strings) != {"msgctxt"})
        if comment or begins:
            yield from finished()
            if message.strings:
                message, flags, comments, current = _Message(line.number), set(), [], None
        if comment:
            if comment.startswith("#,"):
                flags |= {flag.strip() for flag in comment[2:].split(",")}
            elif comment.startswith("#."):
                comments.append(comment[2:])
            elif comment.startswith("#~"):
                flags, comments = set(), []  # they were those of a message that is obsolete
            continue
        if keyword:
            if current is not None and not current.parts:
                raise wrong(current.line, "this keyword has no string")
            if not _fits(keyword, message):
                raise wrong(line.number, f"{keyword} is not expected here")
            message.line = message.line if message.strings else line.number
            current = _String(line.number, line.start + found.start(2), line.start + found.end(2))
            message.strings[keyword] = current
        if current is None:
            if strings:
                raise wrong(line.number, "this string belongs to no keyword")
            continue
        for string in _QUOTED.finditer(line.text, *found.span(3)):
            current.parts.append((line.start + string.start() + 1, line.start + string.end() - 1))
            current.end = line.start + string.end()
    yield from finished()


def _statements(content: str) -> Iterator[tuple[RawLine, re.Match[str] | None]]:
    """Yield what stands on the lines: a comment, or a keyword and strings; None for what is neither."""
    for line in raw_lines(content):
        found = _LINE.match(line.text)
        while found is not None and found.end() < len(line.text) and found.end() > found.start():
            yield line, found
            found = _LINE.match(line.text, found.end())
        yield line, found if found is not None and found.end() == len(line.text) else None


def _fits(keyword: str, message: _Message) -> bool:
    """Whether a keyword may follow what a message has already."""
    there = message.strings
    if keyword in there:
        return False
    if keyword.startswith("msgstr"):
        return "msgid" in there and (keyword != "msgstr[0]" or "msgstr" not in there)
    return keyword != "msgid_plural" or ("msgid" in there and not message.forms)


def _spans(message: _Message, content: str, plural: Plural | None, newline: str) -> tuple[list[Span], list[Fix]]:
    """Return the translations that a message lacks, and the forms that it must not have; none if it lacks nothing."""
    forms, fuzzy = message.forms, "fuzzy" in message.flags
    filled = {number for number, string in forms.items() if string.raw(content) and not fuzzy}
    if len(filled) == len(forms):
        return [], []
    named = [keyword for keyword in message.strings if keyword.startswith("msgstr")]
    if list(forms) != list(range(len(named))) or (len(forms) > 1 and "msgid_plural" not in message.strings):
        return [], []  # gettext does not read such a message
    texts = [message.strings[k].raw(content) for k in ("msgid", "msgid_plural") if k in message.strings]
    numbers = range(plural.count) if plural is not None and len(texts) > 1 else sorted(forms)
    if any(number not in numbers for number in filled):
        return [], []  # a person gave it more forms than the language of the file has
    markup = _markup(message)
    spans = []
    last = None
    note = _note(message, content)
    for number in numbers:
        string = forms.get(number)
        if number not in filled:
            source = texts[-1 if len(texts) > 1 and not _is_singular(plural, number, texts, len(forms)) else 0]
            head, coded, tail = _coded(source, markup)
            label = "msgstr" if len(texts) == 1 and "msgstr" in message.strings else f"msgstr[{number}]"
            write = partial(_write, label, newline, head, tail)
            escape = _escape_printed if markup is _PRINTED and _doubled(coded.text) == coded.text else _escape
            if coded.text:
                beside = last or min(forms.values(), key=lambda s: s.start)
                spans.append(
                    _span(string, beside, newline, Span(0, 0, "", coded.text, write, coded.codes, escape, note))
                )
        last = string or last
    more = [n for n in forms if n not in numbers and n - 1 in forms]
    return spans, [Fix(forms[n - 1].end, forms[n].end, "", "plural") for n in more]


def _note(message: _Message, content: str) -> str:
    """Return what the catalogue says of a message: its context, and the comments that were extracted."""
    context = message.strings.get("msgctxt")
    said = "" if context is None else re.sub(r"\\(.)", _said, context.raw(content))
    return note_of(said, " ".join(message.comments))


def _said(found: re.Match[str]) -> str:
    return found[1] if found[1] in {"\\", '"'} else " "


def _faults(message: _Message, content: str, plural: Plural | None) -> Iterator[Fault]:
    """Yield what is wrong with the translations of a message that are there."""
    filled = {number: string for number, string in message.forms.items() if string.raw(content)}
    sources = [message.strings[k].raw(content) for k in ("msgid", "msgid_plural") if k in message.strings]
    if filled and plural is not None and len(sources) > 1 and set(filled) != set(range(plural.count)):
        says = f"has the plural forms {', '.join(map(str, sorted(filled)))}, and should have {plural.count} from 0"
        yield Fault("plural", f"line {message.line}", says)
    for units, made in _pairs(message, content):
        # A form may follow the singular or the plural, of which one may not name the number.
        yield from min((list(unit_faults(source, made)) for source in units), key=len)


def _pairs(message: _Message, content: str) -> Iterator[tuple[Sequence[Unit], Unit]]:
    """Yield what a message has as sources, and each translation that is there."""
    markup = _markup(message)
    raws = [message.strings[k].raw(content) for k in ("msgid", "msgid_plural") if k in message.strings]
    sources = [_unit(raw, markup, message.line) for raw in raws]
    for string in message.forms.values():
        if string.raw(content):
            yield sources, _unit(string.raw(content), markup, string.line)


def _unit(raw: str, markup: re.Pattern[str], line: int) -> Unit:
    _, coded, _ = _coded(raw, markup)
    return Unit(1, f"line {line}", coded.text, coded.codes)


def _markup(message: _Message) -> re.Pattern[str]:
    """Return what has a meaning in a message beside words."""
    named = (_DIRECTIVES.get(flag.removesuffix("-format")) for flag in sorted(message.flags))
    return next((pattern for pattern in named if pattern is not None), _PLAIN)


def _span(string: _String | None, beside: _String, newline: str, span: Span) -> Span:
    """Give a form its place: its own, or a new line after another form."""
    if string is not None:
        return replace(span, start=string.start, end=string.end, place=f"line {string.line}")
    added = partial(_added, span.write, newline)
    return replace(span, start=beside.end, end=beside.end, place=f"line {beside.line}", write=added)


def _added(write: Callable[[str], str], newline: str, text: str) -> str:
    return newline + write(text)


def _is_singular(plural: Plural | None, number: int, texts: Sequence[str], there: int) -> bool:
    """Whether a form is translated from the singular.

    It is where it is for one thing only. A form for 21 things as well needs a text that names the number, which the
    plural always does, and the singular not always ("one file").
    """
    if plural is None:
        return number == 0 and there > 1
    if plural.count == 1 or number != plural.form(1):
        return False
    one, many = (Counter(t[x.start : x.end] for x in literals(t) if x.hard) for t in texts)
    return plural.only_one or one == many


def _coded(raw: str, markup: re.Pattern[str]) -> tuple[str, Coded, str]:
    """Return a message between the white space at its ends; without text where there is nothing to translate."""
    angled = _ANGLED_IN_RUBY if markup is _RUBY else _ANGLED
    tagged = coded_message(raw, [found.span() for found in angled.finditer(raw)])
    codes = dict(tagged.codes)
    # A directive that is a literal where it stands is kept as such; "%dms" and "%s%" need a code.
    kept = set() if markup is _PLAIN else {(x.start, x.end) for x in literals(tagged.text) if x.hard}
    parts: list[str] = []
    at, count = 0, len({tag.strip("</>") for tag in codes})
    for found in markup.finditer(tagged.text):
        parts.append(tagged.text[at : found.start()])
        at = found.end()
        own = found[0]
        said = found.lastgroup == "directive"
        if found["tag"] is not None or own in _UNESCAPED or (said and found.span() in kept):
            parts.append(_UNESCAPED.get(own, own))
            continue
        count += 1
        codes[f"<{count}/>"] = Code(own, said)
        parts.append(f"<{count}/>")
    text = "".join([*parts, tagged.text[at:]])
    core = text.strip() if count <= MOST_CODES else ""
    start = text.index(core)
    return text[:start], Coded(core, codes), text[start + len(core) :]


def _write(label: str, newline: str, head: str, tail: str, text: str) -> str:
    """Return the lines of a translation; a program depends on the line breaks at both ends of a message."""
    lines = [f'"{part}"' for part in f"{head}{text}{tail}".replace("\n", "\\n\n").split("\n") if part]
    return newline.join([f"{label} {lines[0]}"] if len(lines) == 1 else [f'{label} ""', *lines])


def _escape(text: str) -> str:
    return _CONTROL.sub(lambda found: _ESCAPED.get(found[0], f"\\{ord(found[0]):03o}"), text)


def _escape_printed(text: str) -> str:
    """Write text in which a sign % of a sentence would be read as the beginning of a directive."""
    return _escape(_doubled(text))


def _doubled(text: str) -> str:
    """Double each sign % that is in no literal."""
    parts, at = [], 0
    for found in literals(text):
        if found.hard:
            parts += [text[at : found.start].replace("%", "%%"), text[found.start : found.end]]
            at = found.end
    return "".join([*parts, text[at:].replace("%", "%%")])
