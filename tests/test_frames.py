"""Rows of results as tables."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from mtreason.frames import format_table, means_of, means_under, results_frame, spearman

ROWS = [
    {"system": "a", "budget": None, "cost": {"sampled": 1, "scored": 4}, "parts": {"x": 0.5, "y": 1.0}, "ok": True},
    {"system": "b", "budget": 8.0, "cost": {"sampled": 2, "scored": 5}, "parts": {"x": 1.5}, "ok": False},
]


def test_what_is_nested_has_columns() -> None:
    frame = results_frame(iter(ROWS))
    assert list(frame["system"]) == ["a", "b"]
    assert means_of(frame, ["ok", "cost.sampled"]) == {"ok": 0.5, "cost.sampled": 1.5}
    assert means_under(frame, "cost") == {"sampled": 1.5, "scored": 4.5}
    assert means_under(frame, "parts") == {"x": 1.0}, "y is not there in every row"
    assert frame["budget"].isna().tolist() == [True, False]


def test_ranks_correlate_as_in_scipy() -> None:
    random = np.random.default_rng(1)
    a, b = random.integers(0, 5, (2, 40)).astype(float)
    assert spearman(a, b) == pytest.approx(spearmanr(a, b).statistic)


def test_numbers_stand_on_the_right() -> None:
    lines = format_table([{"name": "a", "score": "1.0"}, {"name": "bcd", "score": "10.0"}]).splitlines()
    assert lines[1:] == ["|:-------|--------:|", "| a      |     1.0 |", "| bcd    |    10.0 |"]
