"""What a person did to an output, beside what happened to its source: what is kept and what is asked, cell by cell.

"=": the file stays as it is. "new": it is translated again. "both": the person's work is in it, beside what is new.
"asked": the file stays, and a person has to decide. "both, asked": what is new is there, and the person's text as well,
marked as fuzzy.
"""

import io
import json

import pytest
from support.repositories import Repository, StandIn
from support.samples import edit, make, said

WAYS = ("nothing", "this text", "another text", "grows", "around")
ORDINARY = {
    "nothing": ("=", "new", "new", "new", "new"),
    "edits": ("=", "asked", "both", "both", "both"),
    "adds": ("=", "both", "both", "asked", "asked"),
    "removes": ("=", "asked", "both", "asked", "asked"),
    "around": ("=", "both", "both", "asked", "asked"),
}
"""What the person does -> what comes of it for each way in which the source changes."""
TABLE = {
    "txt": ORDINARY,
    "md": ORDINARY,
    "html": ORDINARY,
    # What surrounds a paragraph's text in Word is its formatting, which belongs to the paragraph.
    "docx": ORDINARY | {"around": ORDINARY["edits"]},
    # Messages stand alone; one that was removed comes back, as with msgmerge.
    "po": {
        "nothing": ORDINARY["nothing"],
        "edits": ("=", "both, asked", "both", "both", "both"),
        "adds": ("=", "both", "both", "both", "both"),
        "removes": ("new", "new", "new", "new", "new"),
        "around": ("=", "both, asked", "both", "both", "both"),
    },
}
CELLS = [
    (form, deed, way, expected)
    for form, rows in TABLE.items()
    for deed, cells in rows.items()
    for way, expected in zip(WAYS, cells, strict=True)
    if (form, way) != ("txt", "around")  # in plain text there is nothing around
]


def in_word(data, change):
    import docx

    document = docx.Document(io.BytesIO(data))
    change(document)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def add_paragraph(document) -> None:
    document.paragraphs[1]._p.addnext(document.add_paragraph("by hand")._p)


def remove_paragraph(document) -> None:
    document.paragraphs[1]._p.getparent().remove(document.paragraphs[1]._p)


def embolden(document) -> None:
    document.paragraphs[1].runs[0].bold = True


def widen(document) -> None:
    document.sections[0].left_margin = 123456


ADDED = {
    "txt": ("said 乙\n", "said 乙\nby hand\n"),
    "md": ("said 乙\n\n", "said 乙\n\nby hand\n\n"),
    "html": ("<p>said 乙</p>\n", "<p>said 乙</p>\n<p>by hand</p>\n"),
    "po": ("#: a.c:2\n", 'msgid "own"\nmsgstr "by hand"\n\n#: a.c:2\n'),
    "docx": add_paragraph,
}
REMOVED = {
    "txt": ("said 乙\n", ""),
    "md": ("said 乙\n\n", ""),
    "html": ("<p>said 乙</p>\n", ""),
    "po": ('#: a.c:1\nmsgid "乙"\nmsgstr "said 乙"\n\n', ""),
    "docx": remove_paragraph,
}
AROUND = {
    "txt": ("said 乙\n", "\nsaid 乙\n"),
    "md": ("code", "by hand"),
    "html": ("<body>", '<body class="by hand">'),
    "po": ('msgid "乙"', '# by hand\nmsgid "乙"'),
    "docx": embolden,
}
AROUND_SOURCE = {
    "md": ("code", "codes"),
    "html": ("<body>", '<body id="x">'),
    "po": ("a.c:1", "a.c:9"),
    "docx": widen,
}


def changed(data, change):
    return edit(data, *change) if isinstance(change, tuple) else in_word(data, change)


def done_by_person(form, deed, data):
    if deed == "edits":
        return edit(data, "said 乙", "by hand")
    table = {"adds": ADDED, "removes": REMOVED, "around": AROUND}.get(deed)
    return data if table is None else changed(data, table[form])


def source_of(form, way):
    texts = {"this text": ("甲", "乙好", "丙"), "another text": ("甲", "乙", "丙好"), "grows": ("甲", "乙", "丙", "丁")}
    data = make(form, *texts.get(way, ("甲", "乙", "丙")))
    return changed(data, AROUND_SOURCE[form]) if way == "around" else data


