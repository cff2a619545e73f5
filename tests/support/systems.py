"""Two systems with references, to be scored."""

import numpy as np
import pytest

WORDS = ["the", "cat", "sat", "on", "a", "mat", "and", "looked", "at", "its", "small", "dog", "with", "interest"]


def texts(seed, n=40, keep=1.0):
    """Sentences of words, of which another seed keeps some and replaces the others."""
    base, noise = np.random.default_rng(0), np.random.default_rng(seed)
    made = []
    for _ in range(n):
        words = [WORDS[i] for i in base.integers(len(WORDS), size=base.integers(5, 15))]
        made.append(" ".join(w if noise.random() < keep else WORDS[noise.integers(len(WORDS))] for w in words))
    return made


@pytest.fixture(scope="module")
def world():
    """Two systems, and one or two references of each segment."""
    good, bad, first, second = texts(1, keep=0.9), texts(2, keep=0.8), texts(0), texts(3, keep=0.7)
    references = [(a, b) if i % 3 else (a,) for i, (a, b) in enumerate(zip(first, second, strict=True))]
    return good, bad, references


def streams(references):
    return [[r[0] for r in references], [r[1] if len(r) > 1 else None for r in references]]
