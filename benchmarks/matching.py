"""How fast the terms of a large glossary are found: one pass against looking for every term by itself.

    python benchmarks/matching.py
    python benchmarks/matching.py --language en --entries 200000 --segments 1000

Made-up terms of three to six Chinese characters, or of one to four English words in any form, and made-up sentences in
which every tenth has a term. Times are seconds of the processor; memory is that of the whole process at its peak.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import time

from simplemma.strategies import DEFAULT_DICTIONARY_FACTORY

from mtreason.glossary import Matcher, Term
from mtreason.glossary.words.fold import fold

CHARACTERS = [chr(code) for code in range(0x4E00, 0x5600)]
SENTENCE = 40
WORDS = 60_000
"""Different English words, in any form, of which terms and sentences are made."""
NAIVE_TERMS = 500
"""How many terms are looked for one by one; the time for all terms is estimated from that."""


def made_up(language: str, entries: int, segments: int) -> tuple[list[str], list[str]]:
    """Return terms and sentences."""
    chance = random.Random(0)
    if language == "zh":
        terms = {"".join(chance.choices(CHARACTERS, k=chance.randint(3, 6))): None for _ in range(entries)}
        pieces, space, least = CHARACTERS, "", SENTENCE
    else:
        pieces = chance.sample(sorted(w for w in DEFAULT_DICTIONARY_FACTORY.get_dictionary("en") if w.isalpha()), WORDS)
        terms = {}
        while len(terms) < entries:
            terms[" ".join(chance.choices(pieces, k=chance.choices([1, 2, 3, 4], [3, 5, 2, 1])[0]))] = None
        space, least = " ", SENTENCE // 2
    names = list(terms)
    texts = []
    for _ in range(segments):
        own = chance.choices(pieces, k=least) + ([chance.choice(names)] if chance.random() < 0.1 else [])
        texts.append(space.join(own))
    return names, texts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--language", choices=("zh", "en"), default="zh")
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--segments", type=int, default=8_000)
    options = parser.parse_args()
    terms, sentences = made_up(options.language, options.entries, options.segments)
    entries = [Term(term, ("x",), "", "", "terms.tsv", number) for number, term in enumerate(terms, 1)]
    start = time.process_time()
    matcher = Matcher(entries, options.language)
    built = time.process_time() - start
    start = time.process_time()
    hits = sum(len(matcher.find(sentence)) for sentence in sentences)
    found = time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    start = time.process_time()
    folded = [fold(sentence, options.language) for sentence in sentences]
    tried = terms[:NAIVE_TERMS]
    sum(term in sentence for term in tried for sentence in folded)
    naive = (time.process_time() - start) * len(terms) / max(1, len(tried))
    figures = {
        "language": options.language, "entries": len(terms), "segments": len(sentences), "hits": hits,
        "build_seconds": built, "find_seconds": found, "naive_seconds": naive, "peak_memory_bytes": memory,
    }  # fmt: skip
    print(f"{len(terms)} terms, {len(sentences)} segments: {hits} hits")
    print(f"  built in {built:.2f} s, found in {found:.2f} s; one by one {naive:.0f} s (from {len(tried)} terms)")
    print(f"  memory at its peak: {memory / 1e6:.0f} MB")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
