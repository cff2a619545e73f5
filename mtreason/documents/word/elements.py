"""Elements of a Word document: their names, what a run of text looks like, and how a code stands for one."""

from __future__ import annotations

import functools
import hashlib
import re
from typing import Any

Element = Any  # lxml is untyped
Look = tuple[str, ...]
"""The formatting of a run, without what says nothing about its looks."""


@functools.lru_cache(1000)
def plain_name(name: str) -> str:
    """Return a name without its namespace."""
    return name.rpartition("}")[2]


def local_name(element: Element) -> str:
    """Return the name of an element without its namespace; "" for comments and instructions."""
    tag = element.tag
    return plain_name(tag) if isinstance(tag, str) else ""


def namespace(element: Element) -> str:
    """Return the namespace of an element; "" for none."""
    return element.tag[1:].partition("}")[0] if isinstance(element.tag, str) and element.tag[0] == "{" else ""


_IN_DRAWINGS = re.compile(
    r"http://(?:schemas\.openxmlformats\.org/drawingml/2006|purl\.oclc\.org/ooxml/drawingml)/main\Z"
)


def text_namespace(root: Element) -> str:
    """Return the namespace of the paragraphs of a part: that of Word, or of drawings for a chart or a diagram."""
    own = namespace(root)
    if local_name(root) == "p" or "wordprocessingml" in own:
        return own
    return next((space for node in root.iter("{*}p") if in_drawings(space := namespace(node))), own)


def in_drawings(space: str) -> bool:
    """Whether a namespace is that of text in drawings (DrawingML)."""
    return _IN_DRAWINGS.match(space) is not None


_NO_LOOK = frozenset({
    "lang", "noProof", "rPrChange", "ins", "del", "moveFrom", "moveTo", "kern", "spacing", "w", "fitText", "snapToGrid",
})  # fmt: skip
"""What is no formatting of words: notes of the program, and distances between the letters of the old words."""
_NO_LOOK_IN_DRAWINGS = frozenset(
    {"lang", "altLang", "dirty", "err", "noProof", "kern", "spc", "smtClean", "smtId", "bmk"}
)
"""The same, as attributes."""
_NONE = frozenset({"0", "none", "noStrike"})


def look_of(run: Element) -> Look:
    """Return the formatting of a run."""
    form = run.find(f"{run.tag[:-1]}rPr")
    if form is None or not (len(form) or form.attrib):
        return ()
    values = [
        f'{name}="{value}"'
        for name, value in form.attrib.items()
        if name not in _NO_LOOK_IN_DRAWINGS and value not in _NONE
    ]
    return tuple(sorted(filter(None, (*values, *(_property(child) for child in form)))))


_DISTANCES = frozenset({"spacing", "w", "fitText"})


def is_stretched(run: Element | None) -> bool:
    """Whether a run has distances between its letters, which belong to its old words and would spread to others."""
    form = None if run is None else run.find(f"{run.tag[:-1]}rPr")
    return form is not None and any(local_name(child) in _DISTANCES for child in form)


def _property(element: Element) -> str:
    name = local_name(element)
    if not name or name in _NO_LOOK:
        return ""
    if len(element):
        return f"{name} {digest(element)}"
    values = [f'{plain_name(a)}="{v}"' for a, v in sorted(element.attrib.items()) if not a.endswith("}hint")]
    return "" if name == "rFonts" and not values else " ".join([name, *values])


_VOLATILE = re.compile(r"(?:\}|^)(?:rsid\w*|paraId|textId|editId|anchorId)$")
_OUTSIDE = frozenset({"p", "proofErr", "lastRenderedPageBreak", "lang", "noProof"})


def digest(element: Element) -> str:
    """Return a short name of what an element holds, without the paragraphs in it and what Word writes by itself."""
    found = hashlib.sha256()
    waiting = [element]
    while waiting:
        node = waiting.pop()
        if not isinstance(node.tag, str) or (node is not element and local_name(node) in _OUTSIDE):
            continue
        values = sorted((a, v) for a, v in node.attrib.items() if not _VOLATILE.search(a))
        found.update(repr((node.tag, values, (node.text or "").strip(), len(node))).encode("utf-8", "surrogatepass"))
        waiting += node
    return found.hexdigest()[:12]


def raw_of(element: Element) -> str:
    """Return what stands for an element: as the file has it if it is simple, else with a digest of its content."""
    prefix = element.prefix or "w"
    if len(element) or (element.text or "").strip():
        return f'<{prefix}:{local_name(element)} content="{digest(element)}"/>'
    return _tag(element) + "/>"


def _tag(element: Element) -> str:
    values = [f' {plain_name(a)}="{v}"' for a, v in sorted(element.attrib.items()) if not _VOLATILE.search(a)]
    return f"<{element.prefix or 'w'}:{local_name(element)}{''.join(values)}"


def wrapper_raw(element: Element) -> str:
    """Return what stands for the start of an element around text."""
    head = next((child for child in element if local_name(child) == "sdtPr"), None)
    return f'{_tag(element)} content="{digest(head)}">' if head is not None else _tag(element) + ">"
