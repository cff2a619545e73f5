"""Common beginnings are read once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.common import play
from support.fakes import TableModel

from mtreason.models.protocol import ROOT
from mtreason.models.sequences import SharedSequences


def test_common_beginnings_are_read_once(loaded) -> None:
    model = loaded.model
    [base] = model.extend([ROOT], [(20, 21)])
    shared = SharedSequences(base)
    a, b, c = tuple(range(30, 50)), (*range(30, 45), 99, 98), (*range(30, 47), 97)
    prefixes = play(shared.read([a, b, a]), model)
    assert shared.read_tokens == 20 + 2
    assert prefixes[0] == prefixes[2]
    play(shared.read([c, b]), model)
    assert shared.read_tokens == 20 + 2 + 1
    for sequence in (a, b, c):
        [own] = play(shared.read([sequence]), model)
        [direct] = model.extend([base], [sequence])
        found, expected = model.logits([own])[0], model.logits([direct])[0]
        assert np.abs(found - expected).max() < 0.05  # 8-bit rounding, met at different lengths
        model.release([direct])
    play(shared.close(), model)
    model.release([base])


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=9).map(tuple), min_size=1, max_size=8), st.data())
def test_shared_sequences_are_right_and_read_little(sequences, data) -> None:
    """Against a trie: nothing is read that is not new, but for what sequences of one round share below the bar."""
    model = TableModel(size=10)
    [base] = model.extend([ROOT], [(7, 8, 9)])
    shared = SharedSequences(base)
    at = data.draw(st.integers(0, len(sequences)))
    for batch in (sequences[:at], sequences[at:]):
        for sequence, prefix in zip(batch, play(shared.read(batch), model), strict=True):
            assert model.tokens[prefix.id] == (7, 8, 9, *sequence)
    trie = {s[:n] for s in sequences for n in range(1, len(s) + 1)}
    distinct = len(set(sequences))
    assert shared.read_tokens == model.usage.prompt_tokens - 3
    assert len(trie) <= shared.read_tokens + distinct
    assert shared.read_tokens <= sum(map(len, set(sequences)))
    known = shared.read_tokens
    play(shared.read(sequences), model)
    assert shared.read_tokens == known, "read again"
    play(shared.close(), model)
    assert set(model.tokens) == {ROOT.id, base.id}
