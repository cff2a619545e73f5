"""Views: a file taken apart and put together is the same file, and one piece can be taken from another file."""

import pytest
from support.samples import FORMATS, KEYED, edit, make, said

from mtreason.documents import Reading, TextDocument, pick_format
from mtreason.documents.catalogues.po_view import PoView
from mtreason.languages import parse_language


def view(form, data):
    found = pick_format(f"x.{form}", None, ())
    if found is None:
        return TextDocument(data.decode().splitlines(keepends=True)).view()
    return found.read(data, f"x.{form}", Reading(("t",) if found.columns else (), parse_language("en"))).view()


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_changes(form) -> None:
    data = make(form, "甲", "乙", "丙")
    found = view(form, data)
    again = found.put({i: piece.raw for i, piece in enumerate(found.pieces)})
    assert [p.as_output for p in view(form, again).pieces] == [p.as_output for p in found.pieces]
    assert view(form, again).frame == found.frame
    if form not in {"docx", "epub", "xlf", "xliff"}:
        assert again == data


def test_localizations_of_a_catalogue() -> None:
    """Taken out and put in anywhere, they leave what is around them as it is."""
    source = make("xcstrings", "甲", "乙").replace(b'"zh" : {', b'"fr" : {}, "zh" : {', 1)
    source = source.replace(b'"strings" : {', b'"strings" : {"One" : {}, "Two" : {"localizations" : {"en" : {}}},')
    empty = view("xcstrings", source)
    raw = '{"stringUnit" : {"state" : "translated", "value" : "x"}}'
    full = empty.put(dict.fromkeys(range(len(empty.pieces)), raw))
    found = view("xcstrings", full)
    assert [piece.raw for piece in found.pieces] == [raw] * len(empty.pieces)
    assert all(piece.filled for piece in found.pieces)
    assert not any(piece.filled for piece in empty.pieces)
    assert found.frame == empty.frame
    assert [p.as_source for p in found.pieces] == [p.as_source for p in empty.pieces]
    again = view("xcstrings", found.put(dict.fromkeys(range(len(empty.pieces)), "")))
    assert [piece.raw for piece in again.pieces] == [""] * len(empty.pieces)
    assert again.frame == empty.frame


@pytest.mark.parametrize("form", [f for f in FORMATS if f not in KEYED])
def test_a_piece_of_another_file(form) -> None:
    data, other = make(form, "甲", "乙", "丙"), make(form, "甲", "乙好", "丙")
    ours, theirs = view(form, data), view(form, other)
    [i] = [i for i, (a, b) in enumerate(zip(ours.pieces, theirs.pieces, strict=True)) if a.as_output != b.as_output]
    assert ours.pieces[i].as_source != theirs.pieces[i].as_source
    assert ours.frame == theirs.frame
    merged = ours.put({i: theirs.pieces[i].raw})
    assert said(merged) == said(edit(data, "乙", "乙好")) if form != "docx" else "乙好" in said(merged)


@pytest.mark.parametrize("form", [f for f in FORMATS if f not in {"po", "txt"}])
def test_what_is_around_is_seen(form) -> None:
    data = make(form, "甲", "乙", "丙")
    signs = {
        "md": ("code", "codes"), "html": ("<body>", '<body id="x">'), "xlf": ('original="a"', 'original="b"'),
        "xliff": ('srcLang="zh"', 'srcLang="zh-TW"'), "json": ('"n": 1', '"n": 2'), "jsonl": ('"t"', '"t" '),
        "srt": ("00:00:01,000", "00:00:01,100"), "vtt": ("00:01.000", "00:01.100"), "ass": ("Default", "Other"),
        "csv": ("0,甲", "9,甲"), "tsv": ("0\t甲", "9\t甲"), "docx": ('w:left="1800"', 'w:left="1801"'),
        "epub": ("<body>", '<body id="x">'), "yaml": ("n: 1", "n: 2"), "properties": ("t = 甲", "u = 甲"),
        "strings": ('"t"', '"u"'), "strings.xml": ('name="t"', 'name="u"'), "resx": ('name="t"', 'name="u"'),
        "ftl": ("t = 甲", "u = 甲"), "xcstrings": ('"sourceLanguage"', '"a": 1, "sourceLanguage"'),
    }  # fmt: skip
    other = edit(data, *signs[form])
    assert view(form, other).frame != view(form, data).frame


def test_messages() -> None:
    content = (
        "# a note\n\n"
        '#, fuzzy\nmsgid ""\nmsgstr "Language: \\n"\n\n'
        '#: a.c:1\nmsgctxt "menu"\nmsgid "Open"\nmsgstr "Öffnen"\n'
        'msgid "Open"\nmsgstr ""\n"Auf"\n"machen"\n\n'
        '#~ msgid "old"\n#~ msgstr "alt"\n\n#~ msgid "older"\n#~ msgstr "älter"'
    )
    found = PoView(content)
    assert found.put({}).decode() == content
    assert [p.block.strip().splitlines()[-1] for p in found.pieces] == [
        'msgstr "Language: \\n"', 'msgstr "Öffnen"', '"machen"', '#~ msgstr "alt"', '#~ msgstr "älter"',
    ]  # fmt: skip
    assert len({p.key for p in found.pieces}) == 5
    assert [p.place for p in found.pieces] == ["line 1", "line 7", "line 11", "line 16", "line 19"]
    assert "Aufmachen" in found.pieces[2].mark
    added = found.put({}, ['msgid "new"\nmsgstr "neu"']).decode()
    assert added == f'{content}\n\nmsgid "new"\nmsgstr "neu"\n'
