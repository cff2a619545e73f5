# ruff: noqa: E501 - files are written here as they look
"""Markdown and MDX come back whole: what is markup in the source is markup in the output, and nothing else is."""

import random
import re
import shutil
import subprocess

import pytest
from documents.test_growth import grows_linearly, through
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mtreason import translate_document
from mtreason.documents import FORMATS, Lost, Reading, lost, pick_format, placeholders
from mtreason.documents.coded import TAG
from mtreason.documents.formats import UNREAD
from mtreason.documents.markdown.blocks import parser
from mtreason.documents.markdown.inline import scan
from mtreason.documents.markdown.jsx import jsx_end
from mtreason.errors import DocumentError, InputError

CAPITALS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def capitals(text):
    """Translate perfectly: capital letters are the other language, and literals stay."""
    kept = [re.escape(literal) for literal in dict.fromkeys(placeholders(text))]
    parts = re.split(f"({'|'.join(kept)})", text) if kept else [text]
    return "".join(part if i % 2 else part.translate(CAPITALS) for i, part in enumerate(parts))


class Capitals:
    def translate(self, texts):
        return [capitals(text) for text in texts]


def document(text, form="markdown", columns=()):
    return FORMATS[form].read(text.encode(), f"file.{form}", Reading(columns))


def texts(text, form="markdown", columns=()):
    return [unit.text for unit in document(text, form, columns).units]


def written(text, translations, form="markdown", columns=()):
    return b"".join(document(text, form, columns).render(translations)).decode()


def translated(text, tmp_path, suffix=".md", columns=()):
    source, out = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    source.write_bytes(text.encode())
    report = translate_document(source, out, Capitals(), target="ru", columns=columns)
    assert report.fell_back == 0
    return out.read_bytes().decode()


def plain():
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def structure(text):
    """What CommonMark makes of a text, without its words."""
    found = []
    for token in plain().parse(text):
        if token.type != "inline":
            kept = token.type in {"fence", "code_block", "html_block"}
            found.append((token.type, str(token.attrs), token.content if kept else ""))
            continue
        for child in token.children or ():
            if child.type == "image":
                found.append((child.type, child.attrs["src"], child.attrs.get("title", "")))
            elif child.type not in {"text", "text_special", "softbreak"}:
                found.append((child.type, str(child.attrs), child.content))
    return found


