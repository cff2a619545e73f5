"""Rewards in files: TOML with a name, a table of weights, and where the weights came from."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from mtreason.errors import InputError, SettingError, near
from mtreason.files import read_text, write_text
from mtreason.records import parse_toml
from mtreason.rewards.protocol import Reward

SUFFIX = ".toml"
TOLERANCE = 1e-3
"""The sum of the weights in a file may differ from 1 by this much; they are divided by their sum."""

_LAYOUT = 'name = "…", a table [weights] of parts and numbers, and, if you like, a table [fit]'
_LINE = re.compile(r" \(at line (\d+), column \d+\)")


def load_reward(spec: str) -> Reward:
    """Return the reward that `--reward` names: one of this package, or one in a TOML file; raises `InputError`."""
    from mtreason.rewards import PARTS, REWARDS

    if spec in REWARDS:
        return REWARDS[spec]
    path = Path(spec).expanduser()
    if path.suffix == SUFFIX or path.exists():
        return read_reward(path, PARTS)
    raise SettingError(
        f"`reward` {spec!r}: no such reward{near(spec, REWARDS)} (there are {', '.join(REWARDS)}; "
        f"a file with weights ends in {SUFFIX})"
    )


def read_reward(path: Path, known: Collection[str]) -> Reward:
    """Read the reward in a file, whose parts must all be in `known`; raises `InputError` for any fault in it."""
    content = _parse(path)
    unknown = [key for key in content if key not in {"name", "weights", "fit"}]
    if unknown:
        raise InputError(f"{path}: unknown key {unknown[0]!r}: expected {_LAYOUT}")
    name, weights = content.get("name"), content.get("weights")
    if not isinstance(name, str) or not name.strip():
        raise InputError(f"{path}: name must be a text that is not blank: expected {_LAYOUT}")
    if not isinstance(weights, dict) or not weights:
        raise InputError(f"{path}: the table [weights] is missing or empty: expected {_LAYOUT}")
    for part, weight in weights.items():
        if part not in known:
            raise InputError(f"{path}: no such part {part!r}{near(part, known)} (there are {', '.join(known)})")
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise InputError(f"{path}: the weight of {part} is {weight!r}: expected a number from 0 to 1")
        if not (math.isfinite(weight) and weight >= 0):
            raise InputError(f"{path}: the weight of {part} is {weight}: weights are finite and not negative")
    total = math.fsum(weights.values())
    if abs(total - 1) > TOLERANCE:
        raise InputError(f"{path}: the weights sum to {total:.6g}: they must sum to 1; divide each by {total:.6g}")
    return Reward(name, {part: weight / total for part, weight in weights.items()})


def _parse(path: Path) -> dict[str, Any]:
    text = read_text(path, "check the name of the reward")
    try:
        return parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        found = _LINE.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1  # "at end of document"
        raise InputError(f"{path}:{line}: not TOML ({_LINE.sub('', str(error))}): expected {_LAYOUT}") from error


def write_reward(path: Path, reward: Reward, fit: Mapping[str, Any]) -> None:
    """Write a reward for `load_reward`, completely or not at all; raises `MtreasonError` when it cannot be written.

    `fit` says where the weights came from, as texts, numbers and lists of them; its "command" also becomes a comment.
    """
    lines = [f"# {_visible(str(fit['command']))}"] if "command" in fit else []
    lines += [f"name = {_value(reward.name)}", "", "[weights]"]
    lines += [f"{part} = {_value(weight)}" for part, weight in _rounded(reward.weights).items()]
    lines += ["", "[fit]", *(f"{key} = {_value(value)}" for key, value in fit.items())]
    write_text(path, "\n".join(lines) + "\n")


def _rounded(weights: Mapping[str, float]) -> dict[str, float]:
    """Round to four digits that still sum to 1: the largest weight takes the difference."""
    rounded = {part: round(weight, 4) for part, weight in weights.items()}
    largest = max(rounded, key=lambda part: rounded[part])
    rounded[largest] = round(1 - math.fsum(w for part, w in rounded.items() if part != largest), 4)
    return rounded


def _value(value: Any) -> str:  # noqa: ANN401 - whatever TOML can hold of the above
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{_visible(quoted)}"'
    return repr(value)


def _visible(text: str) -> str:
    """Make control characters visible, and replace what is not a character (in an undecodable file name) by "?"."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in text)
