"""What is asked for one document, and the report about it at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtreason.runs.pipeline import Segment

STANDARD_INPUT = "-"
MOST_NAMED = 10
"""How many places and terms a report names."""
MOST_DOUBTS = 3
"""How many doubts a report names for one place."""


@dataclass(frozen=True, slots=True)
class DocumentJob:
    """What is asked for one document, except for the settings of the search."""

    source: str
    """The name of a file, or `STANDARD_INPUT`."""
    out: Path | None = None
    """None for standard output."""
    form: str | None = None
    """The format to read it in; None chooses by the name."""
    columns: tuple[str, ...] = ()
    trace: Path | None = None
    bilingual: Path | None = None
    as_json: bool = False
    n_best: int = 1
    max_seconds: float | None = None
    max_tokens: int | None = None
    remember: bool = True
    """Whether to use the memory of translations."""
    inputs: tuple[Path, ...] = ()
    """Other files that the run reads, and must not write."""

    @property
    def journalled(self) -> bool:
        """Whether there is an output file for which a run can be resumed."""
        return self.out is not None and (self.out.is_file() or not self.out.exists())


@dataclass(slots=True)
class DocumentReport:
    """What happened to a document."""

    segments: int = 0
    origins: dict[str, int] = field(default_factory=dict)
    """Where translations come from -> how many segments; see `mtreason.runs.pipeline`."""
    fell_back: int = 0
    fallen: dict[str, str] = field(default_factory=dict)
    """The places of the first of these segments, and what is wrong there."""
    placed: int = 0
    """Segments into which the tool had to put codes or other literals that the model lost."""
    placed_at: dict[str, None] = field(default_factory=dict)
    """The places of the first of these segments."""
    hits: int = 0
    """Glossary terms that occurred."""
    missed: int = 0
    missing: list[str] = field(default_factory=list)
    """The first terms that were not followed, with their places."""
    doubtful: int = 0
    """Segments that something speaks against, such as numbers that differ."""
    doubts: list[str] = field(default_factory=list)
    """The places of the first of these segments, and what is doubtful there."""
    timed_out: int = 0
    answers: int = 0
    in_form: int = 0
    """How many of the answers that reason first kept their form."""
    tokens: int = 0
    seconds: float = 0.0
    passed_through: bool = False
    """Whether the document was in the target language already and was passed through unchanged."""

    def count(self, segment: Segment) -> None:
        """Add one segment."""
        self.segments += 1
        self.origins[segment.origin] = self.origins.get(segment.origin, 0) + 1
        self.hits += len(segment.hits)
        missed = [hit.term.source for hit, ok in zip(segment.hits, segment.followed, strict=True) if not ok]
        self.missed += len(missed)
        self.missing += [f"{term} in {segment.unit.place}" for term in missed][: MOST_NAMED - len(self.missing)]
        if segment.fell_back:
            self.fell_back += 1
            if len(self.fallen) < MOST_NAMED:
                self.fallen.setdefault(segment.unit.place, ", ".join(segment.problems))
        if segment.placed:
            self.placed += 1
            if len(self.placed_at) < MOST_NAMED:
                self.placed_at[segment.unit.place] = None
        if segment.doubts:
            self.doubtful += 1
            if len(self.doubts) < MOST_NAMED:
                self.doubts.append(f"{segment.unit.place}: {', '.join(segment.doubts[:MOST_DOUBTS])}")
        if segment.result:
            self.timed_out += segment.result.timed_out
            self.answers += sum(segment.result.forms.values())
            self.in_form += segment.result.forms.get("ok", 0)
