"""A sample of the attack with hostile files; all of it: `python tests/attack/files.py`."""

import pytest
from attack import files


@pytest.mark.parametrize("kind", [k for k in files.KINDS if k not in {"docx", "epub"}])
def test_hostile_files(kind, tmp_path) -> None:
    directory = tmp_path / "in"
    directory.mkdir()
    found = {c.shape: files.outcome(c, directory) for c in list(files.hostile_files(kind, 7))[::3]}
    assert {shape: result for shape, result in found.items() if result not in {"read", "refused"}} == {}
    assert len(found) >= 9


def test_hostile_archives(tmp_path) -> None:
    directory = tmp_path / "in"
    directory.mkdir()
    large = {"empty paragraphs", "spaces", "too much"}
    for kind in ("docx", "epub"):
        cases = [c for c in files.hostile_files(kind, 7) if c.shape not in large]
        found = {c.shape: files.outcome(c, directory) for c in cases}
        assert set(found.values()) <= {"read", "refused"}, found


def test_there_are_enough_of_them() -> None:
    kinds = [kind for kind in files.KINDS if kind not in {"docx", "epub"}]
    assert sum(sum(1 for _ in files.hostile_files(kind, 1)) for kind in kinds) >= 200


def test_odd_files_for_commands() -> None:
    found = files.run_commands(7, 12)
    assert [(args, result) for args, result in found if not result.startswith("code") or ":" in result] == []
