"""The search of one sentence as a page: its tree, its candidates, its glossary hints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mtreason.errors import InputError


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


def build_branches(tree: Mapping[str, Any], chosen: str) -> Branch:
    """Turn the arrays of a trace into branches, the best first; raises `ValueError` for arrays that are not a tree."""
    parent: list[int] = tree["parent"]
    n = len(parent)
    columns = ("visits", "mean_value", "best_value", "text", "prior", "translation")
    if not n or any(len(tree[c]) != n for c in columns) or any(not -1 <= p < i for i, p in enumerate(parent)):
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


def _rank(branch: Branch) -> tuple[bool, float]:
    return branch.best is None, -(branch.best or 0.0)


def read_branches(record: Mapping[str, Any], name: str) -> Branch:
    """Return the tree of a trace record; raises `InputError` where it is damaged."""
    try:
        return build_branches(record["tree"], record["translation"])
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
            root=root,
            nodes=len(record["tree"]["parent"]),
            most=max(root.visits, 1),
            candidates=candidates,
            parts=parts,
        )
    )
