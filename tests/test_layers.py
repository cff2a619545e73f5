"""Imports point down, and files stay readable."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "mtreason"
LAYERS = {
    "errors": 0, "languages": 0, "files": 0, "extras": 0, "frames": 0, "xmlfiles": 0, "characters": 0, "records": 0,
    "lines": 0, "collector": 0,
    "numbers": 1, "search": 1,
    "documents": 2, "glossary": 2, "models": 2,
    "gates": 3, "storage": 3, "rewards": 3, "evaluation": 3,
    "decoding": 4,
    "runs": 5, "corpus": 5, "benchmark": 5, "report": 5, "review": 5, "tuning": 5,
    "ray": 6, "cli": 6, "__main__": 7,
}  # fmt: skip
FILES = sorted(PACKAGE.rglob("*.py"))


# Rewards ask models by calls, and may use this much of them.
SEEN_BY_REWARDS = {"calls", "protocol", "sequences"}


def imported(tree: ast.AST) -> list[tuple[int, str]]:
    """Line and full name of every import; `from mtreason import x` counts as one of mtreason.x."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [(node.lineno, alias.name) for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            names += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return names


def upward(own: str, source: str) -> list[str]:
    """Imports that a module of the part `own` may not have."""
    wrong = []
    for line, name in imported(ast.parse(source)):
        package, _, rest = name.partition(".")
        if package != "mtreason" or rest.startswith("__version__"):
            continue
        part, _, below = rest.partition(".")
        fine = LAYERS[part] <= LAYERS[own]  # an unknown part is a KeyError: give it a layer
        if own == "rewards" and part == "models":
            fine = below.partition(".")[0] in SEEN_BY_REWARDS
        if not fine:
            wrong.append(f"{line}: {name}")
    return wrong


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    own = path.relative_to(PACKAGE).with_suffix("").parts[0]
    text = path.read_text("utf-8")
    if own == "__init__":
        # What is public is imported when it is asked for.
        tree = ast.parse(text)
        names = [
            name for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom) for _, name in imported(node)
        ]
        assert not [name for name in names if name.startswith("mtreason")]
    else:
        assert upward(own, text) == []


@pytest.mark.parametrize(
    ("own", "line", "allowed"),
    [
        ("search", "from mtreason.models.protocol import Prefix", False),
        ("search", "import mtreason.decoding.pool", False),
        ("decoding", "def f():\n    from mtreason.runs import pipeline", False),
        ("models", "from mtreason.rewards import judge", False),
        ("rewards", "from mtreason.models.engine.tree import TreeModel", False),
        ("rewards", "from mtreason.models.calls import Calls", True),
        ("decoding", "from mtreason.search.tree import Tree", True),
        ("cli", "from mtreason import __version__", True),
    ],
)
def test_upward_imports_are_seen(own, line, allowed) -> None:
    assert (upward(own, line) == []) == allowed


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_size(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= 500
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{path.name}: {node.name}"


TENSORS = {("evaluation", "learned")}


def test_only_models_and_learned_metrics_touch_tensors() -> None:
    for path in FILES:
        if path.relative_to(PACKAGE).parts[:2] not in TENSORS and path.relative_to(PACKAGE).parts[0] != "models":
            assert "import torch" not in path.read_text("utf-8"), path
