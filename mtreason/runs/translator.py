"""The translator: a model with everything that the segments of a run share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mtreason.decoding import BoundTask, DecodingSettings
from mtreason.decoding.answers import Thinking
from mtreason.decoding.borders import parse_border
from mtreason.decoding.masks import CARRIED, allow_also, build_free_mask, build_mask
from mtreason.decoding.prompts import CLOSE_THOUGHT, OPEN_OUTPUT, OPEN_THOUGHT, translation_prompt
from mtreason.decoding.protocol import Judging, derive_seed
from mtreason.decoding.wordings import Wording, pick_wording, wording_again
from mtreason.documents.sentences import length
from mtreason.errors import SettingError
from mtreason.files import sha256_of
from mtreason.glossary import Hit, Matcher, Term, Terms, load_glossaries, shipped_glossaries
from mtreason.languages import Direction, Language, parse_language
from mtreason.models.protocol import ROOT, Capability, KeepsStates, LanguageModel, Prefix, TokenMask
from mtreason.models.text import Codec
from mtreason.rewards import Reward, judge, reads_states
from mtreason.rewards.value import layers_read
from mtreason.runs.checks import check_backend, check_settings, check_wording, load_head, load_metric, plan
from mtreason.runs.settings import DEFAULT_NODES, Settings, make_settings
from mtreason.runs.spec import RunSpec, describe_run, learned
from mtreason.runs.task import Task
from mtreason.runs.ways import Way, make_way, open_chat
from mtreason.storage import read_tmx

if TYPE_CHECKING:
    from mtreason.models.loaded import LoadedModel
    from mtreason.runs.translation import Translation

TOKENS_PER_SOURCE_TOKEN = 2.5
SPARE_TOKENS = 24
"""A translation may take this many tokens more than its source's length explains; a longer one is running away."""

LONGEST_NOTED = 6
"""Notes are shown beside texts of at most this length (see `sentences.length`): 24 letters, or 6 signs of Chinese.
Of 54 translations of such messages ("Open", "Order") into Chinese and German, 15 were better for the note and 3 worse;
of 40 of longer ones, 8 were better and 11 worse, mostly for words of the note in them (Qwen2.5-Coder 0.5B, read)."""


@dataclass(frozen=True, slots=True)
class _Start:
    """What prompts of a kind begin with; the model has read it."""

    head: Prefix
    unconditional: Prefix
    """The whole prompt, without a segment."""


def load_terms(direction: Direction, settings: Settings, note: Callable[[str], None] | None = None) -> Terms:
    """Read the glossaries of a run, shipped ones first, so that the user's own override them.

    `note` is told what is left out of them.
    """
    source, target = direction.source.tag, direction.target.tag
    shipped = shipped_glossaries(source, target) if settings.shipped_glossaries else ()
    return load_glossaries((*shipped, *settings.glossaries), source, target, note)


def load_memories(direction: Direction, settings: Settings) -> dict[str, str]:
    """Read what people translated, by source text; where a text occurs twice, the later translation counts."""
    human: dict[str, str] = {}
    for path in settings.memories:
        human |= read_tmx(path, direction.source, direction.target)
    return human


