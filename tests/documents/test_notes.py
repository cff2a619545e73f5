"""What files say of their texts to those who translate them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.strings import read

from mtreason.documents.notes import MOST, comment_before, note_of
from mtreason.languages import parse_language

PO = """\
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

#. A verb.
#. It opens a \\"file\\".
#: a.c:1
msgctxt "menu \\"File\\"\\n"
msgid "Open"
msgstr ""

#. Of one that is gone.
#~ msgid "Gone"
#~ msgstr ""

#, c-format
msgid "Close"
msgstr ""

#. Of a plural.
msgid "One"
msgid_plural "Many"
msgstr[0] ""
msgstr[1] ""
"""
XLIFF_12 = """\
<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"><file original="a" source-language="en"
 datatype="x"><note>of the file</note><body>
<trans-unit id="1"><source>Open</source><note from="meaning">menu</note>
<note annotates="target">not this</note><note>A verb &amp; <![CDATA[<b>]]>.</note></trans-unit>
<trans-unit id="2"><source>Close</source></trans-unit>
</body></file></xliff>
"""
XLIFF_2 = """\
<xliff version="2.0" xmlns="urn:oasis:names:tc:xliff:document:2.0" srcLang="en"><file id="f"><unit id="1">
<notes><note category="location">a.ts:1</note><note category="description">A verb.</note></notes>
<segment><source>Open</source></segment></unit><unit id="2"><segment><source>Close</source></segment></unit>
</file></xliff>
"""
RESX = """\
<root><data name="a"><value>Open</value><comment>A verb &amp; so on.</comment></data>
<data name="b"><comment>Before it.</comment><value>Close</value></data><data name="c"><value>Save</value></data></root>
"""
ANDROID = """\
<resources>
    <!-- A verb,
         for files. -->
    <string name="a">Open</string> <!-- about a -->
    <string name="b">Close</string>
    <!-- Far away. -->

    <string name="c">Save</string>
    <!-- Days. -->
    <string-array name="d"><item>Monday</item>
        <!-- Short. -->
        <item>Tue</item></string-array>
    <!-- Files. -->
    <plurals name="e"><item quantity="one">File</item><item quantity="other">Files</item></plurals>
</resources>
"""
ARB = json.dumps(
    {"@@locale": "en", "a": "Open", "@a": {"description": "A verb.", "type": "text"}, "b": "Close", "c": "Save"}
)
FLUENT = """\
# A verb,
# for files.
open = Open
    .title = Opens it

# Alone.

close = Close
## A section.
save = Save
"""
STRINGS = """\
/* A verb,
   for files. */
"a" = "Open"; /* about a */
"b" = "Close";
/* No comment provided by engineer. */
"c" = "Save";
// One.
// Two.
"d" = "Print";
/* Far away. */

"e" = "Quit";
"""
XCSTRINGS = json.dumps(
    {"sourceLanguage": "en", "version": "1.0", "strings": {"Open": {"comment": "A verb."}, "Close": {}}}
)
CASES = [
    ("po", PO, [('menu "File"; A verb. It opens a \\"file\\".'), "", "Of a plural.", "Of a plural."]),
    ("xliff", XLIFF_12, ["menu; A verb & <b>.", ""]),
    ("xliff", XLIFF_2, ["A verb.", ""]),
    ("resx", RESX, ["A verb & so on.", "Before it.", ""]),
    ("android", ANDROID, ["A verb, for files.", "", "", "Days.", "Days.; Short.", "Files.", "Files."]),
    ("json", ARB, ["A verb.", "", ""]),
    ("json", ARB.replace("@@locale", "locale"), ["", "", ""]),
    ("fluent", FLUENT, ["A verb, for files.", "A verb, for files.", "", ""]),
    ("strings", STRINGS, ["A verb, for files.", "", "", "One. Two.", ""]),
    ("xcstrings", XCSTRINGS, ["A verb.", ""]),
]


@pytest.mark.parametrize(("form", "content", "notes"), CASES)
def test_notes_of_a_file(form, content, notes) -> None:
    found = read(form, content, target=parse_language("de")).units
    texts = [unit.text for unit in found]
    assert [unit.note for unit in found if unit.text not in {"en", "text", "A verb."}] == notes, texts


@given(st.lists(st.text(max_size=300), max_size=3))
def test_a_note_is_one_short_line_of_characters(said) -> None:
    note = note_of(*said)
    assert len(note) <= MOST
    assert note.isprintable()
    assert note == note.strip()
    assert bool(note) == any(c.isprintable() and c != " " for text in said for c in text)


@given(st.text("<!-> \nab", max_size=30), st.text(" \na", max_size=5))
def test_a_comment_ends_before_its_text(before, between) -> None:
    content = f"{before}{between}x"
    found = comment_before(content, len(content) - 1, "<!--", "-->")
    assert f"<!--{found}-->" in content or not found
    assert "-->" not in found
