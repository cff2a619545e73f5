"""Runs every system on every segment, judges all results alike, and writes each as it arrives."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from mtreason import __version__
from mtreason.benchmark.data import Row, digest, rows_digest
from mtreason.benchmark.results import ResultsWriter
from mtreason.benchmark.systems import COMMON_REWARD, JudgeDecoder, chosen, common_reward, own_settings, settings_of
from mtreason.decoding import BoundTask, Result, run
from mtreason.decoding.wordings import pick_wording
from mtreason.evaluation.learned.estimator import Estimator
from mtreason.languages import Direction, parse_language
from mtreason.rewards import read_head
from mtreason.runs.checks import check_settings
from mtreason.runs.checks import plan as plan_decoder
from mtreason.runs.settings import Settings
from mtreason.runs.spec import RunSpec, describe_run, learned
from mtreason.runs.translator import Translator, load_terms

if TYPE_CHECKING:
    from mtreason.glossary import Term
    from mtreason.models.loaded import LoadedModel

JUDGED_TOGETHER = 8
"""How many results wait to be judged in one batch; they are lost when the run is killed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a benchmark has to do."""

    groups: Mapping[str, Sequence[Row]]
    """Pair of languages -> rows."""
    systems: Sequence[str]
    settings: Settings
    """The settings that all systems share."""
    terms: Mapping[str, Sequence[Term]]
    """Pair of languages -> terms of the glossaries."""


def make_plan(
    groups: Mapping[str, list[Row]], systems: Sequence[str], settings: Settings, note: Callable[[str], None]
) -> Plan:
    """Read the glossaries that the segments need, and check that the systems are possible.

    `note` is told what is left out of the glossaries.
    """
    for system in systems:
        check_settings(settings_of(system, settings))
    terms = {pair: load_terms(_direction(rows), settings, note) for pair, rows in groups.items()}
    return Plan(groups, systems, settings, terms)


def _direction(rows: Sequence[Row]) -> Direction:
    return Direction(parse_language(rows[0].source_tag), parse_language(rows[0].target_tag))


def describe(plan: Plan, loaded: LoadedModel) -> dict[str, Any]:
    """Return the configuration of a directory of results, in JSON types."""
    runs = {(system, pair): _spec(plan, loaded, system, pair) for pair in plan.groups for system in plan.systems}
    glossaries = {pair: dict(runs[plan.systems[0], pair].glossaries) for pair in plan.groups}
    return {
        "model": {
            "name": loaded.name,
            "digest": loaded.digest,
            "dtype": loaded.dtype,
            "device": loaded.device,
            "arithmetic": loaded.arithmetic,
        },
        "seed": plan.settings.seed,
        "data": {
            "segments": {pair: len(rows) for pair, rows in plan.groups.items()},
            "digest": rows_digest(plan.groups),
        },
        "glossary": {"terms": sum(map(len, plan.terms.values())), "digest": digest([glossaries])},
        "common_reward": dict(COMMON_REWARD.weights),
        "versions": versions(),
        "systems": {
            name: own_settings(name, plan.settings) | {"runs": {pair: runs[name, pair].digest for pair in plan.groups}}
            for name in plan.systems
        },
    }


def _spec(plan: Plan, loaded: LoadedModel, system: str, pair: str) -> RunSpec:
    """Return the identity of one system's run."""
    settings = settings_of(system, plan.settings)
    direction = _direction(plan.groups[pair])
    return describe_run(
        settings,
        direction,
        pick_wording(settings.prompt, loaded.name, direction, chat=loaded.tokenizer.chat),
        plan_decoder(settings)[1],
        plan.terms[pair],
        model=loaded.digest,
        arithmetic=loaded.arithmetic,
        metric=learned(
            None if settings.qe is None else Estimator(settings.qe).identity,
            None if settings.head is None else read_head(settings.head).identity,
        ),
    )


def versions() -> dict[str, str]:
    """Return the versions of everything that the translations depend on."""
    return {"mtreason": __version__} | {name: version(name) for name in ("torch", "transformers")}


def run_benchmark(
    plan: Plan, loaded: LoadedModel, writer: ResultsWriter, on_progress: Callable[[str, str, int, int], None]
) -> None:
    """Compute the results that do not exist yet.

    `on_progress` is called with system, pair, and how many of how many segments are done: before the first segment of
    each system, and after every segment.
    """
    for pair, rows in plan.groups.items():
        for system in plan.systems:
            left = [row for row in rows if (system, pair, row.id) not in writer.done]
            done = len(rows) - len(left)
            on_progress(system, pair, done, len(rows))
            for record in _Work.prepare(plan, loaded, system, pair, left).records() if left else ():
                writer.write(record)
                done += 1
                on_progress(system, pair, done, len(rows))


