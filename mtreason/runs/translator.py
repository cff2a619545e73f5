"""What the segments of a run share: the model, its prompts, the decoder, its reward and the glossaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mtreason.decoding import DECODERS, Decoder, Settings, Task
from mtreason.decoding.answers import Thinking
from mtreason.decoding.best_of_n import BestOfNDecoder
from mtreason.decoding.borders import parse_border
from mtreason.decoding.masks import CARRIED, allow_also, build_free_mask, build_mask
from mtreason.decoding.prompts import (
    CLOSE_THOUGHT,
    OPEN_OUTPUT,
    OPEN_THOUGHT,
    RETHINK,
    SYSTEM,
    VERDICTS,
    instruction,
    thinking_instruction,
    translation_prompt,
    verdict_question,
)
from mtreason.decoding.protocol import derive_seed
from mtreason.documents import placeholders
from mtreason.errors import InputError, ModelError
from mtreason.evaluation.learned.estimator import Estimator, check_checkpoint, needs_references
from mtreason.glossary import Hit, Matcher, Term, load_glossary, shipped_glossaries, written
from mtreason.languages import Language
from mtreason.models.protocol import ROOT, TokenMask
from mtreason.models.text import Codec
from mtreason.rewards import REWARDS, Reward, load_reward
from mtreason.runs.settings import DEFAULT_NODES, DEFAULT_REWARD, Options

if TYPE_CHECKING:
    from mtreason.models.loaded import LoadedModel

TOKENS_PER_SOURCE_TOKEN = 2.5
SPARE_TOKENS = 24
"""A translation may take this many tokens more than its source's length explains; beyond, it is running away."""

GUARD_NOTE = "guard:"
"""A glossary term whose note begins so only keeps shorter terms from matching inside it."""


@dataclass(frozen=True, slots=True)
class Direction:
    """From which language to which."""

    source: Language
    target: Language


def check_options(options: Options, reward: Reward | None = None) -> None:
    """Raise `InputError` for a decoder, reward or node size that does not exist, or an option that would do nothing.

    A reward takes the place of the one in the options.
    """
    decoder, planned = _plan(options)
    reward = reward or planned
    for name in ("reward", "nodes", "beam_width", "full_budget", "think", "reflect"):
        if getattr(options, name) not in {None, False} and name not in decoder.options:
            users = ", ".join(d.name for d in DECODERS.values() if name in d.options)
            raise InputError(
                f"--{name.replace('_', '-')} does nothing for --decoder {decoder.name}: leave it out, or take {users}"
            )
    parse_border(options.nodes or DEFAULT_NODES, str)
    asked = "qe" in reward.weights or "comet-consensus" in reward.weights
    if asked and options.qe is None:
        raise InputError(
            f"--reward {reward.name} needs a COMET checkpoint: name one with --qe, or take --reward channel, which "
            "asks the translating model alone"
        )
    if options.qe is not None and not asked:
        raise InputError(
            f"--qe {options.qe}: nothing here uses it: add --reward qe, --reward comet-consensus or --decoder mbr"
        )
    if options.qe is not None:
        check_checkpoint(options.qe, referenceless="qe" in reward.weights)


def _plan(options: Options) -> tuple[Decoder, Reward]:
    """Return the decoder and what it chooses by."""
    decoder: Decoder = _pick(DECODERS, options.decoder, "--decoder")
    reward = load_reward(options.reward or DEFAULT_REWARD)
    if isinstance(decoder, BestOfNDecoder) and decoder.reward is not None:
        reward = decoder.reward if options.qe is None else REWARDS["comet-consensus"]
        decoder = replace(decoder, reward=reward)
    return decoder, reward


NEEDS = {
    "channel": "prompt log-probabilities",
    "llama-o1": "prompt log-probabilities",
    "terms": "prompt log-probabilities",  # to find where a missed term fits
    "confidence": "top-5",
}
"""Parts of a reward that ask a backend for what not every one has."""


def _check_backend(lacks: frozenset[str], reward: Reward, options: Options) -> None:
    """Raise `ModelError` where the model is on a server that cannot say what the reward asks."""
    for part, needed in NEEDS.items():
        if part in reward.weights and needed in lacks:
            raise ModelError(
                f"--reward {reward.name} needs {needed}, which this server does not give: take --reward consensus, "
                "which needs none"
            )
    if options.reflect and "prompt log-probabilities" in lacks:
        raise ModelError("--reflect needs prompt log-probabilities, which this server does not give: leave it out")


def _load_metric(reward: Reward, options: Options) -> Estimator | None:
    """Load the checkpoint that the reward asks."""
    if options.qe is None:
        return None
    estimator = Estimator(options.qe)
    estimator.load()
    if "qe" in reward.weights and estimator.needs_references:
        raise ModelError(needs_references(options.qe))
    if "comet-consensus" in reward.weights and not estimator.takes_references:
        raise ModelError(
            f"--reward comet-consensus and --decoder mbr compare candidates with one another, but the COMET checkpoint "
            f"{options.qe} takes no references: name one that does, or leave out --qe"
        )
    return estimator


def load_terms(direction: Direction, options: Options) -> tuple[Term, ...]:
    """Read the glossaries of a run, shipped ones first, so that the user's own override them."""
    source, target = direction.source.tag, direction.target.tag
    shipped = shipped_glossaries(source, target) if options.shipped_glossaries else ()
    return tuple(e for path in (*shipped, *options.glossaries) for e in load_glossary(path, source, target))


