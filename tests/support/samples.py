"""A small document of each format for any texts, and what its translation says."""

import io
import json
import zipfile

PLAIN = {
    "txt": lambda t: "".join(f"{x}\n" for x in t),
    "md": lambda t: "# 题目\n\n" + "".join(f"{x}\n\n" for x in t) + "```\ncode\n```\n",
    "html": lambda t: "<html><body>" + "".join(f"<p>{x}</p>\n" for x in t) + "</body></html>\n",
    "po": lambda t: (
        'msgid ""\nmsgstr "Language: \\n"\n\n'
        + "".join(f'#: a.c:{i}\nmsgid "{x}"\nmsgstr ""\n\n' for i, x in enumerate(t))
    ),
    "xlf": lambda t: (
        '<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"><file original="a"><body>\n'
        + "".join(f'<trans-unit id="u{names(t)[i]}"><source>{x}</source></trans-unit>\n' for i, x in enumerate(t))
        + "</body></file></xliff>\n"
    ),
    "xliff": lambda t: (
        '<xliff version="2.0" srcLang="zh" xmlns="urn:oasis:names:tc:xliff:document:2.0"><file id="f">\n'
        + "".join(
            f'<unit id="u{names(t)[i]}"><segment><source>{x}</source></segment></unit>\n' for i, x in enumerate(t)
        )
        + "</file></xliff>\n"
    ),
    "xcstrings": lambda t: (
        '{\n  "sourceLanguage" : "zh",\n  "strings" : {'
        + ",".join(
            f'\n    "u{names(t)[i]}" : {{\n      "localizations" : {{\n        "zh" : '
            f'{{"stringUnit": {{"value": "{x}"}}}}\n      }}\n    }}'
            for i, x in enumerate(t)
        )
        + "\n  }\n}\n"
    ),
    "json": lambda t: json.dumps([{"t": x, "n": 1} for x in t], ensure_ascii=False, indent=1) + "\n",
    "jsonl": lambda t: "".join(json.dumps({"t": x}, ensure_ascii=False) + "\n" for x in t),
    "srt": lambda t: "".join(f"{i}\n00:00:0{i},000 --> 00:00:0{i},500\n{x}\n\n" for i, x in enumerate(t, 1)),
    "vtt": lambda t: "WEBVTT\n\n" + "".join(f"00:0{i}.000 --> 00:0{i}.500\n{x}\n\n" for i, x in enumerate(t, 1)),
    "ass": lambda t: (
        "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        + "".join(f"Dialogue: 0,0:00:0{i}.00,0:00:0{i}.50,Default,,0,0,0,,{x}\n" for i, x in enumerate(t))
    ),
    "csv": lambda t: "k,t\n" + "".join(f"{i},{x}\n" for i, x in enumerate(t)),
    "tsv": lambda t: "k\tt\n" + "".join(f"{i}\t{x}\n" for i, x in enumerate(t)),
    "yaml": lambda t: "n: 1\nall:\n" + "".join(f"- t: {x} # note\n" for x in t),
    "properties": lambda t: "# 题目\n" + "".join(f"t = {x}\n" for x in t),
    "strings": lambda t: "/* 题目 */\n" + "".join(f'"t" = "{x}";\n' for x in t),
    "strings.xml": lambda t: (
        "<resources>\n" + "".join(f'<string name="t">{x}</string>\n' for x in t) + "</resources>\n"
    ),
    "resx": lambda t: "<root>\n" + "".join(f'<data name="t"><value>{x}</value></data>\n' for x in t) + "</root>\n",
    "ftl": lambda t: "# 题目\n" + "".join(f"t = {x}\n" for x in t),
}


def names(texts):
    """A stable name for each text: that of its first sign, as programs name messages by what they are for."""
    return [ord(text[0]) for text in texts]


def docx(texts):
    import docx

    document = docx.Document()
    for text in texts:
        document.add_paragraph(text)
    stream = io.BytesIO()
    document.save(stream)
    return undated(stream.getvalue())


def undated(data):
    """Return an archive that does not tell when it was made."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as written:
        for name in archive.namelist():
            written.writestr(zipfile.ZipInfo(name), archive.read(name))
    return out.getvalue()


def epub(texts):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", "<container/>")
        half = len(texts) // 2
        for name, own in (("one", texts[:half]), ("two", texts[half:])):
            archive.writestr(f"OEBPS/{name}.xhtml", PLAIN["html"](own))
    return undated(stream.getvalue())


FORMATS = (*PLAIN, "docx", "epub")
KEYED = ("po", "xlf", "xliff", "xcstrings")
"""Formats that name their pieces."""


def make(form, *texts):
    if form == "docx":
        return docx(texts)
    return epub(texts) if form == "epub" else PLAIN[form](texts).encode()


def edit(data, old, new):
    """Replace a text in a file, whatever its format."""
    assert old in said(data)
    if not data.startswith(b"PK"):
        return data.replace(old.encode(), new.encode())
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w") as written:
        for info in archive.infolist():
            written.writestr(info, archive.read(info).replace(old.encode(), new.encode()))
    return out.getvalue()


def said(data):
    """All that stands in a file."""
    if not data.startswith(b"PK"):
        return data.decode()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return "\n".join(archive.read(n).decode() for n in archive.namelist() if n.endswith(("ml", "rels")))
