"""Reflection: the model gets its best draft back and thinks it over (Marco-o1, arXiv 2411.14405, section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mtreason.decoding.answers import Tokens, counted, drawn
from mtreason.decoding.protocol import derive_seed
from mtreason.models.calls import Calls, cut, extend, release, score, top_k
from mtreason.models.protocol import TOP_K, Continuation, Draw, Prefix, TokenMask
from mtreason.rewards.value import read_features

if TYPE_CHECKING:
    from mtreason.decoding.sentence import Sentence

ALTERNATIVES = 64
"""How many of the most probable tokens are asked for together; a token outside them is asked for by itself."""


def reflect(sentence: Sentence) -> Calls[None]:
    """Let the model answer once more after its best clean draft, and judge the answer as one more candidate.

    Its reward is what it would be if it had been drawn as the others were: its tokens get the probabilities that they
    have after the prompt, without the draft between.
    """
    turn = sentence.settings.reflection
    if not turn:
        return
    yield from sentence.candidates.compare_all()
    drawn_as = sentence.candidates.continuations
    clean = [c for c in sentence.candidates.clean if c.text in drawn_as]
    if not clean or sentence.budget.out_of_time():
        return
    best = max(clean, key=lambda c: c.reward)
    draft, prompt = drawn_as[best.text], sentence.prompt
    written = draft.tokens[:-1] if draft.finished else draft.tokens
    [asked] = yield from extend([draft.prefix], [written[draft.prefix.length - prompt.length :] + turn])
    seed = derive_seed(sentence.task.seed, "reflection")
    [again] = yield from sentence.draw([Draw(asked, seed, 0.0, sentence.task.max_new_tokens)])
    own = yield from after_prompt(sentence, prompt, again)
    [candidate] = yield from sentence.candidates.add_drawn([own])
    sentence.candidates.mark(candidate, reflected=True)
    yield from release([asked, *again.prefixes])


def after_prompt(sentence: Sentence, prompt: Prefix, piece: Continuation) -> Calls[Continuation]:
    """Return the same tokens with their probabilities directly after the prompt, where rewards look at them.

    So it is with their hidden states, where a reward reads these.
    """
    read: list[Prefix] = []
    if len(piece.tokens) > 1:
        read = yield from extend([prompt], [piece.tokens[:-1]])
    log_probs, top = piece.log_probs.copy(), piece.top_log_probs.copy()
    for mask, places in _places(sentence, piece):
        prefixes: list[Prefix] = []
        for i in places:
            prefix = prompt if i == 0 else (yield from cut(read[0], prompt.length + i))
            prefixes.append(prefix)
        found = yield from _probabilities(prefixes, [piece.tokens[i] for i in places], mask)
        log_probs[places] = [own for own, _ in found]
        top[places] = [best for _, best in found]
        yield from release([p for p in prefixes if p != prompt])
    features = None
    if sentence.settings.states:
        features = yield from read_features(read[0] if read else prompt, len(piece.tokens))
    yield from release(read)
    return replace(piece, log_probs=log_probs, top_log_probs=top, features=features)


def as_drawn(sentence: Sentence, text: str, mean: float, *, finished: bool = True) -> Calls[Continuation]:
    """Return a translation as if it had been drawn after the prompt, whoever wrote it.

    `mean` stands for the log-probability of its tokens where the model cannot be asked.
    """
    tokens = (*sentence.settings.encode(text), *([sentence.settings.end] if finished else []))
    own, top = np.full(len(tokens), mean, np.float32), np.full((len(tokens), TOP_K), mean, np.float32)
    whole = Continuation(tokens, own, top, finished=finished, prefix=sentence.prompt)
    if tokens and sentence.settings.scores:
        whole = yield from after_prompt(sentence, sentence.prompt, whole)
    return whole


def _places(sentence: Sentence, piece: Continuation) -> list[tuple[TokenMask, list[int]]]:
    """Return the positions of the tokens that rewards look at, grouped by the mask they were drawn with."""
    thinking, task = sentence.settings.thinking, sentence.task
    if thinking is None:
        return [(task.mask, list(range(len(piece.tokens))))]
    own = drawn(piece)
    first_given = len(own) if own.all() else int(np.argmin(own))
    tokens = Tokens(piece.tokens, thinking.mask.stop, sentence.settings.decode)
    wanted = np.flatnonzero(counted(thinking, piece, tokens)).tolist()
    # After a tag that was given, the translation was drawn with the mask of bare translations.
    split = [i for i in wanted if i < first_given], [i for i in wanted if i > first_given]
    return [(mask, places) for mask, places in zip((thinking.mask, task.mask), split, strict=True) if places]


def _probabilities(
    prefixes: Sequence[Prefix], tokens: Sequence[int], mask: TokenMask
) -> Calls[list[tuple[float, NDArray[np.float64]]]]:
    """Return, for each token after its prefix, log p and those of the five most probable tokens."""
    tops = yield from top_k(prefixes, mask, ALTERNATIVES)
    known = [dict(zip(after.tokens.tolist(), after.log_probs.tolist(), strict=True)) for after in tops]
    rare = [i for i, token in enumerate(tokens) if not np.isfinite(known[i].get(token, -np.inf))]
    scores = yield from score([prefixes[i] for i in rare], [(tokens[i],) for i in rare])
    for i, own in zip(rare, scores, strict=True):
        known[i][tokens[i]] = float(own[0])
    return [
        (known[i][token], after.log_probs[:TOP_K]) for i, (token, after) in enumerate(zip(tokens, tops, strict=True))
    ]
