"""Independent samples, the best of which is kept: what search has to beat."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mtreason.decoding.protocol import BoundTask, DecodingSettings, Result
from mtreason.decoding.reflection import reflect
from mtreason.decoding.repair import repair
from mtreason.decoding.sentence import Sentence
from mtreason.models.calls import Calls
from mtreason.rewards import Reward

MOST_DRAWS = 8
"""Times the budget: where samples only repeat, and so cost little, drawing on would find nothing."""


@dataclass(frozen=True, slots=True)
class BestOfNDecoder:
    """Greedy and samples until the budget is spent; the best by reward."""

    name: str = "best-of-n"
    reward: Reward | None = None
    """What it chooses by, whatever the settings say."""

    chooses: bool = True

    @property
    def options(self) -> frozenset[str]:
        """See `Decoder.options`."""
        return frozenset({"think", "reflect", *(["reward"] if self.reward is None else [])})

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
            # Half of what the budget still pays for: the price of a draft becomes known as they are drawn.
            draws = [sentence.full_draw(number + i) for i in range(-(-room // 2))]
            more = yield from sentence.draw(draws)
            yield from sentence.candidates.add_samples(more)
            drawn += more
        yield from reflect(sentence)
        yield from repair(sentence)
        return (yield from sentence.close(drawn))