class Translator:
    """Translates texts of one language into another with a model.

    Several translators may share a model, also in several threads: only one of them translates at any moment.
    """

    def __init__(
        self,
        model: LoadedModel,
        source: str | Language,
        target: str | Language,
        settings: Settings | None = None,
        *,
        terms: Sequence[Term] | None = None,
        human: Mapping[str, str] | None = None,
        reward: Reward | str | None = None,
        wording: Wording | None = None,
        judging: Judging = judge,
        states: bool = False,
        **changes: Any,  # noqa: ANN401 - fields of `Settings`
    ) -> None:
        """Read what all segments of the run share; `changes` are settings by name.

        `terms` replace the glossaries of the settings, `human` replaces the memories (source text -> translation), a
        `Reward` the one that a name or file leads to, and a `Wording` that of `prompt`; `judging` is for experiments,
        and with `states` drafts carry what a head is trained on.
        Raises `LanguageError`, `SettingError` and `GlossaryError` for input that is not possible, and `ModelError` for
        a model that is closed.
        """
        self.loaded = model
        self.direction = Direction(_language(source), _language(target))
        if isinstance(reward, str):
            changes["reward"] = reward
        own = reward if isinstance(reward, Reward) else None
        self.settings = make_settings(settings, **changes)
        check_settings(self.settings, own)
        self.decoder, self.reward = plan(self.settings, own)
        check_backend(model.lacks, self.reward, self.settings, states=states)
        self.metric = load_metric(self.reward, self.settings)
        self.head = load_head(self.reward, self.settings, model)
        self.states = states or reads_states(self.reward)
        self.codec = Codec(model.tokenizer, model.stop)
        self.wording = wording or pick_wording(
            self.settings.prompt, model.name, self.direction, chat=model.tokenizer.chat
        )
        check_wording(self.wording, self.settings, chat=model.tokenizer.chat)
        self._again = wording_again(chat=self.wording.chat)
        self.terms = load_terms(self.direction, self.settings) if terms is None else terms
        self.human = load_memories(self.direction, self.settings) if human is None else human
        self.matcher = Matcher(self.terms, self.direction.source.tag)
        pieces = self.codec.pieces(model.vocabulary)
        stop = model.stop
        if not self.wording.chat:
            # Without a chat an answer ends with its line.
            stop |= {token for token, piece in enumerate(pieces) if piece.startswith(b"\n")}
        # Small models that have to open the thought themselves answer without one.
        self._opening = self.codec.encode(f"{OPEN_THOUGHT}\n") if self.settings.think else ()
        self.decoding = self._decoding(pieces, judging)
        self.mask = build_mask(
            pieces, self.direction.target, stop, self.codec.specials(), line_breaks=self.settings.think
        )
        with model.lock:
            if self.states and isinstance(model.model, KeepsStates):
                model.model.keep_states(layers_read(model.model.depth))
            self._read_heads()

    def _decoding(self, pieces: Sequence[bytes], judging: Judging) -> DecodingSettings:
        settings = self.settings
        return DecodingSettings(
            reward=self.reward,
            budget=settings.budget,
            decode=self.codec.decode,
            encode=self._encode,
            inside=self._inside,
            end=self.codec.end,
            border=parse_border(settings.nodes or DEFAULT_NODES, self.codec.decode),
            beam_width=settings.beam_width,
            full_budget=settings.full_budget,
            thinking=self._thinking(pieces) if settings.think else None,
            reflection=self._reflection() if settings.reflect else (),
            states=self.states,
            head=self.head,
            judge=judging,
            max_seconds=settings.segment_seconds,
            scores=Capability.PROMPT_LOG_PROBS not in self.loaded.lacks,
        )

    def _encode(self, translation: str) -> tuple[int, ...]:
        return self.codec.encode(self.way.lead + translation)

    def _inside(self, words: str) -> tuple[int, ...]:
        return self.codec.encode(" " + words if self.direction.target.spaced else words)

    def _read_heads(self) -> None:
        """Let the model read the beginnings that all prompts of a kind share."""
        source, target = self.direction.source, self.direction.target
        limit = self.settings.thought_limit if self.settings.think else None
        # A system turn that nobody asked for goes where the chat template has a place for it.
        fold = self.settings.prompt is None
        there = self.way = make_way(self.codec, self.wording, source, target, limit, fold=fold)
        self._way_again = make_way(self.codec, self._again, source, target, fold=True)
        back = self.way_back = make_way(self.codec, self.wording, target, source, fold=fold)
        chat = self._chat = open_chat(self.codec, self.wording, source, target, fold=fold)
        self._verdicts = tuple(self.codec.encode(word) for word in self.wording.verdicts)
        [self._chat_head] = self.model.extend([ROOT], [chat.head]) if chat.head else [ROOT]
        self._bare = self._read_way(there)
        self._back_head = self._read_on(back.head + back.before)

    @cached_property
    def _hinted(self) -> _Start:
        """What prompts with hints, context or a note begin with; read when the first of them comes."""
        limit = self.settings.thought_limit if self.settings.think else None
        source, target = self.direction.source, self.direction.target
        fold = self.settings.prompt is None
        hinted = make_way(self.codec, self.wording, source, target, limit, hinted=True, fold=fold)
        return self._bare if hinted.head == self.way.head else self._read_way(hinted)

    def _read_way(self, way: Way) -> _Start:
        head = self._read_on(way.head)
        [unconditional] = self.model.extend([head], [way.before + way.tail])
        return _Start(head, unconditional)

    def _read_on(self, head: tuple[int, ...]) -> Prefix:
        """Read the beginning of prompts, after what it shares with all others."""
        shared = len(self._chat.head)
        if head[:shared] == self._chat.head and len(head) > shared:
            [prefix] = self.model.extend([self._chat_head], [head[shared:]])
        else:
            [prefix] = self.model.extend([ROOT], [head])
        return prefix

    @property
    def model(self) -> LanguageModel:
        """The model itself; raises `ModelError` where it is closed."""
        return self.loaded.model

    @cached_property
    def spec(self) -> RunSpec:
        """The identity of this run."""
        return describe_run(
            self.settings,
            self.direction,
            self.wording,
            self.reward,
            self.terms,
            model=self.loaded.digest,
            arithmetic=self.loaded.arithmetic,
            metric=learned(*(own.identity for own in (self.metric, self.head) if own is not None)),
            memories=[(str(path), sha256_of(path)) for path in self.settings.memories],
        )

    def translate(self, texts: Iterable[str]) -> list[Translation]:
        """Translate texts, side by side, and return a `Translation` for each, in order.

        A text may have several sentences and lines; what is between them stays as it is. Raises `TypeError` for
        something that is not a text, `InputError` for half of a surrogate pair, and `ModelError` where the model is
        closed.
        """
        from mtreason.runs.translation import translate_texts

        return translate_texts(self, texts)

    def task(
        self,
        index: int,
        text: str,
        context: Sequence[tuple[str, str]] = (),
        references: Sequence[str] = (),
        note: str = "",
    ) -> Task:
        """Describe a segment to translate, with the glossary terms in it; `note` is what its file says of it."""
        hits = self.matcher.find(text)
        note = note if length(text) <= LONGEST_NOTED else ""
        return Task(index, text, self.direction, self.settings, tuple(context), hits, note, tuple(references))

    def bind(self, task: Task) -> BoundTask:
        """Turn a task into the tokens of this model; raises `SettingError` for a task of another run."""
        if (task.direction, task.settings) != (self.direction, self.settings):
            raise SettingError("a task of other languages or settings than those of this translator")
        source, target = self.direction.source, self.direction.target
        prompt = translation_prompt(self.wording, task.text, source, target, task.context, task.hits, task.note)
        start = self._hinted if prompt.hinted else self._bare
        own = self.codec.encode(self.way_back.lead + task.text)
        return BoundTask(
            index=task.index,
            source=task.text,
            head=start.head,
            prompt=self.codec.encode(prompt.before) + self.codec.encode(prompt.segment) + self.way.tail + self._opening,
            unconditional=start.unconditional,
            back_head=self._back_head,
            back_tail=self.way_back.tail,
            source_tokens=(*own, self.way_back.end),
            chat_head=self._chat_head,
            verdict_prompt=self.codec.encode(self.wording.fill("verdict", source, target, text=task.text)),
            verdict_tail=self._chat.tail,
            verdict_tokens=self._verdicts,
            hits=task.hits,
            direction=self.direction,
            mask=self._mask(task.hits),
            seed=derive_seed(self.settings.seed, task.text),
            max_new_tokens=int(TOKENS_PER_SOURCE_TOKEN * len(own)) + SPARE_TOKENS,
            references=task.references,
            asked_again=self._asked_again(task),
        )

    def _asked_again(self, task: Task) -> tuple[int, ...]:
        """Return the whole prompt of a second attempt; answers that reason first get none."""
        if self.settings.think:
            return ()
        source, target, way = self.direction.source, self.direction.target, self._way_again
        prompt = translation_prompt(self._again, task.text, source, target, hits=task.hits)
        return way.head + self.codec.encode(prompt.before) + self.codec.encode(prompt.segment) + way.tail

    def _thinking(self, pieces: Sequence[bytes]) -> Thinking:
        return Thinking(
            limit=self.settings.thought_limit,
            mask=build_free_mask(pieces, self.codec.stop, self.codec.specials()),
            close=self.codec.encode(f"{CLOSE_THOUGHT}\n{OPEN_OUTPUT}\n"),
            open=self.codec.encode(f"{OPEN_OUTPUT}\n"),
            encode=self.codec.encode,
            end=self.codec.end,
            scripts=frozenset(self.direction.target.scripts) | {CARRIED},
            reward_all=self.settings.reward_over == "all",
        )

    def _reflection(self) -> tuple[int, ...]:
        system = self.wording.system_turn(self.direction.source, self.direction.target)
        turn = self.codec.answer_turn(system, self.wording.rethink)
        if turn is None:
            raise SettingError("`reflect`: the chat template of this model shows no earlier answers: leave it out")
        return turn + self._opening

    def _mask(self, hits: Sequence[Hit]) -> TokenMask:
        """Return a mask that also allows terms that the glossary keeps; they may be in the source's script."""
        kept = [hit.term.source for hit in hits if not hit.term.targets]
        return allow_also(self.mask, {t for k in kept for t in self.codec.encode(k)}) if kept else self.mask


def _language(given: str | Language) -> Language:
    if isinstance(given, Language):
        return given
    if not isinstance(given, str):
        raise SettingError(f"{given!r}: expected a language code such as 'en', found {type(given).__name__}")
    return parse_language(given)
