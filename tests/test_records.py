"""Settings and records: whatever is wrong with one is a ValueError."""

import ast
import tomllib
from pathlib import Path

import pytest

from mtreason.records import parse_record, parse_toml

PACKAGE = Path(__file__).parents[1] / "mtreason"


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "[-Infinity]",
        "1e999",
        "9" * 5000,
        "[" * 600 + "]" * 600,
        "[" * 100_000,
        '{"a":' * 101 + "1" + "}" * 101,
        "{",
        "",
    ],
)
def test_records_that_are_none(text) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_record(text)


def test_records() -> None:
    assert parse_record('{"a": [1, 2.5, null, "x"]}') == {"a": [1, 2.5, None, "x"]}
    assert parse_record("[" * 100 + "]" * 100)


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 5000, "a = " + "9" * 5000, ".".join("a" * 2000) + " = 1", "a = 1\na = 2"]
)
def test_toml_that_is_none(text) -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        parse_toml(text)


def test_toml() -> None:
    assert parse_toml("[a]\nb = [1, inf]") == {"a": {"b": [1, float("inf")]}}


ELSEWHERE = {
    "records.py", "storage", "models", "runs/lock.py", "runs/spec.py", "decoding/wordings.py",
    "gates/words.py", "documents/strings/xcstrings.py",
}  # fmt: skip
"""Where the libraries are called directly: for what has limits of its own, or comes with this package."""


def test_nobody_else_parses() -> None:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if (
                isinstance(called, ast.Attribute)
                and called.attr in {"loads", "load"}
                and isinstance(called.value, ast.Name)
            ):
                found |= {name} if called.value.id in {"json", "tomllib"} else set()
    assert {name for name in found if not any(name.startswith(own) for own in ELSEWHERE)} == set()
