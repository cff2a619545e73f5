"""The search of one sentence as a picture (SVG): what was tried, from which node, and its reward."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from mtreason.report.tree import Branch, read_branches, walk

LEAVES = 10
"""How many translations a picture shows, the best ones and the chosen one among them."""
LONGEST = 34
"""How many characters of a step are shown."""
FONT, ROW, PAD, GAP, VALUE = 13, 30, 8, 30, 72
"""Pixels: size of the text, height of a row, around a text, from a step to the next, for a reward."""
CHARACTER = 7.6
"""Average width in pixels of a character of this size; East Asian characters are twice as wide."""
INK, SOFT, CHOSEN, LINE, FILL, PAGE = "#1f2328", "#59636e", "#0969da", "#c5ccd3", "#ddf4ff", "#ffffff"


@dataclass(frozen=True, slots=True)
class _Box:
    """A step with its position."""

    branch: Branch
    x: float
    """Pixels to its left side."""
    y: float
    """In rows."""
    children: tuple[_Box, ...]

    @property
    def width(self) -> float:
        return _width(_label(self.branch)) + 2 * PAD


def to_svg(record: Mapping[str, Any], name: str) -> str:
    """Return the picture of a trace record; raises `InputError` where its tree is damaged."""
    root = read_branches(record, name)
    shown = _pruned(root, _best_ends(root))
    rows = iter(range(10_000))
    box = _place(shown, PAD, rows)
    boxes = list(_walk(box))
    leaves = sum(not b.children for b in boxes)
    right = max(b.x + b.width for b in boxes) + VALUE
    head = ROW * 2.4
    parts = [line for b in boxes for line in _edges(b, head)]
    parts += [line for b in boxes for line in _box(b, head)]
    hidden = _ends(root) - leaves
    note = f"{len(record['tree']['parent'])} nodes, {_ends(root)} translations"
    note += f", {hidden} not shown" if hidden > 0 else ""
    note += "; the number is the reward, the width of a line the share of rollouts"
    title = f"{record['source']}  →  {record['translation']}"
    heading = f'font-size="{FONT + 2}" font-weight="600" fill="{INK}"'
    return "\n".join([
        _open(max(right, _width(title) * 1.1 + 4 * PAD), head + leaves * ROW + PAD, title),
        f'<text x="{PAD}" y="{ROW * 0.8:.0f}" {heading}>{escape(title)}</text>',
        f'<text x="{PAD}" y="{ROW * 1.6:.0f}" fill="{SOFT}">{escape(note)}</text>',
        *parts,
        "</svg>\n",
    ])  # fmt: skip


def _open(width: float, height: float, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" font-family="system-ui, sans-serif" font-size="{FONT}">'
        f"<title>{escape(title)}</title>"
        f'<rect width="100%" height="100%" rx="8" fill="{PAGE}"/>'
    )


def _walk(box: _Box) -> Iterator[_Box]:
    waiting = [box]
    while waiting:
        own = waiting.pop()
        yield own
        waiting.extend(own.children)


def _ends(branch: Branch) -> int:
    """Count the translations at and below a branch."""
    return sum(b.translation is not None for b in _branches(branch))


def _branches(root: Branch) -> Iterator[Branch]:
    waiting = [root]
    while waiting:
        branch = waiting.pop()
        yield branch
        waiting.extend(branch.children)


def _best_ends(root: Branch) -> set[int]:
    """Return the branches that end the best translations, the chosen one first."""
    ends = [b for b in _branches(root) if b.translation is not None]
    ends.sort(key=lambda b: (not b.chosen, b.best is None, -(b.best or 0.0)))
    return {id(b) for b in ends[:LEAVES]}


def _pruned(root: Branch, kept: set[int]) -> Branch:
    """Leave out steps that lead to none of the kept ends; steps that then have no fork between them become one."""
    made: dict[int, Branch | None] = {}
    for branch in reversed(list(_branches(root))):  # children come after their parents
        below = [own for child in branch.children if (own := made[id(child)]) is not None]
        if id(branch) not in kept and not below and branch is not root:
            made[id(branch)] = None
        elif id(branch) not in kept and len(below) == 1 and branch is not root:
            only = below[0]
            made[id(branch)] = replace(only, text=branch.text + only.text, visits=branch.visits)
        else:
            translation = branch.translation if id(branch) in kept else None
            made[id(branch)] = replace(branch, children=below, translation=translation)
    found = made[id(root)]
    return root if found is None else found


def _place(root: Branch, x: float, rows: Iterator[int]) -> _Box:
    """Give every leaf a row, and every other step the middle of its children, which stand to the right of it."""
    order = [branch for begins, branch in walk(root) if begins]
    left = {id(root): x}
    for branch in order:
        for child in branch.children:
            left[id(child)] = left[id(branch)] + _Box(branch, 0.0, 0.0, ()).width + GAP
    row = {id(branch): float(next(rows)) for branch in order if not branch.children}
    made: dict[int, _Box] = {}
    for branch in reversed(order):  # children come after their parents
        children = tuple(made[id(child)] for child in branch.children)
        y = (children[0].y + children[-1].y) / 2 if children else row[id(branch)]
        made[id(branch)] = _Box(branch, left[id(branch)], y, children)
    return made[id(root)]


def _label(branch: Branch) -> str:
    text = " ".join(branch.text.split()) or "(beginning)"
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _width(text: str) -> float:
    return CHARACTER * sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _middle(box: _Box, head: float) -> float:
    return head + (box.y + 0.5) * ROW


def _edges(box: _Box, head: float) -> Iterator[str]:
    most = max(box.branch.visits, 1)
    x, y = box.x + box.width, _middle(box, head)
    for child in box.children:
        end = _middle(child, head)
        colour = CHOSEN if child.branch.chosen else LINE
        width = 1.2 + 3.5 * child.branch.visits / most
        half = (x + child.x) / 2
        yield (
            f'<path d="M{x:.0f} {y:.0f}C{half:.0f} {y:.0f} {half:.0f} {end:.0f} {child.x:.0f} {end:.0f}" fill="none" '
            f'stroke="{colour}" stroke-width="{width:.1f}"/>'
        )


def _box(box: _Box, head: float) -> Iterator[str]:
    x, y, label = box.x, _middle(box, head), _label(box.branch)
    colour, fill = (CHOSEN, FILL) if box.branch.chosen else (LINE, PAGE)
    weight = ' font-weight="600"' if box.branch.chosen else ""
    yield (
        f'<rect x="{x:.0f}" y="{y - FONT + 1:.0f}" width="{box.width:.0f}" height="{2 * FONT - 2}" rx="5" '
        f'fill="{fill}" stroke="{colour}"/>'
    )
    yield f'<text x="{x + PAD:.0f}" y="{y + 4.5:.0f}" fill="{INK}"{weight}>{escape(label)}</text>'
    if box.branch.translation is not None:
        value = "held back" if box.branch.best is None else f"{box.branch.best:.3f}"
        yield f'<text x="{x + box.width + PAD:.0f}" y="{y + 4.5:.0f}" fill="{SOFT}"{weight}>{value}</text>'
