"""Writing a glossary term into a translation that misses it, where the model finds it most plausible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mtreason.decoding.pool import Pool
from mtreason.decoding.protocol import Candidate, derive_seed
from mtreason.decoding.reflection import behind_prompt
from mtreason.models.calls import Calls, cut, extend, release, score
from mtreason.models.protocol import TOP_K, Continuation, Draw, Prefix


def repair(pool: Pool) -> Calls[None]:
    """Force what every clean candidate misses into the best of them, and judge what comes of it as one more candidate.

    At each beginning of a word the model is asked how probable the rendering is there; where it is most, the rendering
    is written and the translation carried on. It is worth what it would be worth had it been drawn. One attempt, for
    the first term that is missed; nothing where answers reason first.
    """
    if not pool.repairs or not pool.misses or pool.out_of_time():
        return
    yield from pool.compare_all()
    best = pool.best()
    if best is None or best.text not in pool.continuations:
        return
    missed = next(k for k, hit in enumerate(pool.task.hints) if not pool.follows(hit, best.text))
    yield from _force(pool, best, missed)


def _force(pool: Pool, best: Candidate, missed: int) -> Calls[None]:
    prompt, draft = pool.prompt, pool.continuations[best.text]
    if prompt is None:
        raise RuntimeError("the pool is not open")
    at_start, inside = pool.task.renderings[missed]
    ends = len(draft.tokens) - draft.finished
    places = [0, *(i for i in range(1, ends) if pool.begins_word(draft.tokens[i]))]
    prefixes: list[Prefix] = [prompt]
    read: list[Prefix] = []
    if len(places) > 1:
        # Its own handles may span only its end: a search joins what several rollouts wrote.
        read = yield from extend([prompt], [draft.tokens[: places[-1]]])
        for i in places[1:]:
            border = yield from cut(read[0], prompt.length + i)
            prefixes.append(border)
    terms = [at_start if i == 0 else inside for i in places]
    scores = yield from score(prefixes, terms)
    place = int(np.argmax([own.mean() for own in scores]))
    start, term = places[place], terms[place]
    [forced] = yield from extend([prefixes[place]], [term])
    pool.count_as_sampled(len(term))
    room = max(1, pool.task.max_new_tokens - start - len(term))
    [piece] = yield from pool.draw([Draw(forced, derive_seed(pool.task.seed, "repair", missed), 0.0, room)])
    whole = _joined(draft, start, term, piece)
    judged = yield from behind_prompt(pool, prompt, whole)
    [candidate] = yield from pool.add_drawn([judged])
    pool.candidates[candidate.text] = replace(pool.candidates[candidate.text], repaired=True)
    yield from release([*read, *prefixes[1:], forced, *piece.prefixes])


def _joined(draft: Continuation, start: int, term: tuple[int, ...], piece: Continuation) -> Continuation:
    """Return the whole translation; its probabilities are still to be asked for."""
    tokens = draft.tokens[:start] + term + piece.tokens
    return replace(
        piece,
        tokens=tokens,
        log_probs=np.full(len(tokens), np.nan, np.float32),
        top_log_probs=np.full((len(tokens), TOP_K), np.nan, np.float32),
    )
