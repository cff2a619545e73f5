"""Notes: what a file says of a text to those who translate it. They are shown to the model beside the text."""

from __future__ import annotations

MOST = 200
"""How many characters of a note are read: small models take longer ones for the text."""
_BLANKS = " \t\r\n"


def note_of(*said: str) -> str:
    """Return what a file says of a text as one short line, each thing once."""
    lines = (" ".join("".join(c if c.isprintable() else " " for c in own).split()) for own in said)
    note = "; ".join(dict.fromkeys(line for line in lines if line))
    return note if len(note) <= MOST else note[: MOST - 1].rstrip() + "…"


def comment_before(content: str, at: int, opening: str, closing: str) -> str:
    """Return what a comment on the lines directly before a place says, without its signs; "" where there is none."""
    end = _before_blanks(content, at)
    if content.count("\n", end, at) > 1 or not content.startswith(closing, end - len(closing)):
        return ""
    start = content.rfind(opening, 0, end - len(closing))
    # After something else on its line, a comment is about that.
    if start < 0 or content[content.rfind("\n", 0, start) + 1 : start].strip():
        return ""
    return content[start + len(opening) : end - len(closing)]


def _before_blanks(content: str, at: int) -> int:
    while at and content[at - 1] in _BLANKS:
        at -= 1
    return at