class Translator:
    """A model with everything that the segments of a run share."""

    def __init__(
        self,
        loaded: LoadedModel,
        direction: Direction,
        options: Options,
        terms: Sequence[Term],
        reward: Reward | None = None,
    ) -> None:
        """Read what the run shares; raises `InputError` as `check_options` does."""
        check_options(options, reward)
        self.model = loaded.model
        self.codec = Codec(loaded.tokenizer, loaded.stop)
        self.direction = direction
        self.options = options
        self.decoder, planned = _plan(options)
        reward = reward or planned
        _check_backend(loaded.lacks, reward, options)
        self.estimator = _load_metric(reward, options)
        pieces = self.codec.pieces(loaded.vocabulary)
        # Small models that are left to open the thought themselves answer without one.
        self._opening = self.codec.encode(f"{OPEN_THOUGHT}\n") if options.think else ()
        self.settings = Settings(
            reward=reward,
            budget=options.budget,
            decode=self.codec.decode,
            border=parse_border(options.nodes or DEFAULT_NODES, self.codec.decode),
            beam_width=options.beam_width,
            full_budget=options.full_budget,
            thinking=self._thinking(pieces, loaded.stop) if options.think else None,
            reflection=self._reflection() if options.reflect else (),
            max_seconds=options.segment_seconds,
        )
        self.matcher = Matcher(terms, direction.source.tag)
        self.mask = build_mask(
            pieces,
            direction.target,
            loaded.stop,
            self.codec.specials(),
            line_breaks=options.think,
        )
        frame = self.codec.frame(SYSTEM)
        self._tail = frame.tail
        self._verdicts = tuple(self.codec.encode(word) for word in VERDICTS)
        [self._chat_head] = self.model.extend([ROOT], [frame.head])
        asked = instruction(direction.source, direction.target)
        if options.think:
            asked = thinking_instruction(direction.source, direction.target, options.thought_limit)
        there = self.codec.encode(asked)
        back = self.codec.encode(instruction(direction.target, direction.source))
        self._head, self._back_head = self.model.extend([self._chat_head] * 2, [there, back])
        [self._unconditional] = self.model.extend([self._head], [self._tail])

    def hints(self, segment: str) -> tuple[Hit, ...]:
        """Find the glossary terms of a segment that its prompt names."""
        return tuple(h for h in self.matcher.find(segment) if not h.term.note.startswith(GUARD_NOTE))

    def task(self, index: int, segment: str, context: Sequence[tuple[str, str]]) -> Task:
        """Describe how a segment is translated."""
        hits = self.hints(segment)
        source, target = self.direction.source, self.direction.target
        prompt = translation_prompt(segment, source, target, context, hits)
        rest = prompt.before.removeprefix(instruction(source, target))
        own = self.codec.encode(segment)
        return Task(
            index=index,
            source=segment,
            head=self._head,
            prompt=(self.codec.encode(rest) if rest else ())
            + self.codec.encode(prompt.segment)
            + self._tail
            + self._opening,
            unconditional=self._unconditional,
            tail=self._tail,
            back_head=self._back_head,
            source_tokens=(*own, self.codec.end),
            chat_head=self._chat_head,
            verdict_prompt=self.codec.encode(verdict_question(segment, source, target)),
            verdict_tokens=self._verdicts,
            hints=hits,
            renderings=tuple(self._rendering(h) for h in hits),
            target_tag=target.tag,
            mask=self._mask(hits),
            seed=derive_seed(self.options.seed, segment),
            max_new_tokens=int(TOKENS_PER_SOURCE_TOKEN * len(own)) + SPARE_TOKENS,
            placeholders=placeholders(segment),
        )

    def _rendering(self, hit: Hit) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the tokens of a hint's best rendering at the beginning of a translation, and inside one."""
        text = written(hit.term)
        space = " " if self.direction.target.spaced else ""
        return self.codec.encode(text[:1].upper() + text[1:]), self.codec.encode(space + text)

    def _thinking(self, pieces: Sequence[bytes], stop: frozenset[int]) -> Thinking:
        return Thinking(
            limit=self.options.thought_limit,
            mask=build_free_mask(pieces, stop, self.codec.specials()),
            close=self.codec.encode(f"{CLOSE_THOUGHT}\n{OPEN_OUTPUT}\n"),
            open=self.codec.encode(f"{OPEN_OUTPUT}\n"),
            encode=self.codec.encode,
            end=self.codec.end,
            scripts=frozenset(self.direction.target.scripts) | {CARRIED},
            reward_all=self.options.reward_over == "all",
        )

    def _reflection(self) -> tuple[int, ...]:
        turn = self.codec.answer_turn(SYSTEM, RETHINK)
        if turn is None:
            raise InputError("--reflect: the chat template of this model shows no earlier answers: leave it out")
        return turn + self._opening

    def _mask(self, hits: Sequence[Hit]) -> TokenMask:
        """Let through what the glossary says is to be kept, which may be in the source's script."""
        kept = [h.term.source for h in hits if not h.term.targets]
        return allow_also(self.mask, {t for k in kept for t in self.codec.encode(k)}) if kept else self.mask


def _pick(table: dict[str, Any], name: str, option: str) -> Any:  # noqa: ANN401 - the type of the table's values
    if name not in table:
        raise InputError(f"{option} {name!r}: expected one of {', '.join(table)}")
    return table[name]
