"""What a run did, as records in JSON types: a text and what became of it, alike in `--json` and `--trace`.

`--json` has a record for each unit of the document, blank ones too, in their order:

- `line`, the unit's number in the document, from 1, and `place`, where a person finds it;
- what became of the unit, see `_outcome`;
- `segments`: a list of what became of each segment, with its number in the document, `segment`, and, where `--n-best`
  asks for them, `alternatives`: other clean translations with `score` and `parts`, the best first.

`--trace` has a record for each segment, as soon as it is done: its number, the `line` and `place` of its unit, what
became of it, its `origin` (where it comes from, clean or not), its `text` (the translation with codes as tags, as
candidates have it), everything that the decoder considered, and the `document` that it is of, see `document_record`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtreason.decoding import Candidate, Result
from mtreason.decoding.protocol import Cost
from mtreason.documents.coded import written
from mtreason.languages import Direction
from mtreason.lines import BOM, without_end
from mtreason.runs.job import DocumentJob
from mtreason.runs.pipeline import Segment, TranslatedUnit
from mtreason.runs.settings import REWARD_OVER, Settings
from mtreason.runs.translation import Translation, summed_up


def unit_record(done: TranslatedUnit, n_best: int = 1, *, line: bool = False) -> dict[str, Any]:
    """Describe a unit; `line` says that it is a line of a text: what ends it is left out, and the byte order mark."""
    unit = done.unit
    source, text = (written(own, unit.codes) for own in (unit.text, done.text))
    if line:
        source, text = (without_end(own).removeprefix(BOM if unit.number == 1 else "") for own in (source, text))
    return {
        "line": unit.number,
        "place": unit.place,
        **_outcome(summed_up(source, text, done.segments)),
        "segments": [_segment_record(segment, n_best) for segment in done.segments],
    }


def document_record(job: DocumentJob, direction: Direction) -> dict[str, Any]:
    """Describe how a document is read: its name as it was given, its format and columns, source and target language."""
    languages = [direction.source.tag, direction.target.tag]
    return {"source": job.source, "format": job.form, "columns": list(job.columns), "languages": languages}


def trace_record(
    segment: Segment, settings: Settings | None = None, document: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Describe a segment and all that the decoder considered for it.

    There are no settings where nothing was translated, and no `document` outside of one.
    """
    result = segment.result
    cost = result.cost if result else Cost()
    return {
        **_segment_record(segment),
        "line": segment.unit.number,
        "place": segment.unit.place,
        "origin": segment.origin,
        "text": segment.translation,
        "document": document,
        "decoder": settings.decoder if settings and result else None,
        "reasoning": _reasoning_record(settings, result) if settings else None,
        "candidates": [_candidate_record(c, segment) for c in (result.candidates if result else ())],
        "tree": result.trace if result else None,
        "usage": {
            "prompt_tokens": cost.prompt_tokens,
            "sampled_tokens": cost.sampled_tokens,
            "scored_tokens": cost.scored_tokens,
        },
        "seconds": round(segment.seconds, 3),
    }


def _segment_record(segment: Segment, n_best: int = 1) -> dict[str, Any]:
    record = {"segment": segment.number, **_outcome(summed_up(*segment.pair, (segment,)))}
    if n_best > 1:
        record["alternatives"] = [_alternative(c, segment) for c in segment.others[: n_best - 1]]
    return record


def _outcome(found: Translation) -> dict[str, Any]:
    """Describe what became of a text, in the words of `Translation`; its markup is as in the file."""
    return {
        "source": found.source,
        "translation": found.text,
        "status": found.status,
        "problems": list(found.problems),
        "doubts": list(found.doubts),
        "placed": found.placed,
        "timed_out": found.timed_out,
        "terms": [
            {"source": t.term.source, "targets": list(t.term.targets), "file": t.term.file, "followed": t.followed}
            for t in found.terms
        ],
        "score": None if found.score is None else round(found.score, 5),
        "parts": _rounded(found.parts),
    }


def _alternative(candidate: Candidate, segment: Segment) -> dict[str, Any]:
    text = written(candidate.text, segment.unit.codes)
    return {"translation": text, "score": round(candidate.reward, 5), "parts": _rounded(candidate.parts)}


def _rounded(parts: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 5) for name, value in parts.items()}


def _candidate_record(candidate: Candidate, segment: Segment) -> dict[str, Any]:
    return {
        "text": candidate.text,
        "chosen": candidate is segment.chosen,
        "reward": round(candidate.reward, 5) if not candidate.problems else None,
        "parts": _rounded(candidate.parts),
        "count": candidate.count,
        "tokens": len(candidate.draft.tokens),
        "problems": list(candidate.problems),
        "doubts": list(candidate.doubts),
        "reflected": candidate.reflected,
        "repaired": candidate.repaired,
        "asked_again": candidate.asked_again,
        **_thought_record(candidate),
    }


def _thought_record(candidate: Candidate) -> dict[str, Any]:
    reasoning = candidate.draft.reasoning
    if reasoning is None:
        return {}
    return {"form": reasoning.form, "thought_tokens": reasoning.thought_tokens, "thought": reasoning.thought}


def _reasoning_record(settings: Settings, result: Result | None) -> dict[str, Any]:
    """Describe the reasoning mode, and how often answers kept its form."""
    if not settings.think:
        return {"think": False, "reflect": settings.reflect}
    return {
        "think": True,
        "reflect": settings.reflect,
        "max_thought_tokens": settings.thought_limit,
        "reward_over": settings.reward_over or REWARD_OVER[0],
        "forms": dict(result.forms) if result else {},
    }
