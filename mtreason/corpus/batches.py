"""Texts in, outcomes out: what a worker does, on this machine or on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mtreason.corpus.rows import Outcome, failed, outcome_columns
from mtreason.errors import ServerGoneError
from mtreason.runs.pipeline import MODEL, Segment
from mtreason.runs.translation import Translation, summed_up

if TYPE_CHECKING:
    import pyarrow as pa

    from mtreason.runs.translator import Translator


def translate_rows(translator: Translator, texts: Sequence[str]) -> list[Outcome]:
    """Translate texts, each with the outcome that it would have alone; one that nobody can translate is failed.

    Raises `ServerGoneError`, because then no text can be translated.
    """
    try:
        made = translator.translate(texts)
    except ServerGoneError:
        raise
    except Exception as error:  # noqa: BLE001 - one row must not end all others
        if len(texts) == 1:
            return [failed(f"{type(error).__name__}: {error}")]
        half = len(texts) // 2
        return translate_rows(translator, texts[:half]) + translate_rows(translator, texts[half:])
    by_model = {s.source: s for t in made for s in t.segments if s.origin == MODEL}
    return [_outcome(translation, by_model) for translation in made]


def _outcome(made: Translation, by_model: dict[str, Segment]) -> Outcome:
    """Return the outcome of a text. A segment that another text paid for counts as if this text had."""
    segments = [replace(by_model.get(s.source, s), unit=s.unit) for s in made.segments]
    alone = summed_up(made.source, made.text, segments)
    paid = {s.source: s.result.cost.tokens for s in segments if s.result is not None}
    return Outcome(
        translation=made.text,
        score=alone.score,
        parts=dict(alone.parts),
        status=alone.status,
        error=", ".join(alone.problems) or None,
        terms_missed=tuple(dict.fromkeys(use.term.source for use in alone.terms if not use.followed)),
        tokens=sum(paid.values()),
        seconds=alone.usage.seconds,
    )


def add_outcomes(translator: Translator, table: pa.Table, column: str) -> pa.Table:
    """Return a table with the outcomes of the texts in a column; a cell without a text is failed."""
    cells = table[column].to_pylist()
    made = iter(translate_rows(translator, [cell for cell in cells if isinstance(cell, str)]))
    outcomes = [next(made) if isinstance(cell, str) else failed("there is no text") for cell in cells]
    for name, values in outcome_columns(outcomes).items():
        table = table.append_column(name, values)
    return table