@dataclass(frozen=True, slots=True)
class _Work:
    """What one system has to do for one pair of languages."""

    system: str
    rows: Sequence[Row]
    translator: Translator
    tasks: Sequence[BoundTask]
    """The tasks of the rows, in order."""

    @classmethod
    def prepare(cls, plan: Plan, loaded: LoadedModel, system: str, pair: str, rows: Sequence[Row]) -> _Work:
        """Prepare the system."""
        direction = _direction(rows)
        settings = settings_of(system, plan.settings)
        translator = Translator(loaded, direction.source, direction.target, settings, terms=plan.terms[pair])
        tasks = [translator.task(i, row.source, references=row.references) for i, row in enumerate(rows)]
        return cls(system, rows, translator, [translator.bind(task) for task in tasks])

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield results in the order in which they are ready.

        The seconds of a result count from the one before, so that they add up to the time of the system; judging is
        part of neither the seconds nor the cost.
        """
        t = self.translator
        waiting: list[tuple[Result, float]] = []
        clock = time.monotonic()
        for result in run(t.decoder, self.tasks, t.decoding, t.model, t.settings.in_flight, t.metric):
            seconds = time.monotonic() - clock
            candidate = chosen(result)
            reward = common_reward(candidate.parts) if candidate else None
            if candidate is None or reward is not None:
                yield self._record(result, reward, candidate.parts if candidate else {}, seconds)
            else:
                waiting.append((result, seconds))
            if len(waiting) == JUDGED_TOGETHER:
                yield from self._judged(waiting)
                waiting = []
            clock = time.monotonic()
        yield from self._judged(waiting)

    def _judged(self, results: Sequence[tuple[Result, float]]) -> Iterator[dict[str, Any]]:
        """Judge what the system chose, whether the gates passed it or not, and complete the records."""
        drafts = {r.index: candidate.draft for r, _ in results if (candidate := chosen(r))}
        settings = replace(self.translator.decoding, reward=COMMON_REWARD)
        tasks = [self.tasks[i] for i in drafts]
        judge = run(JudgeDecoder(drafts), tasks, settings, self.translator.model, JUDGED_TOGETHER)
        judged = {r.index: r.candidates[0] for r in judge}
        for result, seconds in results:
            candidate = judged[result.index]
            yield self._record(result, candidate.reward, candidate.parts, seconds)

    def _record(
        self, result: Result, reward: float | None, parts: Mapping[str, float], seconds: float
    ) -> dict[str, Any]:
        row = self.rows[result.index]
        budget = result.sample_cost * self.translator.settings.budget
        return {
            "system": self.system,
            "pair": row.pair,
            "id": row.id,
            "src_lang": row.source_tag,
            "tgt_lang": row.target_tag,
            "domain": row.domain,
            "src": row.source,
            "refs": list(row.references),
            "translation": result.text,
            "reward": None if reward is None else round(reward, 6),
            "parts": {name: round(value, 6) for name, value in parts.items()},
            "cost": {
                "prompt_tokens": result.cost.prompt_tokens,
                "sampled_tokens": result.cost.sampled_tokens,
                "scored_tokens": result.cost.scored_tokens,
            },
            "cost_tokens": result.cost.tokens,
            # Reading the prompt is not paid from the budget.
            "budget_tokens": round(budget) + len(self.tasks[result.index].prompt) if budget else None,
            "distinct": len(result.candidates),
            "candidates": sum(c.count for c in result.candidates),
            "fell_back": result.fell_back,
            "seconds": round(seconds, 3),
        }


def manifest(plan: Plan, writer: ResultsWriter, command: Sequence[str], seconds: float) -> dict[str, Any]:
    """Describe a finished run; `seconds` is the time of this call, those of each system include earlier calls."""
    systems: dict[str, dict[str, float]] = {}
    for (system, _, _), own in writer.done.items():
        figures = systems.setdefault(system, {"segments": 0, "seconds": 0.0})
        figures["segments"] += 1
        figures["seconds"] = round(figures["seconds"] + own, 3)
    return {
        "command": list(command),
        "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "seconds": round(seconds, 1),
        "in_flight": plan.settings.in_flight,
        "systems": systems,
        "versions": versions() | {"python": platform.python_version()},
        "machine": platform.platform(),
    }