CASES = {
    "alerts and containers": (
        "> [!TIP]\n> Water the beds\n> in the evening.\n\n:::note\nMice like seeds.\n:::\n\n!!! warning \"Frost ahead\"\n"
        "    Bring the pots in.\n\n    - and the chairs\n\n??? info\n    Folded text.\n\n/// details | More of it\nInside.\n///\n\n"
        "=== \"Tab\"\n\n    In a tab.\n",
        "> [!TIP]\n> WATER THE BEDS IN THE EVENING.\n\n:::note\nMICE LIKE SEEDS.\n:::\n\n!!! warning \"FROST AHEAD\"\n"
        "    BRING THE POTS IN.\n\n    - AND THE CHAIRS\n\n??? info\n    FOLDED TEXT.\n\n/// details | MORE OF IT\nINSIDE.\n"
        "///\n\n=== \"TAB\"\n\n    IN A TAB.\n",
    ),
    "hard breaks": (
        "Mill Lane 3  \nnear the pond\\\nhouse *at  \nthe end*<br>of it\n\n> a  \n> b\n",
        "MILL LANE 3  \nNEAR THE POND\\\nHOUSE *AT  \nTHE END*<br>OF IT\n\n> A  \n> B\n",
    ),
    "front matter in TOML": ("+++\ntitle = \"Ponds\"\n+++\n\nFrogs.\n", "+++\ntitle = \"Ponds\"\n+++\n\nFROGS.\n"),
    "front matter in YAML": ("---\ntitle: Ponds\n---\nFrogs.\n", "---\ntitle: Ponds\n---\nFROGS.\n"),
    "no front matter": ("---\n\nText here\n\n---\n", "---\n\nTEXT HERE\n\n---\n"),
    "links, images, code": (
        "See [the *pond*](a_b.md?x=1 \"t\") and `frog_count --all`.\n\n![A frog](img/frog.png \"t\") sits.\n\n"
        "<https://a.org/x> or <me@a.org>, [![ci](s.svg)](ci)\n",
        "SEE [THE *POND*](a_b.md?x=1 \"t\") AND `frog_count --all`.\n\n![A FROG](img/frog.png \"t\") SITS.\n\n"
        "<https://a.org/x> OR <me@a.org>, [![CI](s.svg)](ci)\n",
    ),
    "references": (
        "The [pond], [old pond][], [the pond][pond] and [`code`]; ![pond] [x]\n\n[pond]: /a\n[Old Pond]: /b\n[`code`]: /c\n",
        "THE [POND][pond], [OLD POND][old pond], [THE POND][pond] AND [`code`]; ![POND][pond] [X]\n\n[pond]: /a\n"
        "[Old Pond]: /b\n[`code`]: /c\n",
    ),
    "tables": (
        "| a \\| b | `c \\| d` |\n|:--|--:|\n| one \\| two | *x* |\n\nh | i\n--|--\nj | k\n",
        "| A \\| B | `c \\| d` |\n|:--|--:|\n| ONE \\| TWO | *X* |\n\nH | I\n--|--\nJ | K\n",
    ),
    "abbreviations": (
        "The API is open.\n\n*[API]: A way in\n  for programs\n*[W3C group]: Who *writes* it\n",
        "THE API IS OPEN.\n\n*[API]: A WAY IN FOR PROGRAMS\n*[W3C group]: WHO *WRITES* IT\n",
    ),
    "footnotes": (
        "Text[^1] more^[an *inline* note].\n\n[^1]: The note\n    goes on.\n\n    second part\n[^b]: Another.\n",
        "TEXT[^1] MORE^[AN *INLINE* NOTE].\n\n[^1]: THE NOTE GOES ON.\n\n    SECOND PART\n[^b]: ANOTHER.\n",
    ),
    "tasks and definitions": (
        "- [ ] to do\n- [x] done\n\nPond\n: a small lake\n: a place for frogs\n",
        "- [ ] TO DO\n- [x] DONE\n\nPOND\n: A SMALL LAKE\n: A PLACE FOR FROGS\n",
    ),
    "equations": (
        "where $a_1 * b$ is\n$$\nx = y\n$$\nand $$z$$ costs $5 or $6\n\n\\begin{align}\na\n\\end{align}\n",
        "WHERE $a_1 * b$ IS\n$$\nx = y\n$$\nAND $$z$$ COSTS $5 OR $6\n\n\\begin{align}\na\n\\end{align}\n",
    ),
    "templates and attributes": (
        "{% if x %}\nHello {{ user.name }}\n{% endif %}\n\n## Title {#id .c}\n\nsee {ref}`a` [[wiki page]] [@doe2020, p. 3]\n"
        "{: .note}\n\n{{< video a_b >}}\n",
        "{% if x %}\nHELLO {{ user.name }}\n{% endif %}\n\n## TITLE {#id .c}\n\nSEE {ref}`a` [[wiki page]] [@doe2020, p. 3]\n"
        "{: .note}\n\n{{< video a_b >}}\n",
    ),
    "HTML": (
        "Press <kbd>Enter</kbd> or <b>wait</b><!-- c -->\n\n<div>\nhtml stays\n</div>\n",
        "PRESS <kbd>Enter</kbd> OR <b>WAIT</b><!-- c -->\n\n<div>\nhtml stays\n</div>\n",
    ),
    "headings": (
        "# one #\n\ntwo\n===\n\n    code\n\n```sh\ncode\n```\n\n~~old~~ ***both***\n",
        "# ONE #\n\nTWO\n===\n\n    code\n\n```sh\ncode\n```\n\n~~OLD~~ ***BOTH***\n",
    ),
    "characters": (
        "5 &lt; 6, a&nbsp;b, \\*no\\* emphasis, AT&amp;T &copy; \\<b>\n",
        "5 &lt; 6, A&nbsp;B, \\*NO\\* EMPHASIS, AT&amp;T &copy; &lt;b>\n",
    ),
    "other ends of lines": ("# a\r\n\r\nb  \r\nc\r\n", "# A\r\n\r\nB  \r\nC\r\n"),
    "lists, quotes and tables in one another": (
        "1. Dig\n   - deep `x`\n\n     ```sh\n     dig\n     ```\n\n     | a | b |\n     |---|---|\n     | c d | e |\n"
        "2. Plant\n\n> said\nlazily\n>\n> - a list\n>   goes on\n",
        "1. DIG\n   - DEEP `x`\n\n     ```sh\n     dig\n     ```\n\n     | A | B |\n     |---|---|\n     | C D | E |\n"
        "2. PLANT\n\n> SAID LAZILY\n>\n> - A LIST GOES ON\n",
    ),
    "titles of containers": (
        "::: tip Look here\nx\n:::\n\n:::note[A title]\ny\n:::\n\n::: {.callout-tip}\nz\n:::\n\n> [!note]- My title\n> w\n",
        "::: tip LOOK HERE\nX\n:::\n\n:::note[A TITLE]\nY\n:::\n\n::: {.callout-tip}\nZ\n:::\n\n> [!note]- MY TITLE\n> W\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_everything_but_words_stays(case, tmp_path) -> None:
    source, expected = CASES[case]
    assert translated(source, tmp_path) == expected
    assert structure(expected.replace("][pond]", "]").replace("][old pond]", "][]")) == structure(
        source.replace("][pond]", "]")
    ) or case in {"footnotes", "references", "equations", "alerts and containers"}


MDX = """---
title: Start
---

import Tabs from '@theme/Tabs';
export const a = {
  b: `x`,
};

# Start {props.name}

<Tabs groupId="os">
  <TabItem value="win" label="For > all">Open the *door*.</TabItem>
  <TabItem
    value="mac"
    style={{color: "}"}}
  >
    Deep text

    - one item
    - other item

    ```js
    const x = 1;
    ```
  </TabItem>
</Tabs>

{/* a comment */}

1 \\< 2 and \\{x\\}
"""


def test_mdx(tmp_path) -> None:
    out = translated(MDX, tmp_path, ".mdx")
    expected = MDX
    for words in ("# Start", "Open the", "door", "Deep text", "one item", "other item", "and"):
        expected = expected.replace(words, words.upper())
    assert out == expected
    # What a translation has of braces and tags is text.
    assert written("Hello\n", ["{x} <Tabs> a"], "mdx") == "\\{x\\} \\<Tabs> a\n"


def test_quarto(tmp_path) -> None:
    source = "---\ntitle: A\n---\n\n::: {.column}\nSee @fig-a, `r x + 1`.\n:::\n\n```{r}\nplot(1)\n```\n\n![Plot](p.png){#fig-a}\n"
    expected = source.replace("See", "SEE").replace("Plot", "PLOT")
    assert translated(source, tmp_path, ".qmd") == expected
    assert translated(source, tmp_path, ".Rmd") == expected


def test_soft_breaks() -> None:
    assert texts("one\ntwo *three*\nfour\n") == ["one two <1>three</1> four"]
    assert texts("池塘\n里有\nfrogs\n") == ["池塘里有 frogs"]
    assert texts("연못\n개구리\n") == ["연못 개구리"]


def test_what_is_shown() -> None:
    assert texts("a `b` and ``c ` d`` <2> `<1>`\n") == ["a `b` and <1/> <2/> <3/>"]
    assert texts("\\` a `b`\n") == ["` a <1/>"]
    assert written("a `b` c\n", ["`x` `b` `b`"]) == "\\`x\\` `b` \\`b\\`\n"


@pytest.mark.parametrize(
    ("source", "translation", "expected"),
    [
        ("a\n", "# b", "\\# b\n"),
        ("a\n", "1. b", "1\\. b\n"),
        ("a\n", "- b", "\\- b\n"),
        ("a\n", "> b", "\\> b\n"),
        ("a\n", "---", "\\---\n"),
        ("a\n", "```x", "\\```x\n"),
        ("a\n", "<div> b", "\\<div> b\n"),
        ("a\n", "::: b", "\\::: b\n"),
        ("a\n", "!!! note", "\\!!! note\n"),
        ("a\n", "[^1]: b", "\\[^1]: b\n"),
        ("a\n", "[b]: c", "\\[b]: c\n"),
        ("a\n", "b *c* d_e_f 2 * 3 `g`", "b \\*c\\* d_e_f 2 * 3 \\`g\\`\n"),
        ("a\n", "2 * 3 d_e_f a & b < c [d] $5", "2 * 3 d_e_f a & b < c [d] $5\n"),
        ("a\n", "&amp; \\* \\x", "&amp;amp; \\\\* \\x\n"),
        ("a\n", "$x$ {{ y }} {#z}", "\\$x\\$ \\{\\{ y \\}\\} \\{#z\\}\n"),
        ("# a #\n", "b ##", "# b \\## #\n"),
        ("a\\\nb\n", "c\n- d", "c\\\n\\- d\n"),
        ("| a |\n|---|\n", "b | c\\", "| b \\| c&#92; |\n|---|\n"),
        ("[a](u)\n", "<1>b]</1>(c)", "[b\\]](u)\\(c)\n"),
        ("x [a](u)\n", "y!<1>b</1>", "y\\![b](u)\n"),
        ("[b]: /u\n\na\n", "[b]", "[b]: /u\n\n\\[b]\n"),
        ("[b]: /u\na\n", '"c"', '[b]: /u\n\\"c"\n'),
        ("*a* b\n", "<1>b </1>c", "*b* c\n"),
        ("*a* b\n", "c<1>b</1>d", "c*b*d\n"),
        ("_a_ b\n", "c<1>b</1>d", "c*b*d\n"),
        ("_a_ b\n", "<1>b</1> d", "_b_ d\n"),
        ("**a** b\n", "池<1>“里。”</1>有", "&#27744;**“里。”**&#26377;\n"),
        ("[a](u) [b](v)\n", "<1>a <2>b</2></1>", "[a ](u)[b](v)\n"),
        ("!!! note \"a\"\n    b\n", 'say "x"', "!!! note \"say &#34;x&#34;\"\n    b\n"),
        ("a\n", "", "a\n"),
    ],
)  # fmt: skip
def test_text_never_becomes_markup(source, translation, expected) -> None:
    units = texts(source)
    got = written(source, [translation, *units[1:]])
    assert got == expected
    assert len(texts(got)) == len(units) or translation == "---"


SAID = [
    "*", "**", "_", "__", "`", "``", "[", "]", "](u)", "![", "[r]", "<b>", "</b>", "&amp;", "&", "\\", "  ", " ", "a", "bc",
    "。", "字", "!", "(", ")", "~~", "|", "#", "# ", "1. ", "- ", "+ ", "> ", "```", "---", "===", "=", "$x$", "{%a%}", "<",
    "::: ", "!!! a", ": a", "[^1]: a", "a_b", "a*b*c", "é", ".", "**字**", '"q"', "[a]: b", "<!-- a -->", "\u3000", "\t",
    "\u200b", "\x0b", "$$", "[[a]]", "^[a]", "{#a}", "<br>", "\\begin{a}", "[x] ",
]  # fmt: skip
WRITTEN = [
    "# ", "## ", "> ", "- ", "1. ", "\n", "\n\n", "para ", "*em*", "**strong**", "***both***", "_e_", "[link](u)", "[r]",
    "![img](u)", "`code`", "``c`d``", "<b>x</b>", "| a | b |\n|---|---|\n| c | d\\|e |\n", "  \n", "\\\n", "text", "word. ",
    "&amp;", "\\*", "[r]: /u\n", "字。", "<https://x.org>", "===\n", "~~s~~", "a [*x* `y`](u) b", "[![i](s)](t)", " ",
    "<code>q</code>", "$x$", "[^1]", "[^1]: note\n", ": def\n", "\t", "\r\n", "<br>", "    ",
]  # fmt: skip
_KEPT = re.compile(rf"{TAG.pattern}|(?<!`)`[^`\n]+`(?!`)")


def any_translation(text, random):
    """Keep codes, code spans and the number of lines, and say anything else."""

    def said():
        return "".join(random.choice(SAID) for _ in range(random.randint(0, 3))).replace("`", "")

    return "\n".join(said() + "".join(kept[0] + said() for kept in _KEPT.finditer(line)) for line in text.split("\n"))


def test_spans_of_code_that_come_to_touch() -> None:
    read = document("`a`para `b` and `a`")
    assert b"".join(read.render(["`a``b``a` para"])).decode() == "`a` `b` `a` para"


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(WRITTEN), max_size=12), st.randoms(use_true_random=False))
def test_any_translation_keeps_the_structure(parts, rnd) -> None:
    source = "".join(parts)
    read = document(source)
    assert b"".join(read.render([u.text for u in read.units])).decode() == source
    said = [any_translation(unit.text, rnd) for unit in read.units]
    out = b"".join(read.render(said)).decode()
    again = document(out)
    assert [u.place.split()[0] for u in again.units] == [u.place.split()[0] for u in read.units if True][
        : len(again.units)
    ]
    for unit, before in zip(again.units, read.units, strict=False):
        del unit, before
    if "[^1]: note" not in source and ": def" not in source and "$" not in source:
        assert structure(out) == structure(source), (source, said, out)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from([*WRITTEN, *SAID]), max_size=14))
