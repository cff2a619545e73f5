"""Which reader a file gets: the table of formats, by the extensions of names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from mtreason.documents.protocol import Document, Reading
from mtreason.errors import DocumentError, SettingError, near

MOST_BYTES = 128 << 20
"""The largest size of a file in a format that is read at once."""


@dataclass(frozen=True, slots=True)
class Format:
    """One way to read a file."""

    name: str
    suffixes: tuple[str, ...]
    """How names end: suffixes with their dot, or whole names."""
    read: Callable[[bytes, str, Reading], Document]
    """Reads a file, given its bytes, its name for messages, and what else it is told."""
    columns: bool = False
    """Whether the format uses columns or keys."""


def _lazily(module: str, function: str, *more: str) -> Callable[[bytes, str, Reading], Document]:
    """Return a reader that imports its module at its first use."""

    def read(data: bytes, name: str, reading: Reading) -> Document:
        reader = getattr(import_module(f"mtreason.documents.{module}"), function)
        document: Document = reader(data, name, reading, *more)
        return document

    return read


TEXT = "text"
FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format(
            "markdown",
            (".md", ".markdown", ".mdown", ".mdtext", ".mdtxt", ".mdwn", ".mkd", ".mkdn", ".mkdown", ".qmd", ".rmd"),
            _lazily("markdown.read", "read_markdown"),
            columns=True,
        ),
        Format("mdx", (".mdx",), _lazily("markdown.read", "read_mdx"), columns=True),
        Format("html", (".html", ".htm", ".shtml", ".xhtml", ".xht"), _lazily("html.read", "read_html")),
        Format("srt", (".srt",), _lazily("subtitles.read", "read_srt")),
        Format("vtt", (".vtt",), _lazily("subtitles.read", "read_vtt")),
        Format("ass", (".ass", ".ssa"), _lazily("subtitles.read", "read_ass")),
        Format("po", (".po", ".pot"), _lazily("catalogues.po", "read_po")),
        Format("xliff", (".xlf", ".xliff"), _lazily("catalogues.xliff", "read_xliff")),
        Format("json", (".json", ".arb"), _lazily("data.json_text", "read_json"), columns=True),
        Format("jsonl", (".jsonl", ".ndjson"), _lazily("data.json_text", "read_jsonl"), columns=True),
        Format("yaml", (".yaml", ".yml"), _lazily("data.yaml_text", "read_yaml"), columns=True),
        Format("properties", (".properties",), _lazily("strings.properties", "read_properties")),
        Format("android", ("strings.xml", "arrays.xml", "plurals.xml"), _lazily("strings.android", "read_android")),
        Format("strings", (".strings",), _lazily("strings.apple", "read_strings")),
        Format("xcstrings", (".xcstrings",), _lazily("strings.xcstrings", "read_xcstrings")),
        Format("resx", (".resx", ".resw"), _lazily("strings.resx", "read_resx")),
        Format("fluent", (".ftl",), _lazily("strings.fluent", "read_fluent")),
        Format("csv", (".csv",), _lazily("data.tables", "read_table", ","), columns=True),
        Format("tsv", (".tsv",), _lazily("data.tables", "read_table", "\t"), columns=True),
        Format("docx", (".docx", ".docm", ".dotx", ".dotm"), _lazily("word.read", "read_docx")),
        Format("epub", (".epub",), _lazily("html.epub", "read_epub")),
    )
}
"""All formats except plain text, which is read line by line."""

UNREAD = frozenset(
    suffix
    for suffixes in (
        # documents
        ".abw .adoc .asciidoc .asciidoctor .azw .azw3 .bib .creole .dbk .dita .ditamap .djvu .doc .docbook"
        " .dot .enex .fb2 .fodp .fods .fodt .icml .idml .indd .ipynb .key .latex .lyx .mediawiki"
        " .eml .epub3 .fountain .hwp .ics .mdc .mht .mhtml .mif .mobi .msg .ncx .numbers"
        " .odg .odp .ods .odt .opf .opml .org .ott .pages .pdf .pod .potx .pps .ppsx .ppt .pptx"
        " .rdoc .rest .rst .rtf .sxw .tex .texi .texinfo .textile .typ .wiki .wpd .wps .xls .xlsm .xlsx",
        # localisation and subtitles
        " .dfxp .gmo .itt .lrc .mo .mqxliff .mxliff .mxlf .plist .qm .rc .resjson .sbv"
        " .scc .sdlxliff .smi .stl .storyboard .stringsdict .sub .tbx .tmx .ts .ttml .ttx .txlf .txml .wcml .wxl"
        " .xcloc .xib .xlz .xmb .xtb .xtg",
        # data and settings
        ".atom .axaml .avro .cfg .cnf .conf .dtd .edn .env .geojson .hcl .hjson .ini .json5 .jsonc .jsonld .parquet"
        " .fxml .pbxproj .proto .qml .rdf .rss .sqlite .svg .toml .vcf .webmanifest .wsdl .xaml .xml .xsd .xsl .xslt",
        # programs and templates
        ".asm .asp .aspx .astro .bash .bat .c .cc .cjs .clj .cls .cmake .cmd .coffee .cpp .cs .cshtml .css"
        " .cxx .d .dart .ejs .el .erb .erl .ex .exs .fish .fs .go .gql .gradle .graphql .groovy .h .haml"
        " .handlebars .hbs .hpp .hs .hxx .j2 .java .jinja .jinja2 .jl .js .jsp .jsx .kt .kts .less .liquid"
        " .lisp .lua .m .mak .mjs .mk .ml .mm .mustache .nim .njk .php .phtml .pl .pm .ps1 .pug .py .pyi .pyw"
        " .r .rb .rkt .rs .sass .scala .scss .sh .slim .sql .sty .styl .svelte .swift .tf .tpl .tsx .twig .vb"
        " .vue .zig .zsh",
    )
    for suffix in suffixes.split()
)
"""Suffixes that name a structure which no format here reads: as plain text such a file would be damaged."""


def pick_format(name: str, asked: str | None, columns: Sequence[str]) -> Format | None:
    """Return the format that was asked for, or else the one of the name; None for plain text.

    Raises `InputError` for a format that does not exist, and for columns in a format that has none, and `DocumentError`
    for a name that says it has a structure which is not read.
    """
    if asked is not None and asked not in {TEXT, *FORMATS}:
        known = [TEXT, *FORMATS]
        raise SettingError(f"`format` {asked!r}: no such format{near(asked, known)} (there are {', '.join(known)})")
    found = FORMATS.get(asked) if asked is not None else next((f for f in FORMATS.values() if _named(name, f)), None)
    suffix = Path(name).suffix.lower()
    if asked is None and found is None and suffix in UNREAD:
        raise DocumentError(
            f"{name}: a {suffix} file has a structure that is not read here: convert it to a format that is read "
            f"({', '.join(FORMATS)}), or use `format` {TEXT} to translate it as plain text all the same"
        )
    if columns and (found is None or not found.columns):
        raise SettingError(
            f"`column` {columns[0]}: {name} is read as {found.name if found else TEXT}, which has no columns"
        )
    return found


def _named(name: str, form: Format) -> bool:
    """Whether a file's name ends as those of a format do."""
    path = Path(name)
    whole = tuple(suffix for suffix in form.suffixes if not suffix.startswith("."))
    return path.suffix.lower() in form.suffixes or bool(whole and path.name.lower().endswith(whole))


def read_document(path: Path, form: Format, reading: Reading | None = None) -> Document:
    """Read a whole file; raises `DocumentError` that names the place of a fault."""
    from mtreason.documents.text import open_text

    with open_text(path) as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise DocumentError(f"{path}: larger than {MOST_BYTES >> 20} MB: cut it into parts")
    return form.read(data, str(path), reading or Reading())
