"""What becomes of picks: a corrected document, a memory of translations, ratings for `tune`, pairs for training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from mtreason.characters import has_half_pair, plain_characters, utf8
from mtreason.documents.coded import written
from mtreason.errors import DocumentError, InputError, SettingError
from mtreason.files import check_output, followed, read_bytes, refuse_pipe, resolved, write_bytes
from mtreason.gates import Pair, doubts, problems
from mtreason.records import record_line
from mtreason.review.document import Review
from mtreason.review.picks import EDITED, KEPT, OTHER, Picked
from mtreason.storage import tmx_bytes


@dataclass(frozen=True, slots=True)
class Places:
    """Where the outcome goes; None for what is not asked for."""

    document: Path | None = None
    """The corrected document: a new file, or the one that was reviewed."""
    tmx: Path | None = None
    """A memory for `--tm`."""
    ratings: Path | None = None
    """Rows for `tune`."""
    pairs: Path | None = None
    """JSON lines for training: what was chosen over what."""

    def named(self) -> dict[str, Path]:
        """Return the places that are asked for, by their names."""
        asked = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: path for name, path in asked.items() if path is not None}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of picks."""

    counts: Mapping[str, int]
    """KEPT, OTHER and EDITED -> how many."""
    doubtful: Sequence[str]
    """The places of picks that something speaks against, and what; they were taken all the same."""


def apply_picks(review: Review, picked: Sequence[Picked], places: Places, inputs: Sequence[Path]) -> Outcome:
    """Write what is asked for; `inputs` are the files that must not be overwritten.

    Nothing is written before all of it is ready. Raises `InputError` for a place where something else is already: only
    the reviewed translation may be written over, as long as it is what it was when the page was made.
    """
    asked = places.named()
    if not asked:
        raise SettingError("nothing to write: name a place with `document`, `tmx`, `ratings` or `pairs`")
    if places.tmx is not None and places.tmx.suffix.lower() != ".tmx":
        raise InputError(f"--tmx {places.tmx}: what is written is TMX: name it so")
    made = {name: _MAKERS[name](review, picked) for name in asked}
    for name, path in asked.items():
        others = [other for own, other in asked.items() if own != name]
        _check_place(f"--{name}", path, made[name], review if name == "document" else None, [*inputs, *others])
    for name, path in asked.items():
        write_bytes(followed(path), made[name])
    counts = Counter(pick.what for pick in picked)
    return Outcome(counts, tuple(_doubtful(review, picked)))


def _check_place(option: str, path: Path, data: bytes, review: Review | None, others: Sequence[Path]) -> None:
    if path.is_dir():
        raise DocumentError(f"{option} {path} is a directory: name a file")
    if not path.absolute().parent.is_dir():
        raise DocumentError(f"{option} {path}: there is no directory {path.absolute().parent}: create it first")
    check_output(path, *others)
    if not path.exists():
        return
    refuse_pipe(path, f"the place for {option}")
    there = read_bytes(path, "name another file")
    if there == data:
        return
    if review is None or resolved(path) != resolved(review.translation.path):
        raise InputError(f"{option} {path}: another file is there already: name a new one, or remove it")
    if there != review.translation.data:
        raise InputError(f"{option} {path}: it was changed just now: nothing is written; name a new file")


def _document(review: Review, picked: Sequence[Picked]) -> bytes:
    return review.written({pick.passage.number: pick.text for pick in picked})


def _memory(review: Review, picked: Sequence[Picked]) -> bytes:
    """Return a memory: what people wrote comes first, then what they chose, then what they left; each source once."""
    found: dict[str, str] = {}
    for pick in sorted(picked, key=lambda pick: (EDITED, OTHER, KEPT).index(pick.what)):
        codes = pick.passage.codes
        found.setdefault(written(pick.passage.source, codes), written(pick.text, codes))
    tags = (review.direction.source.tag, review.direction.target.tag)
    return tmx_bytes((*tags, *pair) for pair in found.items())


def _ratings(review: Review, picked: Sequence[Picked]) -> bytes:
    """Return a row for each segment that had a choice: 1 for the text that a person wants, 0 for what they saw else."""
    rows = []
    for pick in _readable(picked):
        passed_over = _passed_over(pick)
        if passed_over:
            hyps = [pick.text, *passed_over]
            ratings = [1, *[0] * len(passed_over)]
            rows.append({**_head(review, pick), "src": pick.passage.source, "hyps": hyps, "ratings": ratings})
    return _lines(rows)


def _pairs(review: Review, picked: Sequence[Picked]) -> bytes:
    """Return a pair for each segment that a person changed: what they want, and what the search had chosen."""
    return _lines(
        {
            **_head(review, pick),
            "source": pick.passage.source,
            "chosen": pick.text,
            "rejected": pick.passage.text,
            "edited": pick.what == EDITED,
        }
        for pick in _readable(picked)
        if pick.what != KEPT
    )


_MAKERS: dict[str, Callable[[Review, Sequence[Picked]], bytes]] = {
    "document": _document, "tmx": _memory, "ratings": _ratings, "pairs": _pairs,
}  # fmt: skip


def _readable(picked: Sequence[Picked]) -> Iterator[Picked]:
    """Yield the picks whose texts a model can read."""
    yield from (pick for pick in picked if not has_half_pair(pick.passage.source + pick.text))


def _passed_over(pick: Picked) -> list[str]:
    shown = (pick.passage.text, *(other.text for other in pick.passage.alternatives))
    return [text for text in shown if text != pick.text and text.strip() and not has_half_pair(text)]


def _head(review: Review, pick: Picked) -> dict[str, str]:
    """Return what a row begins with: its id differs from those of other documents."""
    own = f"{plain_characters(review.name, '')}:{review.digests['trace'][:12]}:{pick.passage.number}"
    return {"id": own, "src_lang": review.direction.source.tag, "tgt_lang": review.direction.target.tag}


def _lines(rows: Iterable[Mapping[str, object]]) -> bytes:
    return utf8("".join(map(record_line, rows)))


def _doubtful(review: Review, picked: Sequence[Picked]) -> Iterator[str]:
    """Say what speaks against picks, as it is said of drafts; a person who left a text has read what does."""
    for pick in picked:
        if pick.what == KEPT:
            continue
        kept = tuple(str(term["source"]) for term in pick.passage.terms if not term["targets"])
        pair = Pair(pick.passage.source, pick.text, review.direction, kept=kept)
        said = [] if pick.passage.passed else [*problems(pair), *doubts(pair)]
        if said:
            yield f"{pick.passage.place}: {', '.join(said)}"
