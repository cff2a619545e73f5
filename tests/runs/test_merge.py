"""What people changed in outputs is kept, piece by piece, in every format; where the source changed too, it is said.

Every test failed before: `batch` replaced an edited output as soon as its source changed, and a file it had not made.
"""

import pytest
from support.repositories import CONFIG, Repository, StandIn
from support.samples import FORMATS, KEYED, edit, make, said

KEYS = ("json", "jsonl", "csv", "tsv")


@pytest.fixture(params=FORMATS)
def form(request):
    return request.param


@pytest.fixture
def repository(tmp_path, form):
    return Repository(tmp_path / "r", CONFIG.replace("columns = []", 'columns = ["t"]' if form in KEYS else ""))


@pytest.fixture
def page(form):
    return f"page.{form}"


def raw(repository, page):
    return (repository.root / "out" / "en" / "docs" / page).read_bytes()


def start(repository, page, form, *texts):
    repository.source(page, make(form, *texts))
    repository.update()
    assert repository.findings() == []
    for text in texts:
        assert f"said {text}" in said(raw(repository, page))


def person(repository, page, old, new):
    repository.output(page, edit(raw(repository, page), old, new))


def test_nobody_changed_anything(repository, page, form) -> None:
    start(repository, page, form, "甲", "乙", "丙")
    before = raw(repository, page)
    assert repository.update(StandIn("again")).asked == []
    assert raw(repository, page) == before
    assert repository.edited() == []


def test_an_edit_stays(repository, page, form) -> None:
    start(repository, page, form, "甲", "乙", "丙")
    person(repository, page, "said 乙", "by hand")
    before = raw(repository, page)
    assert repository.findings() == []
    assert repository.edited() == [page]
    for _ in range(2):
        assert repository.update(StandIn("again")).asked == []
        assert raw(repository, page) == before
        assert (repository.findings(), repository.edited()) == ([], [page])


def test_a_change_of_the_source_is_translated(repository, page, form) -> None:
    start(repository, page, form, "甲", "乙", "丙")
    repository.source(page, make(form, "甲", "乙好", "丙"))
    assert repository.findings() == [("stale", page)]
    repository.update(StandIn("again"))
    assert "again 乙好" in said(raw(repository, page))
    assert "said 乙" not in said(raw(repository, page))
    assert (repository.findings(), repository.edited()) == ([], [])


@pytest.mark.parametrize("rounds", [0, 1])
def test_an_edit_stays_where_another_text_of_the_source_changed(repository, page, form, rounds) -> None:
    """Also where the edit was seen, and recorded, by a run before."""
    start(repository, page, form, "甲", "乙", "丙")
    person(repository, page, "said 乙", "by hand")
    for _ in range(rounds):
        repository.update()
    repository.source(page, make(form, "甲", "乙", "丙好"))
    assert repository.findings() == [("stale", page)]
    asked = repository.update(StandIn("again")).asked
    assert "乙" not in asked
    text = said(raw(repository, page))
    assert "by hand" in text
    assert "again 丙好" in text
    assert "said 丙" not in text
    assert (repository.findings(), repository.edited()) == ([], [page])
    repository.source(page, make(form, "甲好", "乙", "丙好"))
    repository.update(StandIn("thrice"))
    assert "by hand" in said(raw(repository, page))
    assert "thrice 甲好" in said(raw(repository, page))


@pytest.mark.parametrize("rounds", [0, 1])
def test_both_changed(repository, page, form, rounds) -> None:
    start(repository, page, form, "甲", "乙", "丙")
    person(repository, page, "said 乙", "by hand")
    for _ in range(rounds):
        repository.update()
    repository.source(page, make(form, "甲", "乙好", "丙"))
    assert ("conflict", page) in repository.findings()
    for word in ("again", "thrice"):
        repository.update(StandIn(word))
        assert "by hand" in said(raw(repository, page))
        assert f"{word} 乙好" not in said(raw(repository, page))
        assert repository.findings() == [("conflict", page)]
    person(repository, page, "by hand", "by hand for the new one")
    repository.update()
    assert (repository.findings(), repository.edited()) == ([], [page])
    assert "by hand for the new one" in said(raw(repository, page))


def test_both_changed_and_it_is_right_as_it_is(repository, page, form) -> None:
    start(repository, page, form, "甲", "乙", "丙")
    person(repository, page, "said 乙", "by hand")
    repository.source(page, make(form, "甲", "乙好", "丙"))
    repository.update()
    assert repository.findings() == [("conflict", page)]
    repository.update(StandIn("again"), adopt=True)
    assert repository.findings() == []
    assert "by hand" in said(raw(repository, page))
    repository.source(page, make(form, "甲", "乙好", "丙", "丁"))
    repository.update(StandIn("again"))
    assert repository.findings() == []
    assert "by hand" in said(raw(repository, page))
    assert "again 丁" in said(raw(repository, page))


def test_both_changed_and_the_file_was_removed(repository, page, form) -> None:
    start(repository, page, form, "甲", "乙", "丙")
    person(repository, page, "said 乙", "by hand")
    repository.source(page, make(form, "甲", "乙好", "丙"))
    repository.update()
    (repository.root / "out" / "en" / "docs" / page).unlink()
    repository.update(StandIn("again"))
    assert (repository.findings(), repository.edited()) == ([], [])
    assert "again 乙好" in said(raw(repository, page))


