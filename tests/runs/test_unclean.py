"""What has no clean translation stays named, until it is translated cleanly, edited or adopted."""

import json

import pytest
from support.repositories import CONFIG, Repository, StandIn
from support.samples import make

from mtreason.gates import GATES, Gate
from mtreason.runs.lock import read_lock
from mtreason.runs.made import Entry, Made, read_made, with_unclean
from mtreason.runs.project import Project

BAD = "{name} 设备防水"


class Careless(StandIn):
    """Loses what programs read."""

    def translate(self, texts):
        return [text.replace("{name} ", "") for text in super().translate(texts)]


@pytest.fixture(params=["txt", "md", "html", "json", "po", "docx"])
def form(request):
    return request.param


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repository")


def unclean(repository):
    return [f.message for f in Project(repository.config).check() if f.kind == "unclean"]


def _bytes(repository, name):
    return (repository.root / "out" / "en" / "docs" / name).read_bytes()


def test_it_is_named_by_every_later_run(repository, form) -> None:
    name = f"a.{form}"
    repository.source(name, make(form, "今天", BAD, "公园"))
    repository.update(Careless())
    assert repository.last.fell_back == 1
    named = unclean(repository)
    assert len(named) == 1
    assert ": placeholder: no clean translation was found" in named[0]
    before = (repository.root / "mtreason.lock").read_bytes()
    for _ in range(2):
        assert repository.update(Careless()).asked == []
        assert unclean(repository) == named
    assert (repository.root / "mtreason.lock").read_bytes() == before


def test_it_is_settled_by_a_clean_translation(repository, form) -> None:
    name = f"a.{form}"
    repository.source(name, make(form, "今天", BAD, "公园"))
    repository.update(Careless())
    repository.config.write_text(CONFIG.replace("budget = 2", "budget = 3"), "utf-8")
    assert len(unclean(repository)) == 1, "the output is still what it was"
    repository.update(StandIn())
    assert unclean(repository) == []


def test_it_is_settled_by_a_person(repository) -> None:
    """A person who edits another line has not looked at this one."""
    repository.source("a.txt", f"今天\n{BAD}\n公园\n")
    repository.update(Careless())
    path = repository.output("a.txt", repository.read("a.txt").replace("公园", "park"))
    assert unclean(repository) == [
        "line 2: placeholder: no clean translation was found: correct it, or keep it with mtreason batch --adopt"
    ]
    repository.update(Careless())
    assert len(unclean(repository)) == 1
    path.write_text(path.read_text("utf-8").replace(BAD, "The {name} is waterproof"), "utf-8")
    assert unclean(repository) == []
    repository.update(Careless())
    assert unclean(repository) == []
    assert repository.read("a.txt").splitlines()[1:] == ["The {name} is waterproof", "said park"]


def test_it_is_settled_by_adopting_it(repository, form) -> None:
    name = f"a.{form}"
    repository.source(name, make(form, "今天", BAD, "公园"))
    repository.update(Careless())
    before = _bytes(repository, name)
    assert repository.update(Careless(), adopt=True).asked == []
    assert unclean(repository) == []
    assert _bytes(repository, name) == before
    assert repository.edited() == [name]
    # It stays as it is where something else changes.
    repository.source(name, make(form, "今天好", BAD, "公园"))
    asked = repository.update(Careless()).asked
    assert ("今天好" in asked, BAD in asked) == (True, False)
    assert unclean(repository) == []


def test_what_is_adopted_is_what_was_seen(repository) -> None:
    """Not a line whose source changed since: that is translated again."""
    repository.source("a.txt", f"今天\n{BAD}\n")
    repository.update(Careless())
    repository.source("a.txt", f"今天\n{BAD}了\n")
    assert repository.update(StandIn(), adopt=True).asked == ["今天", f"{BAD}了"]
    assert unclean(repository) == []


def test_it_goes_with_its_line(repository) -> None:
    repository.source("a.txt", f"今天\n{BAD}\n公园\n")
    repository.update(Careless())
    repository.source("a.txt", f"公园\n天气\n今天\n{BAD}\n")
    repository.update(Careless())
    assert [message.partition(": ")[0] for message in unclean(repository)] == ["line 4"]
    repository.source("a.txt", "公园\n天气\n今天\n")
    repository.update(Careless())
    assert unclean(repository) == []


def test_several_of_one_piece_are_one_line(repository) -> None:
    """Both branches of a message."""
    repository.source("a.json", json.dumps({"k": "{n, plural, one {{a} 狗} other {{a} 只狗}}"}))

    class Dropping(StandIn):
        def translate(self, texts):
            return ["dog" for _ in super().translate(texts)]

    repository.update(Dropping())
    [entry] = read_lock(repository.root).outputs["out/en/docs/a.json"].pieces
    assert entry.unclean.count("placeholder") == len(entry.unclean.split("; ")) > 1


def test_what_speaks_against_a_translation_is_named_by_a_check(repository, monkeypatch) -> None:
    """It can be seen in the files, also where a person wrote them."""
    finds = lambda pair: ["it says no"] if "no" in pair.text else []  # noqa: E731
    monkeypatch.setitem(GATES, "no", Gate("no", finds, doubt=True))
    repository.source("a.txt", "今天\n公园\n")
    repository.update(StandIn("no"))
    found = [(f.kind, f.message) for f in Project(repository.config).check()]
    assert found == [("no", "line 1: it says no"), ("no", "line 2: it says no")]
    repository.output("a.txt", "today\nno park\n")
    assert [f.message for f in Project(repository.config).check()] == ["line 2: it says no"]


def test_the_record() -> None:
    made = Made("s", "r", "o", ("a", "b"), (Entry("1a", "2b"), Entry("3c", "", person=True), Entry("4d", "5e")))
    marked = with_unclean(made, {0: "line 1: copy", 1: "line 2: copy", -1: "p ! q: empty"})
    assert marked.unclean == ("line 1: copy", "p ! q: empty")
    assert read_made(json.loads(json.dumps(marked.to_json()))) == marked
    assert with_unclean(marked, {}) == made
    odd = Entry("1a", "2b", person=True, asked="3c", unclean='key "a ! b\n\ud800": copy')
    assert read_made({**made.to_json(), "pieces": [str(odd)]}).pieces == (odd,)
    for wrong in ([1], "x", None):
        with pytest.raises((TypeError, ValueError)):
            read_made({**made.to_json(), "unclean": wrong})


def test_a_file_without_pieces_is_settled_as_a_whole(repository) -> None:
    repository.source("a.txt", f"{BAD}\n")
    repository.update(Careless())
    lock = repository.root / "mtreason.lock"
    found = json.loads(lock.read_text("utf-8"))
    [made] = found["outputs"].values()
    made |= {"pieces": [], "unclean": ["line 1: copy"]}
    lock.write_text(json.dumps(found), "utf-8")
    assert [m.partition(": no clean")[0] for m in unclean(repository)] == ["line 1: copy"]
    repository.update(Careless(), adopt=True)
    assert (unclean(repository), repository.edited()) == ([], ["a.txt"])
    lock.write_text(json.dumps(found), "utf-8")
    repository.output("a.txt", "By hand\n")
    assert unclean(repository) == []
    repository.update(Careless())
    assert (unclean(repository), repository.read("a.txt")) == ([], "By hand\n")