@pytest.mark.parametrize(("form", "deed", "way", "expected"), CELLS)
def test_cell(tmp_path, form, deed, way, expected) -> None:
    repository = Repository(tmp_path / "r")
    page = f"page.{form}"
    repository.source(page, make(form, "甲", "乙", "丙"))
    repository.update()
    path = repository.root / "out" / "en" / "docs" / page
    theirs = done_by_person(form, deed, path.read_bytes())
    path.write_bytes(theirs)
    repository.source(page, source_of(form, way))
    waiting = {kind for kind, _ in repository.findings()} - {"structure"}
    assert waiting == {"=": set(), "asked": {"conflict"}, "both, asked": {"stale", "conflict"}}.get(expected, {"stale"})
    repository.update(StandIn("again"))
    text = said(path.read_bytes())
    assert (path.read_bytes() == theirs) == (expected in {"=", "asked"})
    assert {kind for kind, _ in repository.findings()} == ({"conflict"} if "asked" in expected else set())
    assert bool(repository.edited() or "asked" in expected) == (deed != "nothing" and expected != "new")
    if deed in {"edits", "adds"} or (deed == "around" and form not in {"txt", "docx"}):
        assert "by hand" in text
    if deed == "removes" and expected != "new":
        assert "said 乙" not in text
        assert "again 乙" not in text
    if way == "another text" and expected == "both":
        assert "again 丙好" in text
    if expected == "both, asked":
        assert "#, fuzzy" in text
    before = path.read_bytes()
    repository.update(StandIn("thrice"))
    assert path.read_bytes() == before


def test_plural_forms_that_a_person_filled_in(tmp_path) -> None:
    """In the output, and in a source that is a person's work in progress: the forms that are there were replaced."""
    repository = Repository(tmp_path / "r")
    head = 'msgid ""\nmsgstr "Language: \\n"\n\n'
    source = head + 'msgid "一"\nmsgid_plural "多"\nmsgstr[0] "{}"\nmsgstr[1] ""\n'
    repository.source("a.po", source.format("hers"))
    repository.source("b.po", source.format(""))
    repository.update()
    assert 'msgstr[0] "hers"\nmsgstr[1] "said 多"' in repository.read("a.po")
    repository.output("b.po", repository.read("b.po").replace("said 多", "many") + 'msgstr[2] "lots"\n')
    repository.source("b.po", source.format("") + '\nmsgid "二"\nmsgstr ""\n')
    repository.update()
    assert 'msgstr[0] "said 一"\nmsgstr[1] "many"\nmsgstr[2] "lots"\n\nmsgid "二"\nmsgstr "said 二"' in repository.read(
        "b.po"
    )


def test_what_a_person_left_empty_is_translated(tmp_path) -> None:
    repository = Repository(tmp_path / "r")
    repository.source("a.po", make("po", "甲", "乙", "丙"))
    repository.update()
    theirs = repository.read("a.po").replace("said 甲", "").replace("said 乙", "by hand")
    repository.output("a.po", theirs)
    assert repository.findings() == [("stale", "a.po")]
    assert repository.update(StandIn("again")).asked == ["甲", "丙"]
    assert "again 甲" in repository.read("a.po")
    assert "by hand" in repository.read("a.po")


def test_flags_and_comments_of_both_sides(tmp_path) -> None:
    repository = Repository(tmp_path / "r")
    source = 'msgid ""\nmsgstr ""\n\n#: a.c:1\nmsgid "甲 %s"\nmsgstr ""\n\nmsgid "乙"\nmsgstr ""\n'
    repository.source("a.po", source)
    repository.update()
    repository.output(
        "a.po",
        repository.read("a.po")
        .replace("#: a.c:1", "# mine\n#: a.c:1\n#, fuzzy")
        .replace('msgid ""\nmsgstr ""', '# Translators: me\nmsgid ""\nmsgstr "Language: en\\n"'),
    )
    repository.source("a.po", source.replace("#: a.c:1", "#. new\n#: a.c:7\n#, c-format").replace("乙", "乙好"))
    repository.update(StandIn("again"))
    assert repository.read("a.po") == (
        '# Translators: me\nmsgid ""\nmsgstr "Language: en\\n"\n\n# mine\n#. new\n#: a.c:7\n#, fuzzy, c-format\n'
        'msgid "甲 %s"\nmsgstr "said 甲 %s"\n\nmsgid "乙好"\nmsgstr "again 乙好"\n'
    )
    assert repository.findings() == []


def test_rewrapped_strings_are_no_edit(tmp_path) -> None:
    """Editors of catalogues wrap every message anew."""
    repository = Repository(tmp_path / "r")
    repository.source("a.po", make("po", "甲", "乙"))
    repository.update()
    repository.output("a.po", repository.read("a.po").replace('msgstr "said 甲"', 'msgstr ""\n"said "\n"甲"'))
    assert repository.edited() == []
    repository.source("a.po", make("po", "甲", "乙好"))
    repository.update(StandIn("again"))
    assert "again 甲" in repository.read("a.po")


