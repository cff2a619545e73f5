"""Renderings of terms from what people translated.

Letters: t a term, p a run of the translations, c counts of pairs. How well they belong together is Dice's
coefficient, 2 c(t, p) / (c(t) + c(p)), as in `mtreason.glossary.suggest`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from mtreason.glossary.match import Matcher
from mtreason.glossary.proposals.function_words import function_signs, function_words
from mtreason.glossary.proposals.proposal import Rendering
from mtreason.glossary.suggest import LEAST_DICE, runs_of
from mtreason.glossary.term import Term
from mtreason.glossary.words.fold import fold
from mtreason.languages import Direction, Language

LEAST_PAIRS = 2
"""In how many pairs a term and its rendering have to occur together."""


def renderings_in(pairs: Mapping[str, str], sources: Iterable[str], direction: Direction) -> dict[str, Rendering]:
    """Return renderings of terms, where the pairs of a memory (source text -> translation) show one.

    A pair that is the term alone says it for certain; otherwise it is the run of the translations with the highest
    Dice coefficient, at least `LEAST_DICE`, in at least `LEAST_PAIRS` pairs.
    """
    source, target = direction.source, direction.target
    whole = {fold(text.strip(), source.tag): said.strip() for text, said in pairs.items()}
    found = {s: Rendering(said, 1.0, "memory") for s in sources if (said := whole.get(fold(s, source.tag), ""))}
    matcher = Matcher([Term(s, (), "", "", "", 0) for s in sources if s not in found], source.tag)
    hits = [({hit.term.source for hit in matcher.find(text)}, said) for text, said in pairs.items()]
    terms = Counter(term for own, _ in hits for term in own)
    together: Counter[tuple[str, str]] = Counter()
    for own, said in hits:
        if own:
            together.update((term, run) for run in _runs(said, target) for term in own)
    likely = {pair: count for pair, count in together.items() if count >= LEAST_PAIRS}
    wanted = {run for _, run in likely}
    runs = Counter(run for _, said in hits for run in _runs(said, target) if run in wanted) if wanted else Counter()
    scored = sorted(
        ((2 * c / (terms[term] + runs[run]), c, term, run) for (term, run), c in likely.items()),
        key=lambda x: (-x[0], -x[1], -len(x[3]), x[3]),
    )
    for dice, _, term, run in scored:
        if dice >= LEAST_DICE and term not in found:
            found[term] = Rendering(_as_written(run, hits, target), dice, "memory")
    return found


def _runs(text: str, target: Language) -> set[str]:
    """Return the runs of a translation that neither begin nor end with what is grammar."""
    if target.spaced:
        ordinary = function_words(target.primary)
        return {run for run in runs_of(text, target) if not {run.split(" ")[0], run.split(" ")[-1]} & ordinary}
    first, last, _ = function_signs(target.primary)
    return {run for run in runs_of(text, target) if run[0] not in first and run[-1] not in last}


def _as_written(run: str, hits: Iterable[tuple[object, str]], target: Language) -> str:
    """Return a folded run with the capitals that it has most often; as it is where only other signs part its words."""
    written: Counter[str] = Counter()
    for _, said in hits:
        at = fold(said, target.tag).find(run)
        if at >= 0:
            written[said[at : at + len(run)]] += 1
    return written.most_common(1)[0][0] if written else run
