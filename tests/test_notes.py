"""The contributors' notes say what is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOTES = (ROOT / "mtreason" / "README.md").read_text("utf-8")


def test_every_folder_has_its_line_in_the_tree() -> None:
    tree = NOTES.split("```")[1]
    folders = {p.parent.name for p in (ROOT / "mtreason").rglob("*.py")} - {"mtreason"}
    named = re.findall(r"^ +(\w+)/ ", tree, re.MULTILINE)
    assert sorted(named) == sorted(folders)
    modules = {p.name for p in (ROOT / "mtreason").glob("*.py")} - {"__main__.py"}
    assert modules == set(re.findall(r"^ +(\w+\.py) ", tree, re.MULTILINE))


def test_layers_are_those_of_the_test() -> None:
    source = (ROOT / "tests" / "test_layers.py").read_text("utf-8")
    layers = dict(re.findall(r'"(\w+)": (\d)', source.split("LAYERS = {")[1].split("}")[0]))
    for name, layer in re.findall(r"^  (\w+)(?:/|\.py) .* (\d)$", NOTES.split("```")[1], re.MULTILINE):
        assert layers.get(name, layer) == layer, name
