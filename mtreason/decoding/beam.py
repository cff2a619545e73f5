"""Beam search: extends the most probable hypotheses together; the finished one with the best mean per token wins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mtreason.decoding.protocol import BoundTask, DecodingSettings, Result
from mtreason.decoding.sentence import Sentence
from mtreason.models.calls import Calls, extend, release, top_k
from mtreason.models.protocol import TOP_K, Continuation, Prefix
from mtreason.models.sequences import running_away
from mtreason.rewards import REWARDS, Reward


@dataclass(frozen=True, slots=True)
class BeamDecoder:
    """Beam search with scores divided by length (the mean log-probability per token, the end token included).

    The width is `DecodingSettings.beam_width`, or, where that is None, what the budget pays for.
    """

    name: str = "beam"
    reward: Reward = REWARDS["likelihood"]

    chooses: bool = True

    @property
    def options(self) -> frozenset[str]:
        """See `Decoder.options`."""
        return frozenset({"budget", "beam_width"})

    def decode(self, task: BoundTask, settings: DecodingSettings) -> Calls[Result]:
        """See `Decoder.decode`."""
        sentence = Sentence(task, replace(settings, reward=self.reward))
        return sentence.budget.counted(self._decode(sentence))

    def _decode(self, sentence: Sentence) -> Calls[Result]:
        prompt = yield from sentence.open()
        width = sentence.settings.beam_width
        if width is None:
            greedy = yield from sentence.draw([sentence.full_draw(0)])
            sentence.set_sample_cost(greedy[0])
            yield from sentence.candidates.add_drawn(greedy)
            yield from release(greedy[0].prefixes)
            left = sentence.settings.budget * sentence.budget.sample_cost - len(greedy[0].tokens)
            width = max(1, round(left / len(greedy[0].tokens)))
        found = yield from beam_search(sentence, width)
        yield from sentence.candidates.add_drawn(found)
        yield from release(handles(found, prompt))
        return (yield from sentence.close([]))


def handles(found: Iterable[Continuation], prompt: Prefix) -> list[Prefix]:
    """Return what has to be given back, each handle once: hypotheses share those of the beginnings that they share.

    A hypothesis of one token has only the prompt, which is not its own.
    """
    return list({prefix.id: prefix for c in found for prefix in c.prefixes if prefix != prompt}.values())


@dataclass(frozen=True, slots=True)
class _Hypothesis:
    """A hypothesis of n tokens."""

    path: tuple[Prefix, ...]
    """The prompt, and then a handle for each token but the last one, which is not read yet."""
    tokens: tuple[int, ...] = ()
    log_probs: tuple[float, ...] = ()
    top_log_probs: tuple[NDArray[np.float64], ...] = ()
    """Log-probabilities of the most probable tokens at each position."""
    finished: bool = False

    @property
    def total(self) -> float:
        return sum(self.log_probs)

    @property
    def mean(self) -> float:
        return self.total / len(self.tokens)

    @property
    def continuation(self) -> Continuation:
        log_probs, top = np.array(self.log_probs, np.float32), np.stack(self.top_log_probs).astype(np.float32)
        return Continuation(self.tokens, log_probs, top, self.finished, self.path[-1], earlier=self.path[1:-1])


def beam_search(sentence: Sentence, width: int) -> Calls[list[Continuation]]:
    """Return up to `width` finished hypotheses, or the unfinished ones where none finished within the length limit.

    The handles in them cover single tokens and are shared: the caller gives back `handles` of them.
    """
    mask, limit, prompt = sentence.task.mask, sentence.task.max_new_tokens, sentence.prompt
    live, ended = [_Hypothesis((prompt,))], list[_Hypothesis]()
    made: list[Prefix] = []
    while True:
        # Twice the width, because up to half of them may end.
        tops = yield from top_k([h.path[-1] for h in live], mask, max(2 * width, TOP_K))
        grown = [
            replace(
                h,
                tokens=(*h.tokens, token),
                log_probs=(*h.log_probs, float(log_prob)),
                top_log_probs=(*h.top_log_probs, after.log_probs[:TOP_K]),
                finished=token in mask.stop,
            )
            for h, after in zip(live, tops, strict=True)
            for token, log_prob in zip(after.tokens.tolist(), after.log_probs, strict=True)
            if np.isfinite(log_prob)
        ]
        grown.sort(key=lambda h: -h.total)
        ended += [h for h in grown[:width] if h.finished]
        ended = sorted(ended, key=lambda h: -h.mean)[:width]
        going_on = [h for h in grown if not h.finished and not running_away(h.tokens)][:width]
        done = len(ended) == width and (not going_on or going_on[0].mean <= ended[-1].mean)
        done = done or (
            bool(ended) and sentence.budget.sample_cost > 0 and sentence.budget.spent >= sentence.settings.budget
        )
        done = done or (bool(ended) and sentence.budget.out_of_time())
        if done or not going_on or len(going_on[0].tokens) >= limit:
            best = ended or [replace(h, finished=False) for h in going_on]
            yield from _release_others(made, best)
            return [h.continuation for h in best]
        read = yield from extend([h.path[-1] for h in going_on], [h.tokens[-1:] for h in going_on])
        sentence.budget.count_as_sampled(len(going_on))
        live = [replace(h, path=(*h.path, p)) for h, p in zip(going_on, read, strict=True)]
        made = yield from _release_others([*made, *read], [*live, *ended])


def _release_others(made: Sequence[Prefix], kept: Sequence[_Hypothesis]) -> Calls[list[Prefix]]:
    """Give back what no hypothesis goes through any more; return the rest."""
    used = {prefix.id for h in kept for prefix in h.path}
    yield from release([prefix for prefix in made if prefix.id not in used])
    return [prefix for prefix in made if prefix.id in used]
