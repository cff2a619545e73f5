"""How fast the terms of a large glossary are found: one pass against looking for every term by itself.

    python benchmarks/matching.py

Made-up terms of three to six Chinese characters, and a text of made-up sentences in which every tenth has a term.
"""

from __future__ import annotations

import argparse
import json
import random
import time
import tracemalloc

from mtreason.glossary import Matcher, Term
from mtreason.glossary.fold import fold

CHARACTERS = [chr(code) for code in range(0x4E00, 0x5600)]
SENTENCE = 40
NAIVE_TERMS = 500
"""How many terms are looked for one by one; the time for all terms is estimated from that."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--megabytes", type=float, default=1.0)
    options = parser.parse_args()
    chance = random.Random(0)
    terms = list({"".join(chance.choices(CHARACTERS, k=chance.randint(3, 6))): None for _ in range(options.entries)})
    sentences = [
        "".join(chance.choices(CHARACTERS, k=SENTENCE)) + (chance.choice(terms) if chance.random() < 0.1 else "")
        for _ in range(int(options.megabytes * 1e6 / (3 * SENTENCE)))
    ]
    entries = [Term(term, ("x",), "", "", "terms.tsv", number) for number, term in enumerate(terms, 1)]
    tracemalloc.start()
    start = time.perf_counter()
    matcher = Matcher(entries, "zh")
    built = time.perf_counter() - start
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    start = time.perf_counter()
    hits = sum(len(matcher.find(sentence)) for sentence in sentences)
    found = time.perf_counter() - start
    start = time.perf_counter()
    folded = [fold(sentence, "zh") for sentence in sentences]
    tried = terms[:NAIVE_TERMS]
    sum(term in sentence for term in tried for sentence in folded)
    naive = (time.perf_counter() - start) * len(terms) / max(1, len(tried))
    figures = {
        "entries": len(terms), "bytes": sum(len(s.encode()) for s in sentences), "hits": hits,
        "build_seconds": built, "find_seconds": found, "naive_seconds": naive, "python_memory_bytes": memory,
    }  # fmt: skip
    print(f"{len(terms)} terms, {figures['bytes'] / 1e6:.1f} MB of text: {hits} hits")
    print(f"  built in {built:.2f} s, found in {found:.2f} s; one by one {naive:.0f} s (from {len(tried)} terms)")
    print(f"  memory of Python objects at its peak: {memory / 1e6:.0f} MB, the automaton itself not counted")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
