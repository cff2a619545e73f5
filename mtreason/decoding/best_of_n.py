"""Independent samples, of which the best is chosen: the baseline for every search."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mtreason.decoding.protocol import BoundTask, DecodingSettings, Result
from mtreason.decoding.reflection import reflect
from mtreason.decoding.repair import repair
from mtreason.decoding.sentence import Sentence
from mtreason.models.calls import Calls
from mtreason.rewards import Reward

MOST_DRAWS = 8
"""The most draws, as a multiple of the budget: samples that only repeat cost little, and more draws find nothing."""


@dataclass(frozen=True, slots=True)
class BestOfNDecoder:
    """Draws the greedy draft and samples until the budget is spent; chooses the best by reward."""

    name: str = "best-of-n"
    reward: Reward | None = None
    """The reward that it always chooses by; None for the one of the settings."""

    chooses: bool = True

    @property
    def options(self) -> frozenset[str]:
        """See `Decoder.options`."""
        return frozenset({"budget", "think", "reflect", *(["reward"] if self.reward is None else [])})

    def decode(self, task: BoundTask, settings: DecodingSettings) -> Calls[Result]:
        """See `Decoder.decode`."""
        sentence = Sentence(task, settings if self.reward is None else replace(settings, reward=self.reward))
        return sentence.budget.counted(self._decode(sentence))

    def _decode(self, sentence: Sentence) -> Calls[Result]:
        drawn = yield from sentence.open_with_drafts()
        while room := sentence.affordable(int(MOST_DRAWS * sentence.settings.budget)):
            number = len(drawn)
            if number >= MOST_DRAWS * sentence.settings.budget:
                break
            # Half of what the budget still pays for: the cost of a draft becomes known only as drafts are drawn.
            draws = [sentence.full_draw(number + i) for i in range(-(-room // 2))]
            more = yield from sentence.draw(draws)
            yield from sentence.candidates.add_samples(more)
            drawn += more
        yield from reflect(sentence)
        yield from repair(sentence)
        return (yield from sentence.close(drawn))
