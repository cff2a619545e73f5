"""Decoders: how the translation of a sentence is found. A new decoder is a file with a class, and a line below."""

from __future__ import annotations

from functools import partial

from mtreason.decoding.beam import BeamDecoder
from mtreason.decoding.best_of_n import BestOfNDecoder
from mtreason.decoding.mcts import MctsDecoder
from mtreason.decoding.protocol import BoundTask, Candidate, Decoder, DecodingSettings, Result
from mtreason.decoding.scheduler import run
from mtreason.decoding.single import SingleDecoder
from mtreason.rewards import REWARDS
from mtreason.search.selection import uct

__all__ = ["DECODERS", "BoundTask", "Candidate", "Decoder", "DecodingSettings", "Result", "run"]

DECODERS: dict[str, Decoder] = {
    decoder.name: decoder
    for decoder in (
        SingleDecoder("greedy", 0),
        SingleDecoder("sample", 1),
        BeamDecoder(),
        BestOfNDecoder(),
        BestOfNDecoder("mbr", REWARDS["consensus"]),
        MctsDecoder(),
        MctsDecoder("mcts-uct", partial(uct, exploration=0.5, widening=0.5), None, temperature=0.5, guidance=0.0),
    )
}
