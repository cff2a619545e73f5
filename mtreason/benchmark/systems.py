"""What a benchmark compares: systems, which are named settings; and the judge that rewards all of them alike."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from mtreason.decoding import DECODERS, BoundTask, Candidate, DecodingSettings, Result
from mtreason.decoding.judging import Judge
from mtreason.decoding.protocol import Cost
from mtreason.decoding.wordings import named_wording
from mtreason.errors import InputError, near
from mtreason.models.calls import Calls
from mtreason.rewards import PARTS, REWARDS, Draft, Reward, load_reward, parts_of, reads_states, weigh
from mtreason.runs.checks import plan, spends_budget
from mtreason.runs.settings import DEFAULT_NODES, DEFAULT_REWARD, NOWHERE, REACH, SEGMENT, Settings

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
    "mcts": {"decoder": "mcts", "full_budget": True},
    "mcts-beam": {"decoder": "mcts", "full_budget": True, "beam_width": 4},
    "mcts-early": {"decoder": "mcts"},
}
"""System -> the settings that it changes; these systems are compared where none are named. `beam` is as wide as the
budget pays for. `mcts-early` is the default, which stops when nothing better is expected; `mcts` spends as much as the
other systems, and `mcts-beam` begins its tree with a beam."""

_SHARED = (spec.name for spec in fields(Settings) if spec.metadata.get(REACH) in {NOWHERE, SEGMENT})
OF_THE_RUN = frozenset({"seed", *_SHARED})
"""Settings that all systems share."""

_NAME = re.compile(r"(?P<base>.+?)(?:@(?P<wording>.+?))?(?:/(?P<budget>\d+(?:\.\d+)?))?")


def read_system(name: str) -> Mapping[str, Any]:
    """Return the settings that a system changes: one of `SYSTEMS`, DECODER, or DECODER:REWARD; then @WORDING; /BUDGET.

    Raises `InputError` for a decoder, reward or wording that does not exist.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        return _decoder_and_reward(name)
    changes = dict(_decoder_and_reward(found["base"]))
    if found["wording"]:
        named_wording(found["wording"])
        changes["prompt"] = found["wording"]
    if found["budget"]:
        changes["budget"] = float(found["budget"])
    return changes


def _decoder_and_reward(name: str) -> Mapping[str, Any]:
    if name in SYSTEMS:
        return SYSTEMS[name]
    decoder, colon, reward = name.partition(":")
    if decoder not in DECODERS:
        known = [*SYSTEMS, *DECODERS]
        raise InputError(
            f"--systems {name!r}: no such system{near(name, known)} (there are {', '.join(SYSTEMS)}, and "
            f"DECODER:REWARD with one of the decoders {', '.join(DECODERS)}; @WORDING and /BUDGET may follow)"
        )
    if colon:
        load_reward(reward)
    # Systems are compared at equal cost, so none may stop early.
    full = {"full_budget": True} if "full_budget" in DECODERS[decoder].options else {}
    return {"decoder": decoder, **({"reward": reward} if colon else {}), **full}


def pick_systems(names: list[str], budgets: Sequence[float]) -> list[str]:
    """Check names of systems, give each that spends a budget one of every size, and drop duplicates.

    With a single budget names stay as they are. Raises `InputError` as `read_system` does.
    """
    picked = []
    for name in names:
        own = read_system(name)
        several = len(budgets) > 1 and "budget" not in own and spends_budget(Settings(**own))
        picked += [f"{name}/{budget:g}" for budget in budgets] if several else [name]
    return list(dict.fromkeys(picked))


def family(system: str) -> str:
    """Return a system's name without its budget."""
    return re.sub(r"/[\d.]+$", "", system)


def settings_of(system: str, shared: Settings) -> Settings:
    """Return a system's settings for a run; it uses a learned metric, or a head, only where its reward needs one."""
    own = replace(shared, **read_system(system), qe=None, head=None)
    reward = plan(own)[1]
    asks = any(part.checkpoint for part in parts_of(reward))
    return replace(own, qe=shared.qe if asks else None, head=shared.head if reads_states(reward) else None)


def own_settings(system: str, shared: Settings) -> dict[str, Any]:
    """Return the settings in which systems may differ, in JSON types; defaults and rewards by their values."""
    settings = settings_of(system, shared)
    own = {name: value for name, value in asdict(settings).items() if name not in OF_THE_RUN}
    own["head"] = None if settings.head is None else str(settings.head)
    if not spends_budget(settings):
        own["budget"] = None
    known = DECODERS[settings.decoder].options
    for name, default in (("reward", DEFAULT_REWARD), ("nodes", DEFAULT_NODES)):
        if name in known and own[name] is None:
            own[name] = default
    return own | {"weights": dict(plan(settings)[1].weights)}


def optimised(own: Mapping[str, Any]) -> list[str]:
    """Return the metrics that a system of these settings maximised: these are no fair evidence that it is better."""
    decoder = DECODERS.get(own.get("decoder", ""))
    if decoder is not None and not decoder.chooses:
        return []
    weights = own.get("weights", {}) if decoder is None or decoder.reward is None else decoder.reward.weights
    parts = [PARTS[name] for name in sorted(weights) if name in PARTS]
    asked = ["reward"] if parts and set(COMMON_REWARD.weights) <= set(weights) else []
    return list(dict.fromkeys([*asked, *(p.name for p in parts), *(p.metric for p in parts if p.metric)]))


COMMON_REWARD: Reward = REWARDS["two-way"]
"""The reward that judges the translations of every system: it does not depend on the other candidates of a sentence,
which differ between systems."""


@dataclass(frozen=True, slots=True)
class JudgeDecoder:
    """Judges drafts that were chosen before, whether gates passed them or not; draws nothing, implements `Decoder`."""

    drafts: Mapping[int, Draft]
    """Index of a task -> its draft."""
    name: str = "judge"
    reward: Reward | None = None
    chooses: bool = True
    options: frozenset[str] = frozenset()

    def decode(self, task: BoundTask, settings: DecodingSettings) -> Calls[Result]:
        """See `Decoder.decode`; the result's only candidate is the draft, and its cost is not counted."""
        draft = self.drafts[task.index]
        judge = Judge(task, settings)
        [parts] = yield from judge.alone([draft])
        yield from judge.close()
        candidate = Candidate(draft.text, draft, judge.weigh(parts), parts, 1, ())
        return Result(task.index, draft.text, fell_back=False, candidates=(candidate,), cost=Cost())


def chosen(result: Result) -> Candidate | None:
    """Return the candidate with the result's text; where the source was used instead, the first candidate."""
    return next((c for c in result.candidates if c.text == result.text), next(iter(result.candidates), None))


def common_reward(parts: Mapping[str, float]) -> float | None:
    """Compute the common reward from the parts that a system computed itself; None where some are missing."""
    return weigh(COMMON_REWARD, dict(parts)) if COMMON_REWARD.weights.keys() <= parts.keys() else None
