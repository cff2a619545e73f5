"""The sentences of `benchmarks/terms.py`: right ones follow their terms, wrong ones miss them."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "terms.py"
_spec = importlib.util.spec_from_file_location("terms", SCRIPT)
terms = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(terms)

LANGUAGES = sorted(path.name.split(".")[1] for path in terms.SAMPLES.glob("sentences.*.tsv"))
KNOWN = {"pl wrong: rząd: To była decyzja rzędu.", "tr right: hükûmet: Hükümetin kararı yanlış."}
"""A form of another word that is spelled alike, and another spelling."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_samples(language) -> None:
    wrong: list[str] = []
    counts = terms.judge(language, terms.PARTS, terms.SAMPLES, wrong)
    assert counts["rows"] >= 30
    assert counts["found"] == counts["rows"]
    assert set(wrong) <= KNOWN


def test_there_is_a_sample_of_each_language() -> None:
    assert set(LANGUAGES) == {"fr", "it", "de", "es", "pt", "nl", "pl", "ru", "fi", "tr", "zh", "ja", "ko", "th"}
