"""Writes a glossary term into a translation that misses it, where the model finds it most plausible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mtreason.decoding.protocol import Candidate, Decode, derive_seed
from mtreason.decoding.reflection import after_prompt
from mtreason.decoding.sentence import MOST_FORMS, MOST_PLACES, Sentence
from mtreason.glossary import Term, follows, written, written_forms
from mtreason.glossary.words.fold import is_unspaced
from mtreason.models.calls import Calls, cut, extend, release, score
from mtreason.models.protocol import TOP_K, Continuation, Draw, Prefix


def repair(sentence: Sentence) -> Calls[None]:
    """Write a term that every clean candidate misses into the best of them, and judge the result as one more candidate.

    At each beginning of a word the model is asked how probable the rendering is there, or that of each sense. Where
    that is highest it is asked again, for other renderings and forms. The most probable one is written, and the model
    continues the translation from there. The result is judged as if it had been drawn. There is one attempt, for the
    first term that is missed, and none where answers reason first.
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
    place, term = yield from _most_plausible(sentence, sentence.task.hits[missed].term, prefixes)
    start = places[place]
    [forced] = yield from extend([prefixes[place]], [term])
    sentence.budget.count_as_sampled(len(term))
    room = max(1, sentence.task.max_new_tokens - start - len(term))
    [piece] = yield from sentence.draw([Draw(forced, derive_seed(sentence.task.seed, "repair", missed), 0.0, room)])
    whole = _joined(draft, start, term, piece)
    judged = yield from after_prompt(sentence, prompt, whole)
    [candidate] = yield from sentence.candidates.add_drawn([judged])
    sentence.candidates.mark(candidate, repaired=True)
    yield from release([*read, *prefixes[1:], forced, *piece.prefixes])


def _most_plausible(sentence: Sentence, term: Term, prefixes: Sequence[Prefix]) -> Calls[tuple[int, tuple[int, ...]]]:
    """Return after which prefix to write a term, and the tokens to write; the first prefix is the empty translation."""
    settings, tag = sentence.settings, sentence.task.direction.target.tag

    def tokens(words: str, place: int) -> tuple[int, ...]:
        return settings.inside(words) if place else settings.encode(words[:1].upper() + words[1:])

    renderings = written(term)
    asked = [(place, tokens(words, place)) for words in renderings for place in range(len(prefixes))]
    scores = yield from score([prefixes[place] for place, _ in asked], [own for _, own in asked])
    means = np.array([own.mean() for own in scores]).reshape(len(renderings), -1).max(axis=0)
    likely = np.argsort(-means, kind="stable")[:MOST_PLACES]
    forms = written_forms(term, tag, MOST_FORMS)
    if len(forms) == 1:
        return int(likely[0]), tokens(forms[0], int(likely[0]))
    found: list[tuple[float, int, tuple[int, ...]]] = []
    for place in map(int, likely):
        ways = list(dict.fromkeys(tokens(words, place) for words in forms))
        scores = yield from score([prefixes[place]] * len(ways), ways)
        whole = as_whole(ways, [float(own.sum()) for own in scores])
        found += [(own, place, way) for own, way in zip(whole, ways, strict=True)]
    _, place, way = max(found, key=lambda f: f[0])
    return place, way


def as_whole(ways: Sequence[tuple[int, ...]], log_probs: Sequence[float]) -> list[float]:
    """Return log p of each way, without that of the others that begin with it: *flop* is not *flopped*.

    The ways are distinct. What is left of one may be nothing, as all numbers are rounded: that is -inf.
    """
    own: dict[tuple[int, ...], float] = {}
    for way, log_prob in sorted(zip(ways, log_probs, strict=True), key=lambda pair: -len(pair[0])):
        longer = sum(np.exp(other - log_prob) for path, other in own.items() if path[: len(way)] == way)
        own[way] = log_prob + float(np.log1p(-longer)) if longer < 1 else -np.inf
    return [own[way] for way in ways]


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
