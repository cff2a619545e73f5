"""What is compared: systems, which are named options, and the judge that gives all of them the same reward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from mtreason.decoding import DECODERS, Candidate, Result, Settings, Task
from mtreason.decoding.pool import reward_context
from mtreason.decoding.protocol import Cost
from mtreason.errors import check_names
from mtreason.models.calls import Calls
from mtreason.rewards import REWARDS, Draft, judge, load_reward, weigh
from mtreason.runs.settings import DEFAULT_NODES, DEFAULT_REWARD, Options

SYSTEMS: dict[str, Mapping[str, Any]] = {
    "greedy": {"decoder": "greedy"},
    "beam-5": {"decoder": "beam", "beam_width": 5},
    "beam": {"decoder": "beam"},
    "sample": {"decoder": "sample"},
    "best-of-n:likelihood": {"decoder": "best-of-n", "reward": "likelihood"},
    "best-of-n:confidence": {"decoder": "best-of-n", "reward": "confidence"},
    "best-of-n:mix": {"decoder": "best-of-n", "reward": "mix"},
    "mbr": {"decoder": "mbr"},
    "marco-step": {"decoder": "mcts-uct", "reward": "confidence", "nodes": "step"},
    "marco-mini-step-64": {"decoder": "mcts-uct", "reward": "confidence", "nodes": "mini-step-64"},
    "marco-mini-step-32": {"decoder": "mcts-uct", "reward": "confidence", "nodes": "mini-step-32"},
    "mcts": {"full_budget": True},
    "mcts-early": {},
}
"""System -> what it changes in the options of a run. `beam` is as wide as the budget pays for; `mcts-early` is the
default, which stops where nothing better is to be expected, and `mcts` spends what the others do."""

_CHOOSES_OTHERWISE = {"greedy": (), "sample": (), "beam": ("likelihood",), "mbr": ("chrf", "consensus")}
"""What decoders maximise that do not choose by the reward."""

OF_THE_RUN = frozenset({"budget", "context", "in_flight", "seed", "glossaries", "shipped_glossaries", "dtype"})
"""Options that all systems share."""


def pick_systems(names: list[str]) -> list[str]:
    """Check names of systems; raises `InputError` with the nearest for one that does not exist."""
    return check_names("--systems", names, "system", SYSTEMS)


def options_of(system: str, shared: Options) -> Options:
    """Return a system's options for a run."""
    return replace(shared, **SYSTEMS[system])


def own_options(system: str, shared: Options) -> dict[str, Any]:
    """Return the options in which systems may differ, in JSON types; defaults and rewards by their values."""
    options = asdict(options_of(system, shared))
    known = DECODERS[options["decoder"]].options
    for name, default in (("reward", DEFAULT_REWARD), ("nodes", DEFAULT_NODES)):
        if name in known and options[name] is None:
            options[name] = default
    weights = dict(load_reward(options["reward"]).weights) if options["reward"] else {}
    return {f.name: options[f.name] for f in fields(Options) if f.name not in OF_THE_RUN} | {"weights": weights}


def optimised(decoder: str, reward: str | None) -> list[str]:
    """Name the metrics that a decoder maximised while it chose: not fair evidence that it is better."""
    if decoder in _CHOOSES_OTHERWISE:
        return list(_CHOOSES_OTHERWISE[decoder])
    parts = sorted(REWARDS[reward].weights) if reward in REWARDS else []
    asked = [*(["reward"] if set(COMMON_REWARD.weights) <= set(parts) else []), *parts]
    return [*asked, *(["comet"] if {"qe", "comet-consensus"} & set(parts) else [])]


COMMON_REWARD = REWARDS["two-way"]
"""What every system's translations are judged by: it does not depend on the other candidates of a sentence, which
differ from system to system."""


@dataclass(frozen=True, slots=True)
class JudgeDecoder:
    """Judges drafts that were chosen before, gated or not; implements `Decoder`, but draws nothing."""

    drafts: Mapping[int, Draft]
    """By the index of their task."""
    name: str = "judge"
    options: frozenset[str] = frozenset()

    def decode(self, task: Task, settings: Settings) -> Calls[Result]:
        """See `Decoder.decode`; the result's only candidate is the draft, its cost is left out."""
        draft = self.drafts[task.index]
        context = reward_context(task)
        [parts] = yield from judge(settings.reward, context, [draft])
        yield from context.back.close()
        yield from context.verdict.close()
        candidate = Candidate(draft.text, draft, weigh(settings.reward, parts), parts, 1, ())
        return Result(task.index, draft.text, fell_back=False, candidates=(candidate,), cost=Cost())


def chosen(result: Result) -> Candidate | None:
    """Return the candidate that a result's text is; where all were empty, the first of them."""
    return next((c for c in result.candidates if c.text == result.text), next(iter(result.candidates), None))


def common_reward(parts: Mapping[str, float]) -> float | None:
    """Compute the common reward from the parts that a system judged by itself; None where some are missing."""
    return weigh(COMMON_REWARD, dict(parts)) if COMMON_REWARD.weights.keys() <= parts.keys() else None
