"""Inline Markdown: markdown-it-py finds what is markup, and here each of its tokens gets its place in the text.

The library gives no positions inside a paragraph, so every inline rule is called through one that notes where it began
and ended. A sign is what was found; what is between signs is text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from mtreason.documents.markdown.jsx import jsx_end

TEXT, SPAN, OPEN, CLOSE, ALONE, BREAK, SOFT = "text", "span", "open", "close", "alone", "break", "soft"
"""Kinds of signs: text, a code span, pairs, what stands alone, hard and soft line breaks."""
EMPHASIS, LINK, IMAGE, HTML, OTHER = "emphasis", "link", "image", "html", "other"
"""What a sign is of."""

InlineRule = Callable[[StateInline, bool], bool]
_KEPT_HTML = frozenset({"code", "kbd", "math", "pre", "samp", "script", "style", "svg", "textarea", "tt", "var"})
_TAG_NAME = re.compile(r"<(/?)([A-Za-z][\w.:-]*)?")
_BREAK_TAG = re.compile(r"<br[ \t]*/?>", re.IGNORECASE)
_NOT_TRANSLATED = re.compile(r"\btranslate\s*=\s*[\"']?no\b", re.IGNORECASE)
_TASK = re.compile(r"\[[ xX]\][ \t]+")
_BRACKETS = (
    re.compile(r"\[\^[^\]\s\[^]{1,200}\]"),  # a reference to a footnote
    re.compile(r"\[(?:[^\[\]@]{0,100}\s)?-?@\w[^\[\]]{0,500}\](?![(\[])"),  # citations of Pandoc
)
_HANDLE = re.compile(r"(?<!\w)@[A-Za-z_]\w{0,100}(?:[-:/]\w{1,100}){1,20}")
_WIKI_LINK = re.compile(r"!?\[\[([^\[\]\n]{1,300})\]\]")
_MATH = re.compile(
    r"\$\$(?:[^$\\`]|\\.){1,2000}+\$\$|\$(?=[^\s$])(?:[^$\\`]|\\.){1,1000}+(?<!\s)\$(?![\d$])", re.DOTALL
)
_BRACES = re.compile(
    r"\{\{(?:[^{}\n]|\}(?!\})|\{(?!\{)){0,500}+\}\}|\{%[^\n%]{0,500}+(?:%(?!\})[^\n%]{0,500}+){0,20}+%\}"
    r"|\{:?[ \t]*(?:[#.=!](?=[\w-])[^{}\n]{0,300}+|[\w-]+=[^{}\n]{0,300}+)\}|\{[\w.:-]{1,100}\}(?=`)"
)
"""Templates, attributes, roles."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What `content[start:end]` is."""

    kind: str
    start: int
    end: int
    raw: str
    """Markup as it has to be written; the text itself of text."""
    what: str = OTHER
    said: bool = False
    short: str = ""
    """What a link ends with in the file, where `raw` adds the label that its text was."""


def add_inline_rules(md: MarkdownIt, *, jsx: bool) -> None:
    """Let a parser find also what extensions have, and note where its tokens are."""
    rules = md.inline.ruler
    if jsx:
        rules.before("html_inline", "jsx", _jsx)
    rules.before("backticks", "math", _kept("$", _MATH))
    rules.before("link", "braces", _kept("{", _BRACES))
    rules.before("link", "handle", _kept("@", _HANDLE))
    rules.before("link", "brackets", _bracketed)
    rules.before("link", "note", _note)
    rules.after("image", "wiki", _wiki)
    for rule in list(rules.__rules__):
        if rule.name not in {"text", "linkify"}:
            rules.at(rule.name, _placed(rule.fn))
    # Joined, texts would no longer have the places of their own.
    md.inline.ruler2.disable("fragments_join")
    if jsx:
        rules.disable(["autolink", "html_inline"])


def _placed(rule: InlineRule) -> InlineRule:
    """Return a rule that notes where its tokens are."""

    def placed(state: StateInline, silent: bool) -> bool:
        if silent:
            return rule(state, True)
        start, before = state.pos, len(state.tokens)
        pending = state.pending if state.src[start] in "\n*_~" else ""
        if not rule(state, False):
            return False
        _note_places(state.tokens[before:], start, state.pos, pending)
        return True

    return placed


