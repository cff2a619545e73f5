"""Rows of results as pandas tables: the one module that uses pandas, which is imported at its use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pandas import DataFrame


def results_frame(records: Iterable[Mapping[str, Any]]) -> DataFrame:
    """Return one row for each record, in the order of the records.

    A nested value has a column of its own, `cost.sampled_tokens` or `parts.likelihood`; where a record lacks a value,
    it is NaN.
    """
    from pandas import json_normalize

    return json_normalize(list(records))


def means_of(frame: DataFrame, columns: Iterable[str]) -> dict[str, float]:
    """Return the mean of each of these columns, in JSON types."""
    return {column: float(frame[column].mean()) for column in columns}


def means_under(frame: DataFrame, name: str) -> dict[str, float]:
    """Return the means of the columns that were nested under a name, without columns that some rows lack."""
    prefix = f"{name}."
    whole = [c for c in frame.columns if c.startswith(prefix) and frame[c].notna().all()]
    return {column.removeprefix(prefix): mean for column, mean in means_of(frame, whole).items()}


def spearman(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the correlation of ranks, in [-1, 1]."""
    from pandas import Series

    return float(Series(a).rank().corr(Series(b).rank()))


def format_table(rows: Sequence[Mapping[str, str]]) -> str:
    """Return rows with the same columns as a Markdown table; numbers are on the right."""
    from pandas import DataFrame

    frame = DataFrame(rows)
    sides = ("left", *["right"] * (len(frame.columns) - 1))
    return str(frame.to_markdown(index=False, disable_numparse=True, colalign=sides))
