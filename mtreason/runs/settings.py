"""What a run is asked to do; it is checked before anything heavy is loaded."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from mtreason.errors import SettingError, near

DEFAULT_BUDGET = 16.0

EFFORTS: Mapping[str, Mapping[str, Any]] = {
    "low": {"decoder": "mcts", "budget": 4.0},
    "medium": {"decoder": "mcts", "budget": DEFAULT_BUDGET},
    "high": {"decoder": "mcts", "budget": 64.0},
}
"""Names for the settings that decide what a segment costs."""

DEFAULT_REWARD = "mix"
DEFAULT_NODES = "1"

DEFAULT_THOUGHT = 256
"""How many tokens a thought may take."""

REWARD_OVER = ("output", "all")

MIN_REFLECTION_BUDGET = 4
"""Reading a draft again and answering anew costs up to twice as much as a draft, and there must be drafts first."""

MOST = 100_000
"""A larger number of samples, sentences or segments is taken for a mistake."""

REACH = "reach"
NOWHERE, SEGMENT = "nowhere", "segment"
"""What a setting affects, where it does not affect every translation of the run: no translation; or a segment only
through what it finds for that segment, such as the glossary terms that occur in it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to translate; the same for all texts of a run. Raises `SettingError` for values that are not possible."""

    prompt: str | None = None
    """How the model is asked: the name of a wording, or a file; None for what is best for the model."""
    decoder: str = "mcts"
    reward: str | None = None
    """None for DEFAULT_REWARD; may be given only for a decoder that chooses by it."""
    nodes: str | None = None
    """None for DEFAULT_NODES; may be given only for a decoder that searches a tree."""
    beam_width: int | None = None
    """Width of beam search, as wide as the budget pays for if None; or of the beam that a searched tree begins with."""
    full_budget: bool = False
    """Whether to keep searching when nothing better is expected."""
    budget: float = DEFAULT_BUDGET
    """What a sentence may cost, in full samples."""
    context: int = field(default=0, metadata={REACH: SEGMENT})
    """Preceding segments shown in each prompt."""
    in_flight: int = field(default=16, metadata={REACH: NOWHERE})
    """Sentences translated side by side; changes speed and memory, never the output."""
    seed: int = 0
    glossaries: tuple[Path, ...] = field(default=(), metadata={REACH: SEGMENT})
    shipped_glossaries: bool = field(default=True, metadata={REACH: SEGMENT})
    memories: tuple[Path, ...] = field(default=(), metadata={REACH: SEGMENT})
    """TMX files with translations by people, which are used unchanged."""
    qe: str | None = None
    """A COMET-family checkpoint: a path, or the name of one on a hub."""
    head: Path | None = None
    """The file with the weights of the reward part value, which `mtreason tune --value` writes for a model."""
    think: bool = False
    """Reason first, then translate."""
    max_thought_tokens: int | None = None
    """None for `DEFAULT_THOUGHT`."""
    reward_over: str | None = None
    """Which tokens likelihood and confidence look at where answers reason first; None for those of the output."""
    reflect: bool = False
    """Give the best draft back to the model, which thinks it over."""
    segment_seconds: float | None = None
    """After this time a segment gets no further drafts, and the best one so far is used; None for no limit."""

    def __post_init__(self) -> None:
        _check_types(self)
        for name, value, least in (
            ("budget", self.budget, 1),
            ("beam_width", 1 if self.beam_width is None else self.beam_width, 1),
            ("in_flight", self.in_flight, 1),
            ("context", self.context, 0),
            ("max_thought_tokens", self.thought_limit, 1),
            ("segment_seconds", self.segment_seconds or 0, 0),
        ):
            if not least <= value <= MOST:  # NaN fails both comparisons
                raise SettingError(f"`{name}` {value}: must be at least {least} and at most {MOST}")
        self._check_reasoning()

    def _check_reasoning(self) -> None:
        if self.reward_over is not None and self.reward_over not in REWARD_OVER:
            raise SettingError(f"`reward_over` {self.reward_over!r}: expected one of {', '.join(REWARD_OVER)}")
        for name, value in (("max_thought_tokens", self.max_thought_tokens), ("reward_over", self.reward_over)):
            if value is not None and not self.think:
                raise SettingError(f"`{name}` {value}: there are no thoughts without `think`, add it or leave this out")
        if self.reflect and self.budget < MIN_REFLECTION_BUDGET:
            raise SettingError(
                f"`budget` {self.budget:g} is too small for `reflect`: a draft, reading it again and a new answer cost "
                f"up to {MIN_REFLECTION_BUDGET}"
            )

    @property
    def thought_limit(self) -> int:
        """The largest number of tokens of a thought."""
        return DEFAULT_THOUGHT if self.max_thought_tokens is None else self.max_thought_tokens


PATHS = ("glossaries", "memories")
"""Settings whose values are files."""

FROM_ELSEWHERE = frozenset({"prompt", "reward", "qe", "head", *PATHS})
"""Settings that are in the identity by the content that they name, not by the name."""


def make_settings(base: Settings | None = None, /, **changes: Any) -> Settings:  # noqa: ANN401 - fields of Settings
    """Return settings with some of them changed; paths may be given as strings, and in lists.

    Raises `SettingError` for an unknown name, a value of the wrong type, and a value that is not possible.
    """
    known = [spec.name for spec in fields(Settings)]
    for name, value in changes.items():
        if name not in known:
            raise SettingError(f"{name!r}: no such setting{near(name, known)} (there are {', '.join(known)})")
        if name in PATHS:
            changes[name] = _paths(name, value)
        elif name == "head" and isinstance(value, str):
            changes[name] = Path(value)
    return replace(base or Settings(), **changes)


def with_effort(effort: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that were given, less those that are None, with those that the effort stands for.

    Raises `SettingError` for an unknown effort, and for one beside a setting that it sets itself.
    """
    own = {name: value for name, value in given.items() if value is not None}
    if effort is None:
        return own
    if effort not in EFFORTS:
        raise SettingError(f"`effort` {effort!r}: expected one of {', '.join(EFFORTS)}{near(effort, EFFORTS)}")
    for name in own.keys() & EFFORTS[effort].keys():
        raise SettingError(f"`effort` {effort} sets `{name}` itself: leave one of them out")
    return own | dict(EFFORTS[effort])


def _paths(name: str, value: Any) -> tuple[Path, ...]:  # noqa: ANN401 - whatever was given
    if isinstance(value, str | Path) or not isinstance(value, Iterable):
        raise SettingError(f"`{name}` {value!r}: expected a list of files")
    paths = list(value)
    wrong = [path for path in paths if not isinstance(path, str | Path)]
    if wrong:
        raise SettingError(f"`{name}` {wrong[0]!r}: expected the name of a file")
    return tuple(Path(path) for path in paths)


def _check_types(settings: Settings) -> None:
    """Raise `SettingError` for a value of another type than its field declares; an integer may stand for a float."""
    for name, hint in typing.get_type_hints(Settings).items():
        value = getattr(settings, name)
        allowed = tuple(
            typing.get_origin(kind) or kind for kind in (typing.get_args(hint) if _is_union(hint) else (hint,))
        )
        if float in allowed:
            allowed += (int,)
        if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
            wanted = " or ".join("None" if kind is types.NoneType else kind.__name__ for kind in allowed)
            raise SettingError(f"`{name}` {value!r}: expected {wanted}, found {type(value).__name__}")


def _is_union(hint: Any) -> bool:  # noqa: ANN401 - a type
    return isinstance(hint, types.UnionType)
