"""Documents in, proposals with renderings out."""

from pathlib import Path

import pytest

from mtreason.decoding import Candidate, Result
from mtreason.decoding.protocol import Cost
from mtreason.documents import Unit
from mtreason.errors import DocumentError, LanguageError
from mtreason.glossary.proposals import Proposal, Rendering
from mtreason.languages import Direction, parse_language
from mtreason.rewards import Draft
from mtreason.runs.pipeline import MODEL, PASSED, Segment
from mtreason.runs.progress import Silence
from mtreason.runs.proposing import (
    LEAST_SHARE,
    Asked,
    most_frequent,
    open_translator,
    ordinary_in,
    propose_terms,
    read_source,
    render,
    write_sheet,
)
from mtreason.storage import tmx_bytes

EN, ZH, DE = map(parse_language, ("en", "zh", "de"))
TO_EN = Direction(ZH, EN)


def segment(
    *drafts: tuple[str, int], source: str = "种草", origin: str = MODEL, problems: tuple[str, ...] = ()
) -> Segment:
    drawn = tuple(
        Candidate(text, Draft(text, (1,), (-0.5,), ()), -0.5, {}, count, ("chatter",) if "!" in text else ())
        for text, count in drafts
    )
    result = Result(0, drawn[0].text, fell_back=False, candidates=drawn, cost=Cost())
    return Segment(1, Unit(1, "", source), source, drawn[0].text, origin, problems, result=result)


@pytest.mark.parametrize(
    ("drafts", "expected"),
    [
        ([("Sold.", 2), ("sold", 1), ("grass", 1)], Rendering("sold", 0.75, "model")),
        ([("a flower", 1), ("the flower", 1), ("grass", 2)], Rendering("flower", 0.5, "model")),
        ([("Norton Security", 3)], Rendering("Norton Security", 1.0, "model")),
        ([("Norton", 3)], Rendering("Norton", 1.0, "model")),
        ([('"Sold" means sold', 3), ("sold", 1)], Rendering("sold", 0.25, "model")),
        ([("Sure!", 3), ("sold", 1)], Rendering("sold", 0.25, "model")),
        ([("Sure!", 3)], None),
    ],
)
def test_the_rendering_is_what_most_drafts_say(drafts, expected) -> None:
    assert most_frequent([segment(*drafts)], EN) == expected


def test_what_has_no_clean_translation_has_no_rendering() -> None:
    assert most_frequent([segment(("sold", 1), problems=("copy",))], EN) is None
    assert most_frequent([segment(("sold", 1)), segment(("sold", 1))], EN) is None
    passed = segment(("GitHub", 1), source="GitHub", origin=PASSED)
    assert most_frequent([passed], EN) == Rendering("GitHub", 1.0, "kept as it is")


def test_nouns_keep_their_capitals_in_german() -> None:
    assert most_frequent([segment(("Haus", 1), source="house")], DE) == Rendering("Haus", 1.0, "model")


def test_the_model_is_asked_for_each_term_alone(loaded) -> None:
    translator = open_translator(loaded, TO_EN, ())
    proposals = [Proposal(source, "term", 2, 2, f"{source}。") for source in ("天气", "公园", "GitHub")]
    found = render(translator, proposals)
    assert found["GitHub"] == Rendering("GitHub", 1.0, "kept as it is")
    assert all(LEAST_SHARE <= own.certainty <= 1 for own in found.values())
    assert found.keys() <= {p.source for p in proposals}
    assert render(translator, proposals) == found
    assert render(translator, []) == {}


def test_the_vocabulary_of_the_model_says_what_everybody_knows(loaded) -> None:
    ordinary = ordinary_in(open_translator(loaded, TO_EN, ()))
    assert ordinary("The")
    assert not ordinary("种草拔草")


@pytest.fixture
def documents(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.md").write_text(
        "# 显瘦\n\n这件《长裙》显瘦。`种草` {种草}\n\n他说种草，我种草，都种草。\n", "utf-8"
    )
    (tmp_path / "app.json").write_text('{"a": "又种草了 https://x.org/", "b": "Only English words here, you see."}')
    return Path("notes.md"), Path("app.json")


def test_documents_of_any_format(documents) -> None:
    found = read_source(documents, EN, None)
    assert found.language.tag == "zh"
    assert "Only English words here, you see." not in found.segments
    assert any("又种草了" in text for text in found.segments)


def test_proposals_with_a_memory_and_a_glossary(documents, loaded, monkeypatch) -> None:
    monkeypatch.setattr(type(loaded), "close", lambda self: None)  # other tests go on with it
    rows = [
        ("zh", "en", "我被种草了", "I was sold"),
        ("zh", "en", "别种草", "Do not get me sold"),
        ("zh", "en", "好", "OK"),
    ]
    Path("memory.tmx").write_bytes(tmx_bytes(rows))
    Path("own.zh-en.tsv").write_text("显瘦\tslimming\n", "utf-8")
    asked = Asked(
        documents,
        "en",
        None,
        memories=(Path("memory.tmx"),),
        glossaries=(Path("own.zh-en.tsv"),),
        shipped_glossaries=False,
    )
    found = propose_terms(asked, Silence(), lambda: loaded)
    said = {proposal.source: (proposal.kind, proposal.count, rendering) for proposal, rendering in found.rows}
    assert said["种草"] == ("new word", 4, Rendering("sold", 1.0, "memory"))
    assert said["长裙"][:2] == ("name", 1)
    assert found.known == 1
    assert found.records()[0].keys() == {"source", "kind", "count", "segments", "example", "rendering"}


def test_a_file_is_read_again_before_it_is_written(tmp_path) -> None:
    path = tmp_path / "draft.zh-en.tsv"
    rows = [(Proposal(source, "term", 2, 2, source), None) for source in ("种草", "拔草")]
    assert write_sheet(path, TO_EN, rows[:1]) == 1
    path.write_text("种草\tsold\n", "utf-8")  # a person, while the model was asked
    assert write_sheet(path, TO_EN, rows) == 1
    assert path.read_text("utf-8").startswith("种草\tsold\n# 拔草\t")
    before = path.read_bytes()
    assert write_sheet(path, TO_EN, rows) == 0
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "source", "error", "message"),
    [
        ("", None, DocumentError, "empty.txt: no text to find terms in"),
        ("\n \n", "zh", DocumentError, "empty.txt: no text to find terms in"),
        ("Only English words here, you see.\n", None, LanguageError, "the text is in English already"),
        ("Only English words here, you see.\n", "en", LanguageError, "the text is in English already"),
    ],
)
def test_documents_without_anything_to_propose(tmp_path, monkeypatch, text, source, error, message) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.txt").write_text(text, "utf-8")
    with pytest.raises(error, match=message):
        read_source([Path("empty.txt")], EN, parse_language(source) if source else None)
