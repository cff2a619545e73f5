"""Every system on every segment, each result judged alike and written as it comes."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from mtreason import __version__
from mtreason.benchmark.data import Row, digest, rows_digest
from mtreason.benchmark.results import ResultsWriter
from mtreason.benchmark.systems import COMMON_REWARD, JudgeDecoder, chosen, common_reward, options_of, own_options
from mtreason.config import Options
from mtreason.decoding import Result, run
from mtreason.languages import parse_language
from mtreason.pipeline import Direction, Translator, load_entries

if TYPE_CHECKING:
    from mtreason.glossary import Entry
    from mtreason.models.load import LoadedModel

JUDGED_TOGETHER = 8
"""Translations that wait for one another to be judged in one batch, and are lost when the run is killed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a benchmark is to do."""

    groups: Mapping[str, Sequence[Row]]
    """By pair of languages."""
    systems: Sequence[str]
    options: Options
    """Those that all systems share."""
    entries: Mapping[str, Sequence[Entry]]
    """Of the glossaries, by pair of languages."""


def make_plan(groups: Mapping[str, list[Row]], systems: Sequence[str], options: Options) -> Plan:
    """Read the glossaries that the segments need."""
    entries = {pair: load_entries(_direction(rows), options) for pair, rows in groups.items()}
    return Plan(groups, systems, options, entries)


def _direction(rows: Sequence[Row]) -> Direction:
    return Direction(parse_language(rows[0].source_tag), parse_language(rows[0].target_tag))


def describe(plan: Plan, model: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration that a directory of results stands for, in JSON types."""
    entries = [(pair, e.source, e.targets, e.literal, e.note) for pair, own in plan.entries.items() for e in own]
    return {
        "model": dict(model),
        "budget": plan.options.budget,
        "seed": plan.options.seed,
        "data": {
            "segments": {pair: len(rows) for pair, rows in plan.groups.items()},
            "digest": rows_digest(plan.groups),
        },
        "glossary": {"entries": len(entries), "digest": digest(entries)},
        "common_reward": dict(COMMON_REWARD.weights),
        "versions": versions(),
        "systems": {name: own_options(name, plan.options) for name in plan.systems},
    }


def versions() -> dict[str, str]:
    """Return the versions of what the translations depend on."""
    return {"mtreason": __version__} | {name: version(name) for name in ("torch", "transformers")}


def run_benchmark(
    plan: Plan, loaded: LoadedModel, writer: ResultsWriter, on_progress: Callable[[str, str, int, int], None]
) -> None:
    """Do what is not in the results yet.

    `on_progress` is told system, pair, and how many of how many segments are done: before the first one of each
    system, and after every one.
    """
    for pair, rows in plan.groups.items():
        for system in plan.systems:
            left = [row for row in rows if (system, pair, row.id) not in writer.done]
            done = len(rows) - len(left)
            on_progress(system, pair, done, len(rows))
            for record in _run_system(plan, loaded, system, pair, left) if left else ():
                writer.write(record)
                done += 1
                on_progress(system, pair, done, len(rows))


def _run_system(
    plan: Plan, loaded: LoadedModel, system: str, pair: str, rows: Sequence[Row]
) -> Iterator[dict[str, Any]]:
    """Yield the results of one system, in the order in which they are ready.

    Seconds of a result are those since the one before, so that they add up to what the system took; judging is left
    out of them, as it is out of the cost.
    """
    translator = Translator(loaded, _direction(rows), options_of(system, plan.options), plan.entries[pair])
    tasks = (translator.task(i, row.source, ()) for i, row in enumerate(rows))
    in_flight = plan.options.in_flight
    waiting: list[tuple[Result, float]] = []
    clock = time.monotonic()
    for result in run(translator.decoder, tasks, translator.settings, loaded.model, in_flight):
        seconds = time.monotonic() - clock
        candidate = chosen(result)
        reward = common_reward(candidate.parts) if candidate else None
        if candidate is None or reward is not None:
            parts = candidate.parts if candidate else {}
            yield _record(system, rows[result.index], result, reward, parts, seconds)
        else:
            waiting.append((result, seconds))
        if len(waiting) == JUDGED_TOGETHER:
            yield from _judged(translator, system, rows, waiting)
            waiting = []
        clock = time.monotonic()
    yield from _judged(translator, system, rows, waiting)


def _judged(
    translator: Translator, system: str, rows: Sequence[Row], results: Sequence[tuple[Result, float]]
) -> Iterator[dict[str, Any]]:
    """Judge what the systems chose and complete the records, in the order of results."""
    drafts = {r.index: candidate.draft for r, _ in results if (candidate := chosen(r))}
    tasks = (translator.task(i, rows[i].source, ()) for i in drafts)
    settings = replace(translator.settings, reward=COMMON_REWARD)
    judged = {r.index: r for r in run(JudgeDecoder(drafts), tasks, settings, translator.model, JUDGED_TOGETHER)}
    for result, seconds in results:
        [candidate] = judged[result.index].candidates
        yield _record(system, rows[result.index], result, candidate.reward, candidate.parts, seconds)


def _record(
    system: str, row: Row, result: Result, reward: float | None, parts: Mapping[str, float], seconds: float
) -> dict[str, Any]:
    cost = asdict(result.cost)
    budget = getattr(result, "budget_tokens", None)
    return {
        "system": system,
        "pair": row.pair,
        "src_lang": row.source_tag,
        "tgt_lang": row.target_tag,
        "id": row.id,
        "domain": row.domain,
        "src": row.source,
        "refs": list(row.references),
        "translation": result.text,
        "reward": None if reward is None else round(reward, 6),
        "parts": {name: round(value, 6) for name, value in parts.items()},
        "cost": {name: cost[name] for name in ("prompt_tokens", "sampled_tokens", "scored_tokens")},
        "cost_tokens": result.cost.tokens,
        **({} if budget is None else {"budget_tokens": budget}),
        "distinct": len(result.candidates),
        "candidates": sum(c.count for c in result.candidates),
        "fell_back": result.fell_back,
        "seconds": round(seconds, 3),
    }


def manifest(plan: Plan, writer: ResultsWriter, command: Sequence[str], seconds: float) -> dict[str, Any]:
    """Describe a finished run; `seconds` is what this invocation took, those by system include earlier ones."""
    systems: dict[str, dict[str, float]] = {}
    for (system, _, _), own in writer.done.items():
        figures = systems.setdefault(system, {"segments": 0, "seconds": 0.0})
        figures["segments"] += 1
        figures["seconds"] = round(figures["seconds"] + own, 3)
    return {
        "command": list(command),
        "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "seconds": round(seconds, 1),
        "in_flight": plan.options.in_flight,
        "systems": systems,
        "versions": versions() | {"python": platform.python_version()},
        "machine": platform.platform(),
    }