def test_places_of_signs(parts) -> None:
    """Signs and the text between them join to what was read, whatever that is."""
    content = "\n".join(line.strip(" \t") for line in "".join(parts).replace("\r", "").split("\n")).strip()
    signs = scan(parser(jsx=False), content, {"references": {"R": {"href": "/r", "title": ""}}})
    back = "".join(content[sign.start : sign.end] if sign.start >= 0 else sign.raw for sign in signs)
    assert sorted(back) == sorted(content)  # a third tilde stands after the two that close
    assert back == content or "~~~" in content


def test_keys_of_front_matter(tmp_path) -> None:
    yaml = (
        "---\ntitle: Our pond  # words\nslug: our-pond\ndescription: \"It is \\\"deep\\\"\"\nsummary: 'It''s'\ntags: [a]\n"
        "text: |\n  title: no\nlong: goes\n  on\ndraft: false\n---\nBody.\n"
    )
    keys = ("title", "description", "summary", "text", "long", "draft", "tags")
    assert texts(yaml, columns=keys) == ["Our pond", 'It is "deep"', "It's", "Body."]
    out = written(yaml, ["a: b #c", 'x "y" \\', "don't", "Z"], columns=keys)
    expected = yaml.replace("Our pond", '"a: b #c"').replace('\\"deep\\""', '\\"deep\\""')
    expected = expected.replace('"It is \\"deep\\""', '"x \\"y\\" \\\\"').replace("'It''s'", "'don''t'")
    assert out == expected.replace("Body.", "Z")
    yaml_library = pytest.importorskip("yaml")
    assert yaml_library.safe_load(out.split("---")[1])["title"] == "a: b #c"
    toml = '+++\ntitle = "Pond"\nname = \'x\'\n[params]\ntitle = "no"\n+++\n'
    assert texts(toml, columns=("title", "name")) == ["Pond", "x"]
    out = written(toml, ['a "b"', "it's"], columns=("title", "name"))
    assert out == toml.replace('"Pond"', '"a \\"b\\""').replace("'x'", '"it\'s"')
    assert translated("---\ntitle: Pond\n---\n\nFrogs\n", tmp_path, columns=("title",)) == (
        "---\ntitle: POND\n---\n\nFROGS\n"
    )


