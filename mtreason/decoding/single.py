"""Decoders that draw one draft and do not choose."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mtreason.decoding.protocol import BoundTask, DecodingSettings, Result
from mtreason.decoding.sentence import Sentence
from mtreason.models.calls import Calls
from mtreason.rewards import REWARDS, Reward


@dataclass(frozen=True, slots=True)
class SingleDecoder:
    """One draft: the most probable token at each position (`greedy`), or one sample (`sample`)."""

    name: str
    number: int
    """Which draft of `Sentence.full_draw`: 0 is the greedy one."""

    reward: Reward = REWARDS["likelihood"]
    """Costs no model call, since nothing is chosen."""
    chooses: bool = False

    @property
    def options(self) -> frozenset[str]:
        """See `Decoder.options`."""
        return frozenset({"think"})

    def decode(self, task: BoundTask, settings: DecodingSettings) -> Calls[Result]:
        """See `Decoder.decode`."""
        sentence = Sentence(task, replace(settings, reward=self.reward))
        return sentence.budget.counted(self._decode(sentence))

    def _decode(self, sentence: Sentence) -> Calls[Result]:
        yield from sentence.open()
        drawn = yield from sentence.draw([sentence.full_draw(self.number)])
        yield from sentence.candidates.add_samples(drawn)
        return (yield from sentence.close(drawn))