def test_an_edit_stays_where_the_source_grew(repository, page, form) -> None:
    start(repository, page, form, "甲", "乙", "丙", "丁")
    person(repository, page, "said 乙", "by hand")
    repository.source(page, make(form, "新", "甲", "乙", "来", "丙", "丁"))
    repository.update(StandIn("again"))
    text = said(raw(repository, page))
    for piece in ("again 新", "again 来", "by hand"):
        assert piece in text
    assert text.index("by hand") < text.index("again 来")
    assert (repository.findings(), repository.edited()) == ([], [page])


def test_an_edit_stays_where_the_source_was_put_in_another_order(repository, page, form) -> None:
    start(repository, page, form, "甲", "乙", "丙", "丁")
    person(repository, page, "said 乙", "by hand")
    repository.source(page, make(form, "乙", "丁", "丙", "甲"))
    repository.update(StandIn("again"))
    assert "by hand" in said(raw(repository, page))
    assert "again 乙" not in said(raw(repository, page))


def test_what_lost_its_source_is_not_lost(repository, page, form) -> None:
    start(repository, page, form, "甲", "乙", "丙", "丁")
    person(repository, page, "said 乙", "by hand")
    repository.source(page, make(form, "甲", "丙", "丁"))
    repository.update(StandIn("again"))
    assert "by hand" in said(raw(repository, page))
    assert ("conflict", page) in repository.findings() or form == "po"  # there it is an obsolete message


def test_two_texts_changed_places(repository, page, form) -> None:
    """A person's order is a person's work as well."""
    start(repository, page, form, "甲", "乙", "丙")
    content = edit(edit(raw(repository, page), "said 甲", "said X"), "said 丙", "said 甲")
    repository.output(page, edit(content, "said X", "said 丙"))
    repository.source(page, make(form, "甲", "乙好", "丙"))
    repository.update(StandIn("again"))
    text = said(raw(repository, page))
    assert "again 乙好" in text
    text = text.replace("again", "said")
    assert text.index("said 丙") < text.index("said 甲")


def test_a_file_that_the_lock_does_not_know(repository, page, form) -> None:
    repository.source(page, make(form, "甲", "乙", "丙"))
    theirs = make(form, "a", "b", "c")
    repository.output(page, theirs)
    # A file of a person may also lack the language that it should name.
    assert [kind for kind, _ in repository.findings() if kind != "language"] == ["unknown"]
    assert repository.update().asked == []
    assert raw(repository, page) == theirs
    assert [kind for kind, _ in repository.findings() if kind != "language"] == ["unknown"]


def test_without_the_lock_nothing_is_overwritten(repository, page, form) -> None:
    start(repository, page, form, "甲", "乙", "丙")
    person(repository, page, "said 乙", "by hand")
    (repository.root / "mtreason.lock").unlink()
    before = raw(repository, page)
    assert repository.update(StandIn("again")).asked == []
    assert raw(repository, page) == before
    assert repository.findings() == [("unknown", page)]
    repository.update(StandIn("again"), adopt=True)
    assert raw(repository, page) == before
    assert repository.findings() == []
    repository.source(page, make(form, "甲", "乙", "丙好"))
    repository.update(StandIn("again"))
    assert "by hand" in said(raw(repository, page))
    # All of the file may be a person's, so what changed in the source is asked about.
    assert repository.findings() == [("conflict", page)] or form in KEYED


def test_an_output_that_changed_meanwhile(repository, page, form) -> None:
    start(repository, page, form, "甲", "乙", "丙")
    repository.source(page, make(form, "甲", "乙好", "丙"))

    def meanwhile(_text) -> None:
        if "by hand" not in said(raw(repository, page)):
            person(repository, page, "said 丙", "by hand")

    repository.update(StandIn("again", meanwhile))
    assert "by hand" in said(raw(repository, page))
    assert [f.kind for f in repository.last.faults] == ["conflict"]
    repository.update(StandIn("again"))
    assert "by hand" in said(raw(repository, page))
    assert "again 乙好" in said(raw(repository, page))


def test_a_source_that_changed_meanwhile(repository, page, form) -> None:
    """What was read is what is recorded; the digest was taken afterwards, and the new text never translated."""
    repository.source(page, make(form, "甲", "乙", "丙"))
    later = make(form, "甲", "乙好", "丙")
    repository.update(StandIn("said", lambda _text: repository.source(page, later)))
    assert "said 乙好" not in said(raw(repository, page))
    assert repository.findings() == [("stale", page)]
    repository.update(StandIn("again"))
    assert "again 乙好" in said(raw(repository, page))
    assert repository.findings() == []


def test_what_is_adopted_is_only_what_was_asked(repository, page, form) -> None:
    """An old translation of another text, whose source changed as well, is no person's word on anything."""
    start(repository, page, form, "甲", "乙", "丙")
    person(repository, page, "said 乙", "by hand")
    repository.source(page, make(form, "甲", "乙好", "丙好"))
    assert "丙好" in repository.update(StandIn("again"), adopt=True).asked
    text = said(raw(repository, page))
    assert "by hand" in text
    assert "again 丙好" in text
    assert "said 丙" not in text
    assert "fuzzy" not in text
    assert (repository.findings(), repository.edited()) == ([], [page])
