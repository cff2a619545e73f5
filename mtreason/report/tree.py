"""The search of one sentence as a page: its tree, its candidates, its glossary hints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtreason.errors import InputError
from mtreason.lines import read_lines
from mtreason.records import parse_record

MOST_NODES = 100_000
"""A larger tree was not made by a search of one sentence."""

_NUMBER = (int, float)
_MAYBE = (int, float, type(None))
_CANDIDATE = {"text": str, "reward": _MAYBE, "parts": dict, "count": int, "problems": [str], "chosen": bool}
_TERM = {"source": str, "targets": [str], "file": str, "followed": bool}
_USAGE = {"prompt_tokens": int, "sampled_tokens": int, "scored_tokens": int}
_RECORD = {
    "segment": int, "source": str, "translation": str, "status": str, "candidates": [_CANDIDATE], "terms": [_TERM],
    "usage": _USAGE,
}  # fmt: skip
_TREE = {
    "parent": [int], "visits": [_NUMBER], "mean_value": [_MAYBE], "best_value": [_MAYBE], "text": [str],
    "prior": [_NUMBER], "translation": [(str, type(None))],
}  # fmt: skip
"""What a trace holds, as far as it is shown: a list of one kind, a mapping with these keys, or a type."""


@dataclass(slots=True)
class Branch:
    """Steps without a fork between them, and the branches after them."""

    text: str
    visits: int
    best: float | None
    mean: float | None
    prior: float
    """Probability of its first token, given the tokens before."""
    translation: str | None
    """The translation that ends here."""
    chosen: bool
    """Whether the chosen translation goes through here."""
    children: list[Branch] = field(default_factory=list)


def read_trace(path: Path) -> list[dict[str, Any]]:
    """Read the records of a trace, by the numbers of their segments; raises `InputError` with the line of a fault."""
    records = []
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        try:
            record = parse_record(line)
        except ValueError:
            record = None
        numbers = [v for c in record["candidates"] for v in c["parts"].values()] if _fits(record, _RECORD) else [None]
        if not _fits(numbers, [_NUMBER]):
            raise InputError(f"{path}:{number}: expected what 'mtreason translate --trace' writes")
        records.append(record)
    return sorted(records, key=lambda record: int(record["segment"]))


def _fits(value: Any, shape: Any) -> bool:  # noqa: ANN401 - whatever JSON holds, and what it should be
    if isinstance(shape, list):
        return isinstance(value, list) and all(_fits(item, shape[0]) for item in value)
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(key in value and _fits(value[key], own) for key, own in shape.items())
    return isinstance(value, shape) and (shape is bool or not isinstance(value, bool))


def pick_segment(records: Sequence[Mapping[str, Any]], asked: str | None, name: str) -> Mapping[str, Any]:
    """Return the record of a segment that was searched, by its number in the text.

    If none is asked for, return the first that has a tree. Raises `InputError` where there is none.
    """
    searched = {str(r["segment"]): r for r in records if r.get("tree")}
    if not searched:
        raise InputError(f"{name}: no segment was searched: translate with --decoder mcts and --trace")
    if asked is None:
        return next(iter(searched.values()))
    if asked not in searched:
        if asked in {str(r["segment"]) for r in records}:
            near = min(searched, key=lambda n: abs(int(n) - int(asked)))
            raise InputError(f"--segment {asked}: it was not searched (passed through, or another decoder); {near} was")
        raise InputError(f"--segment {asked!r}: {name} has {len(records)} segments, from {records[0]['segment']}")
    return searched[asked]


def build_branches(tree: Mapping[str, Any], chosen: str | None) -> Branch:
    """Turn the arrays of a trace into branches, the best first; raises `ValueError` for arrays that are not a tree."""
    if not _fits(tree, _TREE):
        raise ValueError("the tree is damaged")
    parent: list[int] = tree["parent"]
    n = len(parent)
    if not 0 < n <= MOST_NODES or any(len(tree[column]) != n for column in _TREE):
        raise ValueError("the tree is damaged")
    if parent[0] != -1 or any(not 0 <= p < i for i, p in enumerate(parent[1:], 1)):
        raise ValueError("the tree is damaged")
    children: list[list[int]] = [[] for _ in range(n)]
    on_path = [False] * n
    for node in range(n - 1, 0, -1):
        children[parent[node]].append(node)
        on_path[node] |= tree["translation"][node] == chosen
        on_path[parent[node]] |= on_path[node]
    made: dict[int, Branch] = {}
    for node in range(n - 1, -1, -1):  # children before their parents, so that no recursion is needed
        below = children[node]
        own = Branch(
            tree["text"][node],
            tree["visits"][node],
            tree["best_value"][node],
            tree["mean_value"][node],
            tree["prior"][node],
            tree["translation"][node],
            on_path[node],
        )
        if node and len(below) == 1 and own.translation is None:
            only = made[below[0]]
            own.text += only.text
            own.translation, own.children = only.translation, only.children
        else:
            own.children = sorted((made[c] for c in below), key=_rank)
        made[node] = own
    return made[0]


def walk(root: Branch) -> Iterator[tuple[bool, Branch]]:
    """Yield each branch where it begins (True) and where it ends (False); a tree may be deeper than functions nest."""
    waiting = [(True, root)]
    while waiting:
        begins, branch = waiting.pop()
        yield begins, branch
        if begins:
            waiting.append((False, branch))
            waiting.extend((True, child) for child in reversed(branch.children))


def _rank(branch: Branch) -> tuple[bool, float]:
    return branch.best is None, -(branch.best or 0.0)


def read_branches(record: Mapping[str, Any], name: str) -> Branch:
    """Return the tree of a trace record; raises `InputError` where it is damaged."""
    try:
        return build_branches(record["tree"], next((c["text"] for c in record["candidates"] if c["chosen"]), None))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{name}: the tree of this segment is damaged: translate again with --trace") from error


def to_html(record: Mapping[str, Any], name: str) -> str:
    """Return the page of a trace record; raises `InputError` where its tree is damaged."""
    from mtreason.report.page import environment

    root = read_branches(record, name)
    candidates = record["candidates"]
    parts = list(dict.fromkeys(p for c in candidates for p in c["parts"]))
    return (
        environment()
        .get_template("tree.html.j2")
        .render(
            record=record,
            steps=walk(root),
            nodes=len(record["tree"]["parent"]),
            most=max(root.visits, 1),
            candidates=candidates,
            parts=parts,
        )
    )
