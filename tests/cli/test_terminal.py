"""What is quoted on a terminal is data."""

import ast
import io
import os
import sys
from pathlib import Path

import pytest

from mtreason.cli import output
from mtreason.cli.output import ProgressLine, print_table, say
from mtreason.runs.output import Output

PACKAGE = Path(__file__).parents[2] / "mtreason"
ODD = "{b} [red]x[/red] :smile: \x1b]0;owned\x07\x9b2J"
SHOWN = "{b} [red]x[/red] :smile: \\x1b]0;owned\\x07\\x9b2J"


class Screen(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def begin(monkeypatch):
    """Put a terminal in the place of both streams; what is on it is returned by a function."""
    shown = Screen(io.BytesIO(), "utf-8", write_through=True)
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setenv("COLUMNS", "200")
    return lambda: shown.buffer.getvalue().decode()


def test_stages_and_messages(monkeypatch) -> None:
    screen = begin(monkeypatch)
    line = ProgressLine(shown=True)
    line.stage(f"loading {ODD}", 0.0)
    line.stage(f"loading {ODD}", 0.5)
    line.count(ODD, 1, 2)
    line.say(ODD)
    line.stop()
    say(ODD)
    shown = screen()
    assert shown.count(f"mtreason: {SHOWN}") == 2
    assert f"loading {SHOWN}" in shown
    assert "owned\x07" not in shown
    assert "\x1b]0" not in shown
    assert "\x9b" not in shown


def test_tables(monkeypatch) -> None:
    screen = begin(monkeypatch)
    print_table([(ODD, "1")], ("model", "size"), ODD)
    assert screen().count(SHOWN) == 2
    assert "\x1b]0" not in screen()


@pytest.mark.parametrize(
    ("stream", "expected"), [(True, b"a\\x1b[2J\r\nb\\rc\td\n"), (False, b"a\x1b[2J\r\nb\rc\td\n")]
)
def test_documents_on_a_terminal(stream, expected, monkeypatch) -> None:
    read, write = os.openpty() if stream else os.pipe()
    if stream:
        import termios

        modes = termios.tcgetattr(write)
        modes[1] &= ~termios.OPOST
        termios.tcsetattr(write, termios.TCSANOW, modes)
    with os.fdopen(write, "w", encoding="utf-8") as out:
        monkeypatch.setattr(sys, "stdout", out)
        written = Output(None)
        written.write("a\x1b[2J\r\nb\rc\td\n")
        written.close()
        assert os.read(read, 1000) == expected
    os.close(read)


def test_only_one_module_prints() -> None:
    """And whoever else writes to these streams has a reason of its own."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)):
            name = node.func if isinstance(node, ast.Call) else None
            names = {"print", "echo", "Console"}
            if (isinstance(name, ast.Name) and name.id in names) or (
                isinstance(name, ast.Attribute) and name.attr in names
            ):
                found.add(path.relative_to(PACKAGE).as_posix())
    assert found == {"cli/output.py", "cli/__init__.py"}  # the latter says the version
    assert output.__doc__.count("prints") == 1
