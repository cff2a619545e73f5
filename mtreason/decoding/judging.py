"""The one place where drafts of a sentence are judged: for decoding, for benchmarks and for tuning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mtreason.decoding.protocol import BoundTask, DecodingSettings
from mtreason.models.calls import Calls, score
from mtreason.models.sequences import SharedSequences
from mtreason.rewards import Draft, RewardContext, Samples, weigh
from mtreason.rewards.channel import CHANNEL


class Judge:
    """Judges drafts of one sentence by a reward; a beginning that several drafts share is read once."""

    def __init__(self, task: BoundTask, settings: DecodingSettings) -> None:
        self.reward = settings.reward
        self._blind: float | None = None
        self._judge = settings.judge
        self._context = RewardContext(
            source=task.source,
            back=SharedSequences(task.back_head),
            back_tail=task.back_tail,
            source_tokens=task.source_tokens,
            verdict=SharedSequences(task.chat_head),
            verdict_prompt=task.verdict_prompt,
            verdict_tail=task.verdict_tail,
            verdict_tokens=task.verdict_tokens,
            hits=task.hits,
            target_tag=task.direction.target.tag,
            references=task.references,
            head=settings.head,
        )

    def alone(self, drafts: Sequence[Draft]) -> Calls[list[dict[str, float]]]:
        """Return for each draft the parts that depend on that draft only."""
        return (yield from self._judge(self.reward, self._context, drafts, {}, compared=False))

    def told_back(self, parts: Mapping[str, float]) -> Calls[float | None]:
        """Return how much better the source is told back with a draft than without, in nats a token of the source.

        That is their mutual information, log p(x|y) - log p(x), where p(x) is asked with nothing in the draft's place:
        one short score for each sentence. None where the reward does not ask for log p(x|y), or nothing stands
        between text and answer.
        """
        context = self._context
        if CHANNEL.name not in parts or not context.back_tail:
            return None
        if self._blind is None:
            [prefix] = yield from context.back.read([context.back_tail])
            [scores] = yield from score([prefix], [context.source_tokens])
            self._blind = float(scores.astype("float64").mean())
        return parts[CHANNEL.name] - self._blind

    def beside(self, drafts: Sequence[Draft], samples: Samples) -> Calls[list[dict[str, float]]]:
        """Return for each draft the parts that compare it with samples."""
        return (yield from self._judge(self.reward, self._context, drafts, samples, compared=True))

    def weigh(self, parts: dict[str, float]) -> float:
        """Return the reward, given its parts."""
        return weigh(self.reward, parts)

    def close(self) -> Calls[None]:
        """Give back the prefixes that were read for the judging."""
        yield from self._context.close()
