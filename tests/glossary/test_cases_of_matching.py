"""Kinds of faults that users reported: small files of a shared folder, where there is one."""

import json
from pathlib import Path

import pytest
from support.commands import run_inside

CASES = Path(__file__).parents[3] / "shared" / "cases" / "language"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the shared folder is not here")


@pytest.mark.parametrize(
    ("glossary", "source", "translation", "expected"),
    [
        ("elision.en-fr.tsv", "elision.en.txt", "elision.ref.fr.txt", (3, 3)),
        ("gl-separable.en-de.tsv", "gl-separable.en.txt", "gl-separable.de.txt", (4, 4)),
        ("forbidden.zh-en.tsv", "forbidden.zh.txt", "forbidden.en.txt", (1, 0)),
        ("forbidden.zh-en.tsv", "forbidden.zh.txt", "forbidden.ref.txt", (1, 1)),
        ("guard.zh-en.tsv", "guard.zh.txt", "guard.ref.txt", (1, 1)),
    ],
)
def test_check_and_evaluate_agree(glossary, source, translation, expected, monkeypatch, capfd) -> None:
    monkeypatch.chdir(CASES)
    check = ["glossary", "check", glossary, "--src", source, "--hyp", translation, "--json"]
    _, out, _ = run_inside(check, monkeypatch, capfd)
    report = json.loads(out)
    assert (report["terms"], report["honoured"]) == expected
    target = glossary.split(".")[1].partition("-")[2]
    evaluate = ["evaluate", "--src", source, "--ref", translation, "--hyp", translation, "--to", target, "--json"]
    _, out, _ = run_inside(
        [*evaluate, "--from", glossary.split(".")[1][:2], "--glossary", glossary], monkeypatch, capfd
    )
    [system] = json.loads(out)["systems"].values()
    assert (system["counts"]["terms"], system["counts"]["terms_right"]) == expected
