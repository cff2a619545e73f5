"""Writes a glossary term into a translation that misses it, where the model finds it most plausible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mtreason.decoding.protocol import Candidate, Decode, derive_seed
from mtreason.decoding.reflection import after_prompt
from mtreason.decoding.sentence import Sentence
from mtreason.glossary import follows
from mtreason.glossary.words.fold import is_unspaced
from mtreason.models.calls import Calls, cut, extend, release, score
from mtreason.models.protocol import TOP_K, Continuation, Draw, Prefix


def repair(sentence: Sentence) -> Calls[None]:
    """Write a term that every clean candidate misses into the best of them, and judge the result as one more candidate.

    At each beginning of a word the model is asked how probable the rendering is there. It is written where that is
    highest, and the model continues the translation from there. The result is judged as if it had been drawn. There is
    one attempt, for the first term that is missed, and none where answers reason first.
    """
    if not sentence.repairs or not sentence.candidates.misses or sentence.budget.out_of_time():
        return
    yield from sentence.candidates.compare_all()
    best = sentence.candidates.best()
    if best is None or best.text not in sentence.candidates.continuations:
        return
    tag = sentence.task.direction.target.tag
    missed = next(k for k, hit in enumerate(sentence.task.hits) if not follows(hit.term, best.text, tag))
    yield from _force(sentence, best, missed)


def _force(sentence: Sentence, best: Candidate, missed: int) -> Calls[None]:
    prompt, draft = sentence.prompt, sentence.candidates.continuations[best.text]
    at_start, inside = sentence.task.renderings[missed]
    ends = len(draft.tokens) - draft.finished
    places = [0, *(i for i in range(1, ends) if _begins_word(sentence.settings.decode, draft.tokens[i]))]
    prefixes: list[Prefix] = [prompt]
    read: list[Prefix] = []
    if len(places) > 1:
        # The handle of the draft may cover only its end, because a search joins what several rollouts wrote.
        read = yield from extend([prompt], [draft.tokens[: places[-1]]])
        for i in places[1:]:
            border = yield from cut(read[0], prompt.length + i)
            prefixes.append(border)
    terms = [at_start if i == 0 else inside for i in places]
    scores = yield from score(prefixes, terms)
    place = int(np.argmax([own.mean() for own in scores]))
    start, term = places[place], terms[place]
    [forced] = yield from extend([prefixes[place]], [term])
    sentence.budget.count_as_sampled(len(term))
    room = max(1, sentence.task.max_new_tokens - start - len(term))
    [piece] = yield from sentence.draw([Draw(forced, derive_seed(sentence.task.seed, "repair", missed), 0.0, room)])
    whole = _joined(draft, start, term, piece)
    judged = yield from after_prompt(sentence, prompt, whole)
    [candidate] = yield from sentence.candidates.add_drawn([judged])
    sentence.candidates.mark(candidate, repaired=True)
    yield from release([*read, *prefixes[1:], forced, *piece.prefixes])


def _begins_word(decode: Decode, token: int) -> bool:
    """Whether a token of the translation begins a word; any token may where words are not separated."""
    piece = decode((token,))
    return piece[:1].isspace() or is_unspaced(piece[:1] or " ")


def _joined(draft: Continuation, start: int, term: tuple[int, ...], piece: Continuation) -> Continuation:
    """Return the whole translation; its probabilities are not known yet."""
    tokens = draft.tokens[:start] + term + piece.tokens
    return replace(
        piece,
        tokens=tokens,
        log_probs=np.full(len(tokens), np.nan, np.float32),
        top_log_probs=np.full((len(tokens), TOP_K), np.nan, np.float32),
    )
