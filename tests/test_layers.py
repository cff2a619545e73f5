"""Imports point down, and files stay readable."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "mtreason"
LAYERS = {
    "errors": 0, "languages": 0, "config": 0,
    "search": 1, "documents": 1, "glossary": 1, "prompts": 1,
    "models": 2, "rewards": 2,
    "decoding": 3,
    "pipeline": 4,
    "cli": 5, "__main__": 6,
}  # fmt: skip
FILES = sorted(PACKAGE.rglob("*.py"))


def layer_of(module: str) -> int | None:
    parts = module.split(".")
    return LAYERS.get(parts[1]) if parts[0] == "mtreason" and len(parts) > 1 else None


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    own = path.relative_to(PACKAGE).with_suffix("").parts[0]
    if own == "__init__":
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            layer = layer_of(name)
            assert layer is None or layer <= LAYERS[own], f"{path.name}:{node.lineno} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_size(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= 500
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{path.name}: {node.name}"


def test_only_models_and_rewards_touch_tensors() -> None:
    for path in FILES:
        if path.relative_to(PACKAGE).parts[0] not in {"models", "rewards"}:
            assert "import torch" not in path.read_text("utf-8"), path
