"""JSON as nodes that know where they stand, for files to which something is added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from json.decoder import JSONDecodeError

from mtreason.documents.data.json_text import after_space, key_at, scan_scalar, scan_string

MOST_NESTED = 60


@dataclass(frozen=True, slots=True)
class Raw:
    """A number as the file has it."""

    digits: str


@dataclass(slots=True)
class Node:
    """A value at `text[start:end]`."""

    start: int
    end: int
    value: object = None
    """A string, boolean or None; the digits of a number as `Raw`."""
    members: Mapping[str, Node] = field(default_factory=dict)
    """Of an object."""
    is_object: bool = False

    def get(self, key: str) -> Node | None:
        """Return a member of an object."""
        return self.members.get(key)


def parse_nodes(text: str) -> Node:
    """Parse JSON; raises `JSONDecodeError`, also for a key that an object has twice."""
    node = _node(text, after_space(text, 0), 0)
    end = after_space(text, node.end)
    if end < len(text):
        raise JSONDecodeError("expected nothing more", text, end)
    return node


def _node(text: str, at: int, depth: int) -> Node:
    if depth == MOST_NESTED:
        raise JSONDecodeError(f"nested deeper than {MOST_NESTED} levels", text, at)
    sign = text[at : at + 1]
    if sign == '"':
        string, end = scan_string(text, at + 1, True)
        return Node(at, end, string)
    if not sign or sign not in "[{":
        value, end = scan_scalar(text, at)
        return Node(at, end, Raw(value) if isinstance(value, str) else value)
    closing = "]" if sign == "[" else "}"
    members: dict[str, Node] = {}
    start, at = at, after_space(text, at + 1)
    while not text.startswith(closing, at) or members:
        key = str(len(members))
        if sign == "{":
            began = at
            key, at = key_at(text, at)
            if key in members:
                raise JSONDecodeError(f"the key {key[:40]!r} is there twice", text, began)
        members[key] = _node(text, at, depth + 1)
        at = after_space(text, members[key].end)
        if text.startswith(closing, at):
            break
        if not text.startswith(",", at):
            raise JSONDecodeError(f"expected a comma or {closing}", text, at)
        at = after_space(text, at + 1)
    return Node(start, at + 1, None, members if sign == "{" else {}, sign == "{")
