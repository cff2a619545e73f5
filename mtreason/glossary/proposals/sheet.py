"""The file in which a person accepts proposals: a glossary whose new lines are comments until their `# ` is taken away.

What a file has is never changed: new proposals are added at its end, and a term that it has, accepted or not, is not
proposed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mtreason.errors import GlossaryError, InputError
from mtreason.files import read_bytes, read_text
from mtreason.glossary.formats import columns as found_columns
from mtreason.glossary.formats import tsv, utx
from mtreason.glossary.formats.text import Direction, cell_for, cells_of, check_direction, numbered_lines
from mtreason.glossary.load import read_entries, stated_direction
from mtreason.glossary.merge import Entry
from mtreason.glossary.proposals.proposal import Proposal, Rendering
from mtreason.glossary.term import Term, to_fields
from mtreason.glossary.words.fold import fold

COLUMNS = ("source", "target", "note", "example")
"""The columns of a new file."""
MARK = "# "
"""What keeps a line from being used."""
HEAD = (
    f'Proposals by mtreason glossary draft: a line that begins with "{MARK}" is not used. Read it, correct its target, '
    f'and take "{MARK}" away to accept it.',
    "Leave or remove the others: what stands here is not proposed again. Without a target a term is kept as it is.",
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file of proposals, as it is before new ones are added."""

    name: str
    direction: Direction
    data: bytes = b""
    """What it holds; nothing for a new file."""
    columns: tuple[str, ...] = COLUMNS
    accepted: tuple[Term, ...] = ()
    """Its terms that are in use."""
    sources: frozenset[str] = frozenset()
    """All its terms, folded, whether accepted or not."""

    def has(self, source: str) -> bool:
        """Whether a term stands in the file."""
        return fold(source, self.direction[0]) in self.sources

    def with_lines(self, proposals: Sequence[tuple[Proposal, Rendering | None]]) -> bytes:
        """Return the file with more proposals, which are comments, at its end."""
        lines = [f"{MARK}{self._line(proposal, rendering)}" for proposal, rendering in proposals]
        end = "\r\n" if b"\r\n" in self.data else "\n"
        if not self.data:
            own = f"languages: {'-'.join(self.direction)}", f"columns: {', '.join(self.columns)}"
            lines = [*(f"{MARK}{line}" for line in (*own, *HEAD)), *lines]
        missing = end if self.data and not self.data.endswith((b"\n", b"\r")) else ""
        return self.data + (missing + "".join(f"{line}{end}" for line in lines)).encode()

    def _line(self, proposal: Proposal, rendering: Rendering | None) -> str:
        targets = () if rendering is None or rendering.text == proposal.source else (rendering.text,)
        term = Term(proposal.source, targets, "", evidence(proposal, rendering), "", 0, example=proposal.example)
        fields = to_fields(term)
        return "\t".join(cell_for(fields.get(column, "")) for column in self.columns).rstrip("\t")


def evidence(proposal: Proposal, rendering: Rendering | None) -> str:
    """Return what speaks for a proposal, and how certain its rendering is."""
    many = "" if proposal.segments == 1 else "s"
    seen = f"{proposal.kind}, {proposal.count}× in {proposal.segments} segment{many}"
    if rendering is None:
        return f"{seen}; no rendering found"
    return f"{seen}; {rendering.basis}, certainty {rendering.certainty:.2f}"


def open_sheet(path: Path | None, direction: Direction) -> Sheet:
    """Read what a file has already; None is for a file that nobody keeps.

    Raises `InputError` for a name that does not end with .tsv and a file that cannot be read, and `GlossaryError` for
    one that is for other languages, has a line that cannot be a term, or whose columns are named by its first row.
    """
    if path is None:
        return Sheet("", direction)
    if path.suffix.lower() != ".tsv":
        raise InputError(f"{path}: proposals are lines of tab-separated text: name it .tsv")
    stated = stated_direction(path)
    if stated is not None:
        check_direction(str(path), stated, direction)
    if not path.absolute().parent.is_dir():
        raise InputError(f"{path}: there is no directory {path.absolute().parent}: create it first")
    if not path.exists():
        return Sheet(str(path), direction)
    return _read(path, direction)


def _read(path: Path, direction: Direction) -> Sheet:
    name = str(path)
    text = read_text(path, "name a file that can be read and written")
    columns, terms = tsv.read_head(text, name, direction)
    first = next(terms, None)
    headed = columns is None and first is not None and found_columns.from_header(cells_of(first[1]), name, direction)
    if headed or utx.is_utx(text):
        raise GlossaryError(
            f"{name}: its first row names columns, to which no proposals can be added: name another file"
        )
    entries = [] if first is None else list(read_entries(path, *direction))
    for entry in entries:
        if isinstance(entry, GlossaryError):
            raise entry
    sheet = Sheet(name, direction, read_bytes(path, "check the name"), tuple(columns or tsv.USUAL))
    accepted = tuple(entry.term for entry in entries if isinstance(entry, Entry))
    return replace(sheet, accepted=accepted, sources=frozenset(_sources(text, direction[0])))


def is_sheet(lines: Sequence[tuple[int, str]]) -> bool:
    """Whether lines of a file are proposals where they are comments with tabs."""
    return any(line == f"{MARK}{HEAD[0]}" for _, line in lines)


def _sources(text: str, source: str) -> list[str]:
    """Return the terms of all lines, folded, also of those that are comments."""
    lines = (line.removeprefix("#") if tsv.is_comment(line) else line for _, line in numbered_lines(text))
    return [fold(cells_of(line)[0], source) for line in lines if "\t" in line]
