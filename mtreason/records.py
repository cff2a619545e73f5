"""Settings and records from files that anybody may have written: parsed within limits, with one kind of error."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from typing import Any, NoReturn

MOST_NESTED = 100
"""Levels of lists and objects in a file with settings or records; what nests deeper is none of ours."""


def parse_record(text: str | bytes, *, finite: bool = True) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Parse the JSON of a setting or a record.

    Raises `ValueError` for all that is no such thing: numbers that are not finite or have thousands of digits, and
    what is nested too deep. Who looks at each number anyway takes them all with `finite=False`.
    """
    try:
        decoder = _DECODER if finite else _LENIENT
        value = decoder.decode(text if isinstance(text, str) else text.decode("utf-8", "surrogatepass"))
    except RecursionError:
        raise ValueError("nested too deep") from None
    if _nested_too_deep(value):
        raise ValueError("nested too deep")
    return value


def parse_toml(text: str) -> dict[str, Any]:
    """Parse TOML; raises `TOMLDecodeError` also for numbers of thousands of digits and for what is nested too deep."""
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except (ValueError, RecursionError) as error:
        what = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise tomllib.TOMLDecodeError(what) from None
    if _nested_too_deep(value):
        raise tomllib.TOMLDecodeError("nested too deep")
    return value


def without_nan(value: Any) -> Any:  # noqa: ANN401 - as above
    """Return a value in JSON types with None for each number that is none: JSON has no word for NaN and infinity."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: without_nan(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(inner) for inner in value]
    return value


def record_line(record: Any) -> str:  # noqa: ANN401 - as above
    """Return a record as one line of JSON, with its line feed: one line for whichever rule a program splits by."""
    text = json.dumps(without_nan(record), ensure_ascii=False, allow_nan=False)
    return text.translate(_ENDS) + "\n"


_ENDS = {ord(char): f"\\u{ord(char):04x}" for char in "\x85\u2028\u2029"}
"""What JSON allows in a text, and some programs take for the end of a line."""


def _number(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _refuse(digits)


def _refuse(digits: str) -> NoReturn:
    raise ValueError(f"{digits[:20]} is no finite number")


# Made once: making it takes longer than most lines.
_DECODER = json.JSONDecoder(parse_float=_number, parse_constant=_refuse)
_LENIENT = json.JSONDecoder()


def _nested_too_deep(value: object) -> bool:
    """Whether lists and objects are nested deeper than MOST_NESTED; looks at one level after the other."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MOST_NESTED):
        if not level:
            return False
        inner = [own for outer in level for own in (outer.values() if isinstance(outer, dict) else outer)]
        level = [own for own in inner if isinstance(own, dict | list)]
    return bool(level)
