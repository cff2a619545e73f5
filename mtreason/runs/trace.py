"""What a run did with one segment, as a record in JSON types: all candidates, the tree, terms and costs."""

from __future__ import annotations

from typing import Any

from mtreason.decoding import Candidate, Result
from mtreason.decoding.protocol import Cost
from mtreason.runs.pipeline import Segment
from mtreason.runs.settings import REWARD_OVER, Settings


def trace_record(segment: Segment, settings: Settings) -> dict[str, Any]:
    """Describe a segment and everything that the decoder considered for it, in JSON types."""
    result = segment.result
    cost = result.cost if result else Cost()
    return {
        "segment": segment.number,
        "line": segment.unit.number,
        "place": segment.unit.place,
        "source": segment.source,
        "translation": segment.translation,
        "origin": segment.origin,
        "decoder": settings.decoder if result else None,
        "reasoning": _reasoning_record(settings, result),
        "fell_back": segment.fell_back,
        "timed_out": bool(result and result.timed_out),
        "candidates": [_candidate_record(c) for c in (result.candidates if result else ())],
        "tree": result.trace if result else None,
        "hints": [
            {"source": h.term.source, "targets": list(h.term.targets), "file": h.term.file, "honoured": ok}
            for h, ok in zip(segment.hits, segment.followed, strict=True)
        ],
        "numbers": list(segment.numbers),
        "usage": {
            "prompt_tokens": cost.prompt_tokens,
            "sampled_tokens": cost.sampled_tokens,
            "scored_tokens": cost.scored_tokens,
        },
        "seconds": round(segment.seconds, 3),
    }


def _candidate_record(candidate: Candidate) -> dict[str, Any]:
    return {
        "text": candidate.text,
        "reward": round(candidate.reward, 5) if not candidate.problems else None,
        "parts": {name: round(value, 5) for name, value in candidate.parts.items()},
        "count": candidate.count,
        "tokens": len(candidate.draft.tokens),
        "problems": list(candidate.problems),
        "doubts": list(candidate.doubts),
        "reflected": candidate.reflected,
        "repaired": candidate.repaired,
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