def test_a_message_that_lost_its_source_becomes_obsolete(tmp_path) -> None:
    repository = Repository(tmp_path / "r")
    repository.source("a.po", make("po", "甲", "乙", "丙"))
    repository.update()
    repository.output("a.po", repository.read("a.po").replace("said 乙", "by hand"))
    repository.source("a.po", make("po", "甲", "丙"))
    for word in ("again", "thrice"):
        repository.update(StandIn(word))
        assert repository.read("a.po").count('#~ msgid "乙"\n#~ msgstr "by hand"') == 1
        repository.source("a.po", make("po", "甲", "丙", "丁"))


def test_a_state_that_a_person_set(tmp_path) -> None:
    repository = Repository(tmp_path / "r")
    repository.source("a.xlf", make("xlf", "甲", "乙", "丙"))
    repository.update()
    ours = '<target state="needs-review-translation">'
    repository.output("a.xlf", repository.read("a.xlf").replace(f"{ours}said 乙", '<target state="final">by hand'))
    repository.source("a.xlf", make("xlf", "甲好", "乙", "丙"))
    repository.update(StandIn("again"))
    assert '<target state="final">by hand</target>' in repository.read("a.xlf")
    assert f"{ours}again 甲好</target>" in repository.read("a.xlf")


def test_what_a_person_did_in_a_catalogue_of_all_languages(tmp_path) -> None:
    """An edit stays, a text that was taken out comes back, and what Xcode writes otherwise is no edit."""
    repository = Repository(tmp_path / "r")
    repository.source("a.xcstrings", make("xcstrings", "甲", "乙", "丙"))
    repository.update()
    root = json.loads(repository.read("a.xcstrings"))
    repository.output("a.xcstrings", json.dumps(root, sort_keys=True, indent=4))
    assert repository.edited() == []
    texts = {key: entry["localizations"] for key, entry in root["strings"].items()}
    texts[f"u{ord('甲')}"]["en"]["stringUnit"] = {"state": "needs_review", "value": "by hand"}
    del texts[f"u{ord('乙')}"]["en"]
    repository.output("a.xcstrings", json.dumps(root, ensure_ascii=False, indent=1))
    repository.source("a.xcstrings", make("xcstrings", "甲", "乙", "丙好", "丁"))
    repository.update(StandIn("again"))
    root = json.loads(repository.read("a.xcstrings"))
    said = [entry["localizations"]["en"]["stringUnit"]["value"] for entry in root["strings"].values()]
    assert said == ["by hand", "again 乙", "again 丙好", "again 丁"]
    assert repository.findings() == []
    repository.source("a.xcstrings", make("xcstrings", "甲好", "乙", "丙好", "丁"))
    repository.update(StandIn("thrice"))
    assert "by hand" in repository.read("a.xcstrings")
    assert repository.findings() == [("conflict", "a.xcstrings")]


def test_what_word_writes_by_itself_is_no_edit(tmp_path) -> None:
    """Numbers of revisions, marks of the spelling, and other runs for the same text."""
    repository = Repository(tmp_path / "r")
    repository.source("a.docx", make("docx", "甲", "乙"))
    repository.update()
    path = repository.root / "out" / "en" / "docs" / "a.docx"
    path.write_bytes(
        edit(
            edit(path.read_bytes(), "said 甲</w:t>", "said </w:t></w:r><w:r><w:t>甲</w:t>"),
            "<w:p>",
            '<w:p w:rsidR="00AB12CD"><w:proofErr w:type="spellStart"/>',
        )
    )
    assert repository.edited() == []
    repository.source("a.docx", make("docx", "甲", "乙好"))
    repository.update(StandIn("again"))
    assert repository.findings() == []
    assert "again 甲" in said(path.read_bytes())


def test_a_translation_without_letters_is_found_again(tmp_path) -> None:
    """A reader passes over it, and the pieces after it must not be taken for others."""

    class Numbers(StandIn):
        def translate(self, texts):
            return [
                "3" if text == "三" else answer for text, answer in zip(texts, super().translate(texts), strict=True)
            ]

    repository = Repository(tmp_path / "r")
    repository.source("a.md", "一\n\n三\n\n五\n")
    repository.update(Numbers())
    assert repository.read("a.md") == "said 一\n\n3\n\nsaid 五\n"
    repository.output("a.md", "said 一\n\n3\n\nby hand\n")
    repository.source("a.md", "一好\n\n三\n\n五\n")
    repository.update(Numbers("again"))
    assert repository.read("a.md") == "again 一好\n\n3\n\nby hand\n"


def test_a_file_that_a_person_made_unreadable_stays(tmp_path) -> None:
    repository = Repository(tmp_path / "r")
    repository.source("a.md", "一\n\n二\n")
    repository.update()
    repository.output("a.md", b"by hand \xff\n")
    repository.source("a.md", "一好\n\n二\n")
    repository.update(StandIn("again"))
    assert (repository.root / "out" / "en" / "docs" / "a.md").read_bytes() == b"by hand \xff\n"
    assert ("conflict", "a.md") in repository.findings()