@pytest.mark.parametrize(
    "name",
    [
        "a.rst",
        "b.tex",
        "c.adoc",
        "d.org",
        "e.ts",
        "f.tmx",
        "g.ipynb",
        "h.py",
        "i.java",
        "J.RST",
        "k.mxliff",
        "l.opf",
        "m.xaml",
    ],
)
def test_structure_that_is_not_read_is_refused(name, tmp_path) -> None:
    path = tmp_path / name
    path.write_text("Hello\n", "utf-8")
    with pytest.raises(DocumentError, match=r"has a structure that is not read here: .* use `format` text") as error:
        translate_document(path, tmp_path / "out", Capitals(), target="ru")
    assert "\n" not in str(error.value)
    translate_document(path, tmp_path / "out", Capitals(), target="ru", form="text")
    assert (tmp_path / "out").read_text("utf-8") == "HELLO\n"


def test_other_names_are_plain_text() -> None:
    for name in ("README", "a.txt", "b.text", "notes.v2", "c.log", "d.en", ".hidden"):
        assert pick_format(name, None, ()) is None
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in UNREAD)
    with pytest.raises(InputError):
        pick_format("a.rst", None, ("a",))


def test_jsx() -> None:
    for text, end in (
        ("<a>b", 3), ("</a> c", 4), ("<>x", 2), ('<A b={"}"} c=">">d', 17), ("<A b={`${x}`}/>", 15), ("{/* } */}x", 9),
        ("{a{b}c}d", 7), ("< a>", 0), ("<a", 0), ("{a", 0), ('{"a\\"}"}', 8), ("<!-- x -->y", 10),
    ):  # fmt: skip
        assert jsx_end(text, 0, len(text)) == end, text


