"""The formats of glossary files. A new one is a file with `read`, `write` and `KEEPS`, and a line below."""

from __future__ import annotations

from types import ModuleType

from mtreason.glossary.formats import csv, json, tbx, tmx, tsv, txt, utx

FORMATS: dict[str, ModuleType] = {
    "tsv": tsv, "csv": csv, "txt": txt, "json": json, "tbx": tbx, "utx": utx, "tmx": tmx,
}  # fmt: skip
"""By the extension of a file's name."""

ALSO = {"": "tsv", "tab": "txt", "utf8": "txt", "xml": "tbx", "tbxm": "tbx", "martif": "tbx", "terms": "tsv"}
"""Further extensions of files that are read, and their formats."""

ADVICE = {
    "xlsx": "an Excel workbook: save it as CSV", "xls": "an Excel workbook: save it as CSV",
    "ods": "a spreadsheet: save it as CSV", "numbers": "a spreadsheet: save it as CSV",
    "md": "Markdown: write its table as CSV", "html": "HTML: write its table as CSV",
    "htm": "HTML: write its table as CSV", "po": "a gettext catalogue: translate with it as a document",
    "pot": "a gettext catalogue: translate with it as a document", "mo": "a compiled gettext catalogue: use its .po",
    "xlf": "XLIFF: export a glossary as TBX or CSV", "xliff": "XLIFF: export a glossary as TBX or CSV",
    "yaml": "YAML: write it as JSON or TSV", "yml": "YAML: write it as JSON or TSV",
    "toml": "TOML: write it as JSON or TSV", "docx": "a Word document: write its table as CSV",
    "doc": "a Word document: write its table as CSV", "pdf": "a PDF: write its table as CSV",
    "sdltb": "a MultiTerm termbase: export it as TBX or CSV", "sdltm": "a Trados memory: export it as TMX",
    "mtf": "a MultiTerm file: export it as TBX or CSV", "zip": "an archive: unpack it", "gz": "an archive: unpack it",
}  # fmt: skip
"""What files are that are no glossaries, by their extension, and what can be done."""