def _note_places(tokens: list[Token], start: int, end: int, pending: str) -> None:
    """Give tokens that a rule made from `src[start:end]` their places; text that was pending has none."""
    own = [token for token in tokens if "at" not in token.meta]
    if not own:
        return
    first, last = own[0], own[-1]
    if last.type in {"link_close", "note_close"} and last.markup != "autolink":
        opening = next(token for token in own if token.type in {"link_open", "note_open"})
        opening.meta["at"] = (start, start + (2 if opening.type == "note_open" else 1))
        inner = tokens[tokens.index(opening) : -1]
        at = max(token.meta["at"][1] for token in inner if "at" in token.meta)
        if inner[-1].type == "text" and "at" not in inner[-1].meta:
            at += len(inner[-1].content)
        last.meta["at"] = (at, end)
    elif last.type in {"softbreak", "hardbreak"}:
        last.meta["at"] = (start - len(pending) + len(pending.rstrip(" ")), end)
    elif last.type == "text":
        # Signs of emphasis, each of which may become an own token later.
        at = start
        for token in own[1:] if pending and first is not last else own:
            token.meta["at"] = (at, at + len(token.content))
            at += len(token.content)
    else:
        for token in own[1:] if first.type == "text" else own:
            token.meta["at"] = (start, end)


def _push(state: StateInline, end: int, *, said: bool = False) -> bool:
    state.push("kept", "", 0).meta["said"] = said
    state.pos = end
    return True


def _kept(sign: str, pattern: re.Pattern[str]) -> InlineRule:
    """Return a rule for what stands alone and is part of the sentence."""

    def rule(state: StateInline, silent: bool) -> bool:
        if state.src[state.pos] != sign:
            return False
        found = pattern.match(state.src, state.pos, state.posMax)
        if found is None:
            return False
        if silent:
            state.pos = found.end()
            return True
        return _push(state, found.end(), said=not found[0].startswith(("{#", "{.", "{:", "{=")))

    return rule


def _bracketed(state: StateInline, silent: bool) -> bool:
    """Find task boxes, references to footnotes, and citations."""
    if state.src[state.pos] != "[":
        return False
    patterns = (_TASK, *_BRACKETS) if state.pos == 0 else _BRACKETS
    found = next((f for p in patterns if (f := p.match(state.src, state.pos, state.posMax))), None)
    if found is None or _defined(state, found[0][1:].partition("]")[0]):
        return False
    if silent:
        state.pos = found.end()
        return True
    return _push(state, found.end())


def _wiki(state: StateInline, silent: bool) -> bool:
    """Find links of wikis, `[[Page]]`."""
    if state.src[state.pos] not in "[!":
        return False
    found = _WIKI_LINK.match(state.src, state.pos, state.posMax)
    if found is None or _defined(state, found[1]):
        return False
    if silent:
        state.pos = found.end()
        return True
    return _push(state, found.end(), said=True)


def _defined(state: StateInline, label: str) -> bool:
    return normalizeReference(label) in state.env.get("references", {})


def _note(state: StateInline, silent: bool) -> bool:
    """Find a footnote in the text, `^[words]`."""
    if not state.src.startswith("^[", state.pos):
        return False
    end = state.md.helpers.parseLinkLabel(state, state.pos + 1)
    if end < 0:
        return False
    if not silent:
        maximum = state.posMax
        state.pos, state.posMax = state.pos + 2, end
        state.push("note_open", "", 1)
        state.md.inline.tokenize(state)
        state.push("note_close", "", -1)
        state.posMax = maximum
    state.pos = end + 1
    return True


def _jsx(state: StateInline, silent: bool) -> bool:
    """Find tags and expressions of JSX."""
    if state.src[state.pos] not in "<{":
        return False
    end = jsx_end(state.src, state.pos, state.posMax)
    if end == 0:
        return False
    if not silent:
        if state.src[state.pos] == "{":
            return _push(state, end, said=True)
        state.push("html_inline", "", 0).content = state.src[state.pos : end]
    state.pos = end
    return True


def scan(md: MarkdownIt, content: str, env: MutableMapping[str, Any]) -> list[Sign]:
    """Return the signs of inline content, in order."""
    tokens: list[Token] = []
    md.inline.parse(content, md, env, tokens)
    return _html_paired(content, _signs(content, tokens, 0))