def test_long_units_are_cut_between_codes(tmp_path) -> None:
    source = (
        "".join(f"word{i} [link number {i}](https://a.org/p{i}_x) `code {i}` *and more*, " for i in range(60))
        + "end.\n"
    )
    out = translated(source, tmp_path)
    assert out.lower() == source.lower()
    assert structure(out) == structure(source)


def test_many_lines_and_codes_are_read_in_time() -> None:
    source = "*a* `b`\n" * 3000 + "[c](d)\n" * 3000
    read = document(source)
    assert len(read.units) == 1
    out = b"".join(read.render([read.units[0].text.replace("c", "e")])).decode()
    assert out.count("[e](d)") == 3000


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_remark_reads_what_is_written(tmp_path) -> None:
    script = "import('remark').then(() => process.exit(0), () => process.exit(3))"
    if subprocess.run(["node", "-e", script], check=False, timeout=60).returncode:
        pytest.skip("needs remark")
    script = (
        "import('remark').then(async ({remark}) => {const shape = n => [n.type, n.url || '', (n.children || []).map(shape)];"
        "const fs = require('fs'); for (const f of process.argv.slice(1)) "
        "console.log(JSON.stringify(shape(remark().parse(fs.readFileSync(f, 'utf8')))))})"
    )
    source = CASES["links, images, code"][0] + CASES["hard breaks"][0]
    (tmp_path / "a.md").write_text(source, "utf-8")
    (tmp_path / "b.md").write_text(translated(source, tmp_path), "utf-8")
    shapes = subprocess.run(
        ["node", "-e", script, str(tmp_path / "a.md"), str(tmp_path / "b.md")],
        check=True,
        capture_output=True,
        timeout=60,
    ).stdout.splitlines()
    assert shapes[0] == shapes[1]


