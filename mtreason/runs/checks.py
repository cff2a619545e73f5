"""Checks that settings fit together and fit the model, where possible before anything heavy is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from mtreason.decoding import DECODERS, Decoder
from mtreason.decoding.beam import BeamDecoder
from mtreason.decoding.best_of_n import BestOfNDecoder
from mtreason.decoding.borders import parse_border
from mtreason.decoding.wordings import WITHOUT_CHAT, Wording, named_wording
from mtreason.errors import InputError, ModelError, SettingError, near
from mtreason.evaluation.learned.estimator import Estimator, check_checkpoint, needs_references
from mtreason.languages import Direction
from mtreason.models.loaded import LoadedModel
from mtreason.models.protocol import Capability, KeepsStates
from mtreason.rewards import REWARDS, Checkpoint, Head, Reward, load_reward, parts_of, read_head, reads_states
from mtreason.rewards.value import FEATURES
from mtreason.runs.settings import DEFAULT_NODES, DEFAULT_REWARD, Settings

T = TypeVar("T")


def plan(settings: Settings, reward: Reward | None = None) -> tuple[Decoder, Reward]:
    """Return the decoder and the reward that it chooses by; a given reward replaces the one in the settings."""
    decoder = _pick(DECODERS, settings.decoder, "decoder")
    if decoder.reward is None:
        return decoder, reward or load_reward(settings.reward or DEFAULT_REWARD)
    if isinstance(decoder, BestOfNDecoder) and settings.qe is not None:
        decoder = replace(decoder, reward=REWARDS["comet-consensus"])
    return decoder, decoder.reward or REWARDS[DEFAULT_REWARD]


def spends_budget(settings: Settings) -> bool:
    """Return whether the budget makes a difference to what these settings do."""
    decoder = DECODERS[settings.decoder]
    fixed = isinstance(decoder, BeamDecoder) and settings.beam_width is not None
    return "budget" in decoder.options and not fixed


def check_settings(settings: Settings, reward: Reward | None = None) -> None:
    """Raise `SettingError` for a decoder, reward or node size that does not exist, or a setting that would do nothing.

    A given reward replaces the one in the settings.
    """
    decoder, planned = plan(settings)
    reward = reward or planned
    for name in ("reward", "nodes", "beam_width", "full_budget", "think", "reflect"):
        if getattr(settings, name) not in {None, False} and name not in decoder.options:
            users = ", ".join(d.name for d in DECODERS.values() if name in d.options)
            raise SettingError(f"`{name}` does nothing for `decoder` {decoder.name}: leave it out, or take {users}")
    if settings.think and settings.beam_width is not None:
        raise SettingError("`beam_width` does nothing with `think`: leave one of them out")
    parse_border(settings.nodes or DEFAULT_NODES, str)
    if settings.prompt is not None:
        named_wording(settings.prompt)
    asked = {part.checkpoint for part in parts_of(reward)} - {None}
    if asked and settings.qe is None:
        raise SettingError(
            f"`reward` {reward.name} needs a COMET checkpoint: name one with `qe`, or take `reward` channel, which "
            "asks the translating model alone"
        )
    if settings.qe is not None and not asked:
        raise SettingError(
            f"`qe` {settings.qe}: nothing here uses it: add `reward` qe, `reward` comet-consensus or `decoder` mbr"
        )
    if settings.qe is not None:
        check_checkpoint(settings.qe, referenceless=Checkpoint.REFERENCELESS in asked)
    _check_head(settings, reward)


def _check_head(settings: Settings, reward: Reward) -> None:
    """Raise `SettingError` or `InputError` for a head that is missing, not used, or none."""
    if not reads_states(reward):
        if settings.head is not None:
            raise SettingError(f"`head` {settings.head}: nothing here uses it: add `reward` value, or leave it out")
        return
    if settings.head is None:
        raise SettingError(
            f"`reward` {reward.name} needs the weights of value: make them for this model with 'mtreason tune "
            "--value', and name the file with `head`"
        )
    if settings.think:
        raise SettingError("`think` does nothing for value, which reads bare translations: leave one of them out")
    read_head(settings.head)


def load_head(reward: Reward, settings: Settings, model: LoadedModel) -> Head | None:
    """Load the head that the reward needs; raises `InputError` for one of another model, both digests named."""
    if settings.head is None or not reads_states(reward):
        return None
    head = read_head(settings.head)
    if head.model != model.digest:
        raise InputError(
            f"{settings.head}: made for another model (digest {head.model}, {model.name or 'this one'} has "
            f"{model.digest}): make one for this model with 'mtreason tune --value'"
        )
    numbers = 3 * model.model.width if isinstance(model.model, KeepsStates) else 0
    if (head.features, len(head.weights)) != (FEATURES, numbers):
        raise InputError(
            f"{settings.head}: reads {head.features!r} ({len(head.weights)} numbers), and this version of mtreason "
            f"{FEATURES!r} ({numbers}): make it again with 'mtreason tune --value'"
        )
    return head


def untrained(head: Head | None, direction: Direction) -> str | None:
    """Return what to say where a head was not trained for a pair of languages."""
    pair = f"{direction.source.primary}-{direction.target.primary}"
    if head is None or pair in head.directions:
        return None
    return f"the head of value was trained for {', '.join(head.directions)}, not for {pair}: its values say less there"


def check_backend(lacks: frozenset[Capability], reward: Reward, settings: Settings, *, states: bool = False) -> None:
    """Raise `SettingError` where the model, or the server that it is on, cannot answer what the reward asks for.

    With `states` the hidden states are asked for in any case.
    """
    if states and Capability.HIDDEN_STATES in lacks:
        raise SettingError(
            f"a head is trained on {Capability.HIDDEN_STATES}, which this model's engine or server does not give: "
            "take a `model` of this machine whose cache can be branched"
        )
    for part in parts_of(reward):
        for missing in sorted(part.needs & lacks):
            whose = "this model's engine or server does" if missing == Capability.HIDDEN_STATES else "this server does"
            raise SettingError(
                f"`reward` {reward.name} needs {missing}, which {whose} not give: take `reward` consensus, "
                "which needs none"
            )
    if settings.reflect and Capability.PROMPT_LOG_PROBS in lacks:
        raise SettingError(
            f"`reflect` needs {Capability.PROMPT_LOG_PROBS}, which this server does not give: leave it out"
        )


def check_wording(wording: Wording, settings: Settings, *, chat: bool) -> None:
    """Raise `SettingError` where a model without a chat template is asked in a chat, or a chat is needed."""
    if wording.chat and not chat:
        raise SettingError(
            f"`prompt` {wording.name} is for chats, and this model has no chat template: take `prompt` {WITHOUT_CHAT}"
        )
    for name, asked in (("think", settings.think), ("reflect", settings.reflect)):
        if asked and not wording.chat:
            raise SettingError(f"`{name}` needs a model with a chat template: leave it out")


def load_metric(reward: Reward, settings: Settings) -> Estimator | None:
    """Load the checkpoint that the reward needs; raises `ModelError` or `SettingError` for one of the wrong kind."""
    if settings.qe is None:
        return None
    estimator = Estimator(settings.qe)
    estimator.load()
    asked = {part.checkpoint for part in parts_of(reward)}
    if Checkpoint.REFERENCELESS in asked and estimator.needs_references:
        raise ModelError(needs_references(settings.qe))
    if Checkpoint.WITH_REFERENCES in asked and not estimator.takes_references:
        raise SettingError(
            f"`reward` comet-consensus and `decoder` mbr compare candidates with one another, but the COMET checkpoint "
            f"{settings.qe} takes no references: name one that does, or leave out `qe`"
        )
    return estimator


def _pick(table: Mapping[str, T], name: str, setting: str) -> T:
    if name not in table:
        raise SettingError(f"`{setting}` {name!r}: expected one of {', '.join(table)}{near(name, table)}")
    return table[name]