def _signs(content: str, tokens: Sequence[Token], offset: int) -> Iterator[Sign]:
    """Yield the signs of tokens, of which the places count from `offset`."""
    ends: list[Sign] = []
    inside = -1
    for token in tokens:
        start, end = token.meta.get("at", (-1, -1))
        start, end = start + offset, end + offset
        if token.type == "text" and not token.content:
            continue  # the other half of a sign for strong words
        if "at" in token.meta and start < inside:
            continue  # the parts of an address in angle brackets
        if "at" not in token.meta:
            yield Sign(TEXT, -1, -1, token.content)
            continue
        raw = content[start:end]
        if token.type in {"text", "text_special"}:
            yield Sign(TEXT, start, end, token.content)
        elif token.type == "code_inline":
            yield Sign(SPAN, start, end, raw, said=True)
        elif token.type == "softbreak":
            yield Sign(SOFT, start, end, raw)
        elif token.type == "hardbreak" or _BREAK_TAG.fullmatch(raw):
            yield Sign(BREAK, start, end, raw)
        elif token.type == "image":
            yield from _image(content, token, start, end)
        elif token.markup == "autolink":
            inside = end
            yield Sign(ALONE, start, end, raw, said=True)
        elif token.type in {"em_open", "em_close", "strong_open", "strong_close", "s_open", "s_close"}:
            if token.type == "strong_open":
                start -= 1
            elif token.type == "strong_close":
                end += 1
            marks = content[start:end].replace("_", "*")
            yield Sign(OPEN if token.nesting > 0 else CLOSE, start, end, marks, EMPHASIS)
        elif token.nesting > 0:
            opening = Sign(OPEN, start, end, raw, LINK)
            ends.append(opening)
            yield opening
        elif token.nesting < 0:
            opening = ends.pop()
            yield _with_label(content, opening.end, Sign(CLOSE, start, end, raw, LINK))
        else:
            html = token.type == "html_inline"
            yield Sign(ALONE, start, end, raw, HTML if html else OTHER, said=bool(token.meta.get("said")))


def _image(content: str, token: Token, start: int, end: int) -> Iterator[Sign]:
    """Yield the signs of an image: its text is translated where it is nothing but text."""
    children = token.children or []
    close = start + 2 + len(token.content)
    if not token.content.strip() or any(t.type not in {"text", "text_special", "softbreak"} for t in children):
        yield Sign(ALONE, start, end, content[start:end], IMAGE)
        return
    yield Sign(OPEN, start, start + 2, "![", IMAGE)
    yield from _signs(content, children, start + 2)
    yield _with_label(content, start + 2, Sign(CLOSE, close, end, content[close:end], IMAGE))


def _with_label(content: str, start: int, sign: Sign) -> Sign:
    """Add to the end of a link the label that its text was, because the text is going to be another one."""
    if sign.raw not in {"]", "][]"} or content.startswith("^[", start - 2):
        return sign
    return replace(sign, raw=f"][{' '.join(content[start : sign.start].split())}]", short=sign.raw)


def _html_paired(content: str, signs: Iterable[Sign]) -> list[Sign]:
    """Make pairs of tags that belong together, and one sign of elements that hold no words."""
    done: list[Sign] = []
    open_: list[int] = []
    """Indices in `done` of what is open."""
    for sign in signs:
        if sign.kind == OPEN:
            open_.append(len(done))
        elif sign.kind == CLOSE:
            while done[open_.pop()].what == HTML:
                pass  # a tag that nothing closes stands alone
        tag = _TAG_NAME.match(sign.raw) if sign.what == HTML else None
        if tag is None or tag[2] is None or sign.raw.endswith("/>"):
            done.append(sign)
        elif not tag[1]:
            open_.append(len(done))
            done.append(sign)
        elif open_ and done[open_[-1]].what == HTML and _name(done[open_[-1]].raw) == tag[2].lower():
            at = open_.pop()
            opening = done[at]
            if tag[2].lower() in _KEPT_HTML or _NOT_TRANSLATED.search(opening.raw):
                del done[at:]
                done.append(replace(opening, end=sign.end, raw=content[opening.start : sign.end], said=True))
            else:
                done[at] = replace(opening, kind=OPEN)
                done.append(replace(sign, kind=CLOSE))
        else:
            done.append(sign)
    return done


def _name(tag: str) -> str:
    found = _TAG_NAME.match(tag)
    return (found[2] or "").lower() if found else ""
