"""Writing a glossary term into a translation that misses it, where the model finds it most plausible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mtreason.decoding.protocol import Candidate, Decode, derive_seed
from mtreason.decoding.reflection import after_prompt
from mtreason.decoding.sentence import Sentence
from mtreason.glossary import follows
from mtreason.glossary.fold import is_unspaced
from mtreason.models.calls import Calls, cut, extend, release, score
from mtreason.models.protocol import TOP_K, Continuation, Draw, Prefix


def repair(sentence: Sentence) -> Calls[None]:
    """Force what every clean candidate misses into the best of them, and judge what comes of it as one more candidate.

    At each beginning of a word the model is asked how probable the rendering is there; where it is most, the rendering
    is written and the translation carried on. It is worth what it would be worth had it been drawn. One attempt, for
    the first term that is missed; nothing where answers reason first.
    """
    if not sentence.repairs or not sentence.candidates.misses or sentence.budget.out_of_time():
        return
    yield from sentence.candidates.compare_all()
    best = sentence.candidates.best()
    if best is None or best.text not in sentence.candidates.continuations:
        return
    tag = sentence.task.target_tag
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
    sentence.budget.count_as_sampled(len(term))
    room = max(1, sentence.task.max_new_tokens - start - len(term))
    [piece] = yield from sentence.draw([Draw(forced, derive_seed(sentence.task.seed, "repair", missed), 0.0, room)])
    whole = _joined(draft, start, term, piece)
    judged = yield from after_prompt(sentence, prompt, whole)
    [candidate] = yield from sentence.candidates.add_drawn([judged])
    sentence.candidates.mark(candidate, repaired=True)
    yield from release([*read, *prefixes[1:], forced, *piece.prefixes])


def _begins_word(decode: Decode, token: int) -> bool:
    """Whether a token of the translation begins a word; every one may where words are not set apart."""
    piece = decode((token,))
    return piece[:1].isspace() or is_unspaced(piece[:1] or " ")


def _joined(draft: Continuation, start: int, term: tuple[int, ...], piece: Continuation) -> Continuation:
    """Return the whole translation; its probabilities are still to be asked for."""
    tokens = draft.tokens[:start] + term + piece.tokens
    return replace(
        piece,
        tokens=tokens,
        log_probs=np.full(len(tokens), np.nan, np.float32),
        top_log_probs=np.full((len(tokens), TOP_K), np.nan, np.float32),
    )
