"""The sentences of `benchmarks/terms.py` and `benchmarks/senses.py` mean the terms that they are said to mean."""

import csv
import importlib.util
from pathlib import Path

import pytest

from mtreason.glossary import Matcher, load_glossary

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


@pytest.mark.parametrize("direction", ["zh-en", "en-de"])
def test_a_sentence_with_an_ambiguous_term_has_the_choice(direction) -> None:
    source, target = direction.split("-")
    samples = SCRIPT.parent / "samples" / "senses"
    matcher = Matcher(load_glossary(samples / f"senses.{direction}.tsv", source, target), source)
    with (samples / f"sentences.{direction}.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(rows) >= 24
    meant = {}
    for row in rows:
        [hit] = matcher.find(row["source"])
        assert hit.term.source == row["term"]
        meant.setdefault(hit.term, set()).add(row["meant"])
    for term, renderings in meant.items():
        assert renderings == {sense.targets[0] for sense in term.senses}, term.source
