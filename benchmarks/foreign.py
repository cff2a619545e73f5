"""Whether programs of other people read what comes out as they read what went in.

    python benchmarks/foreign.py FOLDER [--epubcheck JAR] [--remark FOLDER] [--schema XSD]

Each file of FOLDER is translated by the perfect stand-in of `whole.py`. Its source and its output are then given to the
tools of its format: epubcheck (https://www.w3.org/publishing/epubcheck, a jar), msgfmt (gettext), translate-toolkit for
XLIFF and, given a schema, lxml's validation; remark (FOLDER has the node_modules of `npm install remark-parse
remark-gfm remark-frontmatter unified`); LibreOffice, which makes a PDF of Word documents; ffmpeg, which reads the times
of subtitles. An output is read alike where a tool says nothing of it that it does not say
of the source. Tools that are absent are passed over. A card for people, then one JSON line.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tabulate import tabulate
from whole import STAND_INS, documents, through_the_interface

import mtreason

PATIENCE = 60
"""Seconds for one file: epubcheck never ends at some that it is tested with."""
Reader = Callable[[Path], list[str] | None]
"""Returns what a tool says of a file; None where it cannot read it at all."""
_REMARK = """
import {readFileSync} from 'fs'
import {unified} from 'unified'
import parse from 'remark-parse'
import gfm from 'remark-gfm'
import front from 'remark-frontmatter'
const found = []
const walk = (node) => {
  const words = node.type === 'code' || node.type === 'inlineCode' ? node.value : ''
  if (node.type !== 'text') found.push([node.type, node.url ?? '', node.depth ?? '', node.lang ?? '', words].join(' '))
  for (const child of node.children ?? []) walk(child)
}
const text = readFileSync(process.argv[2], 'utf8')
walk(unified().use(parse).use(gfm).use(front, ['yaml', 'toml']).parse(text))
console.log(JSON.stringify(found))
"""


def _run(*command: str | Path, cwd: Path | None = None) -> tuple[int, str, str]:
    """Return the exit status of a tool, what it says, and its complaints; one that waits for ever has failed."""
    parts = list(map(str, command))
    try:
        done = subprocess.run(  # noqa: S603 - tools of this machine
            parts, capture_output=True, encoding="utf-8", errors="replace", check=False, cwd=cwd, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return 1, "", ""
    return done.returncode, done.stdout, done.stderr


def epubcheck(jar: Path) -> Reader:
    def read(path: Path) -> list[str] | None:
        said = "".join(_run("java", "-jar", jar, path)[1:])
        found = re.findall(r"^(?:FATAL|ERROR)\((\S+?)\)", said, re.MULTILINE)
        return sorted(found) if "completed" in said else None

    return read


def msgfmt(path: Path) -> list[str] | None:
    return None if _run("msgfmt", "-c", "-o", "-", path)[0] else []


def toolkit(path: Path) -> list[str] | None:
    """Read XLIFF 1.2 and 2 with translate-toolkit: as many units, with the same sources."""
    from translate.storage import factory, xliff2

    data = path.read_bytes()
    try:
        store = xliff2.Xliff2File(data) if b"xliff:document:2" in data else factory.getobject(str(path))
        return [str(unit.source) for unit in store.units]
    except Exception:  # noqa: BLE001 - what it raises at files that it cannot read is its own
        return None


def schema(xsd: Path) -> Reader:
    from lxml import etree

    known = etree.XMLSchema(etree.parse(xsd))

    def read(path: Path) -> list[str] | None:
        known.validate(etree.parse(path))
        return sorted({re.sub(r"'[^']*'", "…", error.message) for error in known.error_log})

    return read


def remark(modules: Path) -> Reader:
    script = modules / "read_as_remark_does.mjs"
    script.write_text(_REMARK, "utf-8")

    def read(path: Path) -> list[str] | None:
        status, said, _ = _run("node", script, path.absolute(), cwd=modules)
        return None if status else json.loads(said)

    return read


def libreoffice(path: Path) -> list[str] | None:
    """Make a PDF of a document, in a profile of its own."""
    with tempfile.TemporaryDirectory() as folder:
        profile = f"-env:UserInstallation={Path(folder, 'profile').as_uri()}"
        _run("soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", folder, path)
        return [] if Path(folder, path.with_suffix(".pdf").name).exists() else None


def ffmpeg(path: Path) -> list[str] | None:
    """Return when each cue begins and ends."""
    status, said, _ = _run("ffmpeg", "-v", "error", "-i", path, "-f", "srt", "-")
    return None if status else re.findall(r"^\d+:\d\d:\d\d,\d+ --> .*$", said, re.MULTILINE)


def readers(asked: argparse.Namespace) -> Iterator[tuple[str, str, Reader]]:
    """Yield the format, the name and the call of each tool that is there."""
    if asked.epubcheck and shutil.which("java"):
        yield "epub", "epubcheck", epubcheck(asked.epubcheck)
    if shutil.which("msgfmt"):
        yield "po", "msgfmt", msgfmt
    yield "xliff", "translate-toolkit", toolkit
    if asked.schema:
        yield "xliff", "schema", schema(asked.schema)
    if asked.remark and shutil.which("node"):
        yield "markdown", "remark", remark(asked.remark)
    if shutil.which("soffice"):
        yield "docx", "LibreOffice", libreoffice
    if shutil.which("ffmpeg"):
        for form in ("srt", "vtt", "ass"):
            yield form, f"ffmpeg, {form}", ffmpeg


def judge(path: Path, read: Reader) -> tuple[str, str]:
    """Return what became of a file, and in which way."""
    before = read(path)
    if before is None:
        return "not read before", ""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / path.name
        try:
            through_the_interface(path, out, STAND_INS["perfect"], ())
        except mtreason.MtreasonError as error:
            return "refused", str(error)
        after = read(out)
    if after is None:
        return "not read any more", ""
    news = Counter(after) - Counter(before), Counter(before) - Counter(after)
    return ("read otherwise", f"new: {dict(news[0])}, gone: {dict(news[1])}") if any(news) else ("read alike", "")


KINDS = ("read alike", "read otherwise", "not read any more", "not read before", "refused")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--epubcheck", type=Path, metavar="JAR", help="the jar of epubcheck")
    parser.add_argument("--remark", type=Path, metavar="FOLDER", help="a folder with the node_modules of remark")
    parser.add_argument("--schema", type=Path, metavar="XSD", help="a schema of XLIFF")
    parser.add_argument("--most", type=int, default=1000, help="files a format (default: 1000)")
    asked = parser.parse_args(arguments)
    counts: dict[str, Counter[str]] = {}
    found = list(documents(asked.folder))
    for form, name, read in readers(asked):
        own = [path for path, its in found if its == form][: asked.most]
        for path in own:
            kind, how = judge(path, read)
            counts.setdefault(name, Counter())[kind] += 1
            if kind in {"read otherwise", "not read any more"}:
                print(f"{name}: {path}: {kind} {how[:400]}")
    print(tabulate([[name, *(c[kind] or "" for kind in KINDS)] for name, c in counts.items()], ["tool", *KINDS]))
    print(json.dumps({"folder": str(asked.folder), **{name: {k: c[k] for k in KINDS} for name, c in counts.items()}}))


if __name__ == "__main__":
    main()
