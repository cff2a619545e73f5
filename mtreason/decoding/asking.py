"""Asks once more, in another wording, where every draft obeys the source, refuses it or talks about the task.

A small model does so in draft after draft, but it translates the same text where it is shown as a quotation and its
answer begins inside one (benchmarks/injections.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtreason.decoding.candidates import UNRELATED, Candidates
from mtreason.decoding.protocol import derive_seed
from mtreason.decoding.reflection import as_drawn
from mtreason.decoding.wordings import QUOTE
from mtreason.models.calls import Calls, extend, release
from mtreason.models.protocol import ROOT, Draw

if TYPE_CHECKING:
    from mtreason.decoding.sentence import Sentence

MOST_DRAFTS = 4
MISUNDERSTOOD = {"refusal", "answer", "chatter", "copy", UNRELATED}
"""Problems of drafts whose model took the source for something else than a text to translate."""


def is_misunderstood(candidates: Candidates) -> bool:
    """Whether there are drafts, and all of them are held back because the model misunderstood what it is to do."""
    drafts = candidates.by_text.values()
    return bool(drafts) and all(MISUNDERSTOOD & set(c.problems) for c in drafts)


def ask_again(sentence: Sentence) -> Calls[None]:
    """Add drafts to another prompt, where the model misunderstood what it is to do.

    They are as many as the budget still pays for, and one at least: without it the source would be the output. Each is
    judged as if it had been drawn after the sentence's own prompt.
    """
    task, candidates = sentence.task, sentence.candidates
    if not task.asked_again or not is_misunderstood(candidates):
        return
    if sentence.budget.out_of_time():
        return
    # Each costs two: it is drawn after the other prompt, and read after the sentence's own.
    count = max(1, sentence.affordable(2 * MOST_DRAFTS, reserved=False) // 2)
    temperatures = [0.0, *[sentence.settings.temperature] * (count - 1)]
    [prompt] = yield from extend([ROOT], [task.asked_again])
    drawn = yield from sentence.draw(
        [
            Draw(prompt, derive_seed(task.seed, "again", number), temperature, task.max_new_tokens)
            for number, temperature in enumerate(temperatures)
        ]
    )
    for whole in drawn:
        text = sentence.settings.decode(whole.tokens[:-1] if whole.finished else whole.tokens)
        mean = float(whole.log_probs.mean())
        own = yield from as_drawn(sentence, _unquoted(text, task.source), mean, finished=whole.finished)
        [candidate] = yield from candidates.add_drawn([own])
        candidates.mark(candidate, asked_again=True)
    yield from release([prompt, *(p for whole in drawn for p in whole.prefixes)])


def _unquoted(text: str, source: str) -> str:
    """Remove the mark that closes the quotation, and backslashes before marks inside it."""
    text = text.strip().removesuffix(QUOTE).rstrip()
    return text if "\\" in source else text.replace("\\" + QUOTE, QUOTE)