def test_random_documents_say_what_they_should() -> None:
    """The text of each unit, read again from the output, is the translation, but for blanks at its ends."""
    rnd = random.Random(1)
    for _ in range(200):
        source = "".join(rnd.choice(WRITTEN) for _ in range(8)).replace("\r\n", "\n")
        read = document(source)
        said = ["x" + any_translation(unit.text, rnd).replace("\x0b", "") + "y" for unit in read.units]
        again = document(b"".join(read.render(said)).decode())
        assert len(again.units) == len(read.units), (source, said)
        for unit, text in zip(again.units, said, strict=True):
            bare = re.sub(r"[ \t\u200b]+", "", TAG.sub("", text))
            assert re.sub(r"[ \t\u200b]+", "", TAG.sub("", unit.text)) == bare, (source, text)


@pytest.mark.parametrize("case", CASES)
def test_a_good_output_has_the_codes_of_its_source(case) -> None:
    """As a check of outputs compares them."""
    source = document(CASES[case][0])
    output = document(b"".join(source.render([capitals(unit.text) for unit in source.units])).decode())
    for before, after in zip(source.units, output.units, strict=True):
        assert sorted(code.raw for code in after.codes.values()) == sorted(code.raw for code in before.codes.values())
        assert lost(before.text, after.text) == Lost()


HOSTILE = [
    "{", "{{", "{%", "{#", "$", "$$", "$$\n", "$a", "<A b={", '<A b="', "<A>", "</A>", "<A\n", "[^", "^[", "[^1]: ", "[[",
    "@a-", ":::\n", '!!! a "b"\n    ', ": a\n", "\\begin{a}\n", "> [!a] b\n", "import a\n\n", "a\n    ", "<code>",
    "[a@b ", "`${", "/*",
]  # fmt: skip


@pytest.mark.parametrize("form", ["markdown", "mdx"])
def test_reading_takes_time_in_proportion(form) -> None:
    for piece in HOSTILE:
        for around in ("{}", "a {}\n"):
            grows_linearly(
                lambda n, piece=piece, around=around: around.replace("{}", piece * (n // len(piece))).encode(),
                through(form),
                2000,
            )


@pytest.mark.parametrize("form", ["markdown", "mdx"])
def test_blocks_deep_in_one_another(form) -> None:
    for line in ("{}a\n", "{}!!! a\n", "{}[^1]: a\n", "{}<A>\n\n", "{}> a\n"):
        source = "".join(line.format("    " * i) for i in range(150)) + ": " * 500 + "a\n"
        read = document(source, form)
        assert b"".join(read.render([unit.text for unit in read.units])).decode() == source
        b"".join(read.render([f"ZZ {unit.text}" for unit in read.units]))
    deep = "".join(f"*a{i} " for i in range(60)) + "".join(f"b{i}* " for i in range(60)) + "\n"
    assert structure(written(deep, [text.replace("a", "c") for text in texts(deep)])) == structure(deep)
