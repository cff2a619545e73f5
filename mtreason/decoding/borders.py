"""Where a continuation is cut into the steps of a search: every n tokens, or at the ends of clauses."""

from __future__ import annotations

from dataclasses import dataclass

from mtreason.decoding.protocol import Border, Decode
from mtreason.errors import SettingError

PRESETS: dict[str, int | None] = {"step": None, "mini-step-64": 64, "mini-step-32": 32}
"""The node sizes of Marco-o1 (arXiv 2411.14405, section 4) by name; None means clauses."""

CLAUSE_ENDS = frozenset(".,;:!?…—。，、；：！？")


@dataclass(frozen=True, slots=True)
class EveryN:
    """A border after every `size` tokens, counted from the beginning of the translation."""

    size: int

    def __call__(self, tokens: tuple[int, ...], start: int) -> list[int]:
        """See `Border`."""
        # The end token is a step of its own, so that a sequence that continues there is a sibling of the end.
        last = len(tokens) - 1
        ends = list(range((start // self.size + 1) * self.size, last, self.size))
        return [*ends, *([last] if last > start else []), len(tokens)]


@dataclass(frozen=True, slots=True)
class Clauses:
    """A border after every token whose text ends a clause or a sentence."""

    decode: Decode

    def __call__(self, tokens: tuple[int, ...], start: int) -> list[int]:
        """See `Border`."""
        last = len(tokens) - 1
        ends = [i + 1 for i in range(start, last) if self.decode((tokens[i],)).rstrip()[-1:] in CLAUSE_ENDS]
        ends = [e for e in ends if e < last]
        return [*ends, *([last] if last > start else []), len(tokens)]


def parse_border(nodes: str, decode: Decode) -> Border:
    """Parse `--nodes`: the name of a preset, or a number of tokens of at least 1."""
    if nodes in PRESETS:
        size = PRESETS[nodes]
        return Clauses(decode) if size is None else EveryN(size)
    if nodes.isdecimal() and int(nodes) > 0:
        return EveryN(int(nodes))
    raise SettingError(f"`nodes` {nodes!r}: expected a number of tokens or one of {', '.join(PRESETS)}")
