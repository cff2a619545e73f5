"""The results of a benchmark's systems on the segments that all of them have finished, with metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtreason.benchmark import SYSTEMS, read_config, read_results
from mtreason.errors import InputError
from mtreason.evaluation import CHRF, Metric, corpus_metrics, mean_metric
from mtreason.languages import parse_language

Record = Mapping[str, Any]

Learn = Callable[[Sequence[str], Sequence[Sequence[str]], Mapping[str, Sequence[str]]], Metric]
"""Scores the translations of each system with a learned metric, given sources and references."""

SURFACE = ("bleu", CHRF, "ter")
REWARD, MEAN_REWARD = "reward", "mean_reward"
REWARD_TIE = 1e-4
"""Nats; rounding can change a part by this much when the same tokens are read in other batches."""


@dataclass(frozen=True, slots=True)
class Table:
    """The results of one pair of languages."""

    names: list[str]
    """Names of systems, in the order of `metrics`."""
    rows: dict[str, list[Record]]
    """System -> rows; the same segments in the same order."""
    all_rows: dict[str, list[Record]]
    """The same with segments that other systems have not finished."""
    metrics: dict[str, Metric]
    positions: dict[str, list[int]]
    """Which rows each metric has scored."""

    @property
    def referenced(self) -> list[int]:
        """Positions of the rows that have references."""
        return [i for i, row in enumerate(self.segments) if row["refs"]]

    @property
    def segments(self) -> list[Record]:
        """The rows of one system, for fields that are the same in all systems."""
        return self.rows[self.names[0]]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A directory of results."""

    directory: Path
    config: dict[str, Any]
    tables: dict[str, Table]
    """Pair of languages -> table."""


def read_benchmark(directory: Path, learn: Learn | None = None) -> Benchmark:
    """Read a directory of results and score it; raises `InputError` where there is nothing to compare."""
    config = read_config(directory)
    by_pair: dict[str, dict[str, dict[str, Record]]] = {}
    for record in read_results(directory):
        by_pair.setdefault(record["pair"], {}).setdefault(record["system"], {})[record["id"]] = record
    if not by_pair:
        raise InputError(f"{directory} holds no finished result yet: let 'mtreason bench run' go on")
    return Benchmark(directory, config, {pair: _table(pair, results, learn) for pair, results in by_pair.items()})


def _table(pair: str, results: Mapping[str, Mapping[str, Record]], learn: Learn | None) -> Table:
    names = [*(n for n in SYSTEMS if n in results), *(n for n in results if n not in SYSTEMS)]
    common = [i for i in results[names[0]] if all(i in own for own in results.values())]
    if not common:
        raise InputError(
            f"no {pair} segment is finished by all of {', '.join(names)}: let 'mtreason bench run' go on, or begin "
            "another directory with fewer systems"
        )
    table = Table(
        names,
        {name: [results[name][i] for i in common] for name in names},
        {name: list(results[name].values()) for name in names},
        {},
        {},
    )
    for positions, metric in _metrics(table, learn):
        table.metrics[metric.name] = metric
        table.positions[metric.name] = positions
    return table


def _metrics(table: Table, learn: Learn | None) -> list[tuple[list[int], Metric]]:
    """Compute all possible metrics: surface and learned metrics where there are references, and the reward."""
    some = table.segments
    found: list[tuple[list[int], Metric]] = []
    if referenced := table.referenced:
        texts = {name: [own[i]["translation"] for i in referenced] for name, own in table.rows.items()}
        references = [some[i]["refs"] for i in referenced]
        target = parse_language(some[0]["tgt_lang"])
        found += [(referenced, metric) for metric in corpus_metrics(list(texts.values()), references, target, SURFACE)]
    if learn is not None:
        scored = referenced or list(range(len(some)))
        texts = {name: [own[i]["translation"] for i in scored] for name, own in table.rows.items()}
        found.append((scored, learn([some[i]["src"] for i in scored], [some[i]["refs"] for i in scored], texts)))
    judged = [i for i in range(len(some)) if all(own[i]["reward"] is not None for own in table.rows.values())]
    if judged:
        values = [[own[i]["reward"] for i in judged] for own in table.rows.values()]
        found.append((judged, mean_metric(REWARD, "mean reward", values, REWARD_TIE)))
    return found
