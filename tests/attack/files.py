"""Hostile files for everything that reads one: `python tests/attack/files.py --seed 1` (some minutes).

Files of every format are made from a seed: damaged, endless, deep, in odd encodings, with entities, with paths that
lead elsewhere. Each is read or refused in one line, within a time and a memory, and nothing beside it is read, written
or run. Then every command is given odd files under odd names.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

SECONDS = 20
"""What one file may take, on a machine that does other things as well."""
MEMORY = 3 << 30
"""Bytes of address space that a reader may have; the libraries alone take a third of it."""
LONG = 60_000
"""Characters of a repeated piece."""
SECRET = "the-secret-of-this-machine"

SAMPLES = {
    "txt": "今天天气很好。\nNow it rains.\n",
    "md": "# Title\n\nSome *text* with `code` and [a link](x.html).\n\n| a | b |\n|---|---|\n| c | d |\n",
    "html": '<html><body><p>One <b>two</b> &amp; three</p><a href="x">four</a></body></html>',
    "srt": "1\n00:00:01,000 --> 00:00:02,000\nHello there\n",
    "vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\nHello there\n",
    "ass": "[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,Hello\n",
    "po": 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Open"\nmsgstr ""\n',
    "xlf": '<xliff version="1.2"><file><body><trans-unit id="1"><source>Hello</source></trans-unit></body></file>'
    "</xliff>",
    "json": '{"a": "Hello", "b": [1, 2.5, true, null, {"c": "World"}]}',
    "jsonl": '{"text": "Hello"}\n{"text": "World"}\n',
    "csv": 'id,text\n1,"Hello, you"\n2,World\n',
    "tsv": "id\ttext\n1\tHello\n2\tWorld\n",
    "g.tsv": "# languages: zh-en\n踩雷\tbad buy\n牛\tawesome\n",
    "g.csv": "source,target\n踩雷,bad buy\n牛,awesome\n",
    "g.json": '[{"source": "踩雷", "target": ["bad buy"]}, {"source": "牛", "target": "awesome"}]',
    "tbx": '<martif type="TBX"><text><body><termEntry><langSet xml:lang="zh"><tig><term>牛</term></tig></langSet>'
    '<langSet xml:lang="en"><tig><term>cow</term></tig></langSet></termEntry></body></text></martif>',
    "tmx": '<tmx version="1.4"><header srclang="zh"/><body><tu><tuv xml:lang="zh"><seg>你</seg></tuv>'
    '<tuv xml:lang="en"><seg>you</seg></tuv></tu></body></tmx>',
    "u8": "牛 牛 [niu2] /(slang) awesome/\n",
    "r.toml": 'name = "x"\n[weights]\nlikelihood = 0.5\nchannel = 0.5\n',
    "w.toml": 'instruction = "Into {target}:\\n"\n',
    "c.toml": 'source = "zh"\ntargets = ["en"]\nfiles = ["*.none"]\noutput = "o/{lang}/{path}"\n',
    "trace": '{"segment": 1, "source": "a", "translation": "b", "candidates": [], "terms": [], "status": "model", '
    '"usage": {"prompt_tokens": 1, "sampled_tokens": 1, "scored_tokens": 1}, '
    '"tree": {"parent": [-1, 0], "visits": [1, 1], '
    '"mean_value": [1, null], "best_value": [1, null], "text": ["", "b"], "prior": [1, 0.5], '
    '"translation": [null, "b"]}}\n',
    "review": '{"segment": 1, "line": 1, "place": "line 1", "source": "a", "translation": "b", "text": "b", '
    '"placed": false, "status": "model", "problems": [], "doubts": ["x"], "score": -0.5, "terms": [], '
    '"document": {"source": "a.txt", "format": null, "columns": [], "languages": ["zh", "en"]}, "usage": '
    '{"prompt_tokens": 1, "sampled_tokens": 1, "scored_tokens": 1}, "candidates": [{"text": "c 1", "reward": -0.5, '
    '"parts": {"x": 1}, "count": 1, "problems": [], "doubts": [], "chosen": false}], "tree": null}\n',
    "picks": '{"kind": "mtreason picks", "name": "b.txt", "digests": {"translation": "t", "trace": "r", '
    '"source": "s"}, "picks": [{"segment": 1, "text": "c"}]}\n',
    "rows": '{"id": "1", "src_lang": "zh", "tgt_lang": "en", "src": "你", "refs": ["you"]}\n',
    "hyps": '{"line": 1, "source": "你", "translation": "you"}\n',
}  # fmt: skip
"""A small file of each kind, by what its name ends with."""
KINDS = (*SAMPLES, "docx", "epub")
XML = ("html", "xlf", "tbx", "tmx")
JSON = ("json", "jsonl", "g.json", "trace", "review", "picks", "rows", "hyps")
PIECES = (
    "<a ", "<", "<!--", "<![CDATA[", "<b>", "</b>", "<a b='", "[", "(", "{", "${", "%", "%(", "`", '"', "'", "&", "&#",
    "*", "_", "**a", "> ", "- ", "[a](", "![", "|", "\\", " ", "\t", "\n", "\r", "\u0301", "a\u0301", "\u202e",
    "\x1b[2J", "a ", "中", "{\\an", 'msgid "a"\n', ",", "\t,", "---\n", "```\n", "#", "1. ", "\U0001f468\u200d", "]",
    "}",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """A hostile file."""

    kind: str
    """A key of `SAMPLES`, or docx or epub."""
    shape: str
    data: bytes


def hostile_files(kind: str, seed: int) -> Iterator[Case]:
    """Make all files of a kind from a seed."""
    chance = random.Random(f"{kind} {seed}")
    shapes = _archives(kind, chance) if kind in {"docx", "epub"} else _texts(kind, chance)
    return (Case(kind, shape, data) for shape, data in shapes)


def _texts(kind: str, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    text = SAMPLES[kind]
    yield from _damaged(text, chance)
    for piece in chance.sample(PIECES, 8):
        at = chance.randrange(len(text))
        much = piece * (LONG // len(piece))
        yield f"{piece!r} again and again", (text[:at] + much + text[at:]).encode()
        yield f"only {piece!r}", much.encode()
    if kind in XML:
        yield from _with_entities(text)
    if kind in JSON:
        for shape, value in ODD_JSON.items():
            yield shape, text.replace("1", value, 1).replace('"a"', f'"a": {value}, "a"', 1).encode()
    if kind.endswith(".toml"):
        for shape, value in ODD_TOML.items():
            yield shape, f"{value}\n{text}".encode()


ODD_JSON = {
    "half a pair": r'"x\ud800y"', "5,000 digits": "9" * 5000, "5,000 decimals": "0." + "1" * 5000, "NaN": "NaN",
    "infinity": "-Infinity", "too large": "1e999", "600 deep": "[" * 600 + "]" * 600, "deep, open": "[" * 100_000,
    "objects": '{"a":' * 600 + "1" + "}" * 600, "same key": '{"a": 1, "a": 2}',
}  # fmt: skip
ODD_TOML = {
    "deep": "a = " + "[" * 5000, "600 deep": "a = " + "[" * 600 + "]" * 600, "dotted": ".".join("a" * 2000) + " = 1",
    "5,000 digits": "a = " + "9" * 5000, "half a pair": r'a = "\ud800"', "twice": "a = 1\na = 2",
    "tables": "[a.b]\n" * 2,
}  # fmt: skip


def _damaged(text: str, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    data = text.encode()
    yield "empty", b""
    yield "cut off", data[: chance.randrange(1, len(data))]
    flipped = bytearray(data)
    flipped[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    yield "a bit", bytes(flipped)
    yield "random", chance.randbytes(2000)
    yield "a NUL", data[:9] + b"\0" + data[9:]
    yield "not UTF-8", data[:9] + b"\xe9\xff" + data[9:]
    yield "overlong", data[:9] + b"\xc0\xaf" + data[9:]
    yield "UTF-16", text.encode("utf-16")
    yield "marked", b"\xef\xbb\xbf" * 2 + data
    yield "old Mac", data.replace(b"\n", b"\r")
    yield "one line", data.replace(b"\n", b" ") * 2000
    yield "again", data * 500


def _with_entities(text: str) -> Iterator[tuple[str, bytes]]:
    inside = text.index(">", text.index("<s") if "<s" in text else 0) + 1
    bomb = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10 if i else "ha" * 99}">' for i in range(9))
    for name, declared, used in (
        ("bomb", bomb, "&a8;"),
        ("file", f'<!ENTITY e SYSTEM "file:///{{there}}/{SECRET}">', "&e;"),
        ("parameter", f'<!ENTITY % p SYSTEM "file:///{{there}}/{SECRET}"> %p;', "&e;"),
    ):
        for encoding in ("utf-8", "utf-16", "utf-16-le", "utf-7", "utf-32", "latin-1"):
            label = encoding.upper().removesuffix("-LE")
            ascii_only = text.replace("牛", "x").replace("你", "y") if encoding == "latin-1" else text
            body = ascii_only[:inside] + used + ascii_only[inside:]
            whole = f'<?xml version="1.0" encoding="{label}"?><!DOCTYPE x [{declared}]>{body}'
            yield f"{name} in {encoding}", whole.encode(encoding)
    yield "deep", (text[:inside] + "<g>" * 20_000 + text[inside:]).encode()
    yield (
        "attributes",
        (text[:inside] + "<g " + " ".join(f'a{i}="1"' for i in range(9000)) + "/>" + text[inside:]).encode(),
    )


def _archives(kind: str, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    main = "word/document.xml" if kind == "docx" else "OEBPS/a.xhtml"
    members = _word() if kind == "docx" else {"META-INF/container.xml": "<c/>", main: "<p>Hello</p>"}
    whole = _zip(members)
    yield "cut off", whole[: chance.randrange(10, len(whole))]
    for i in range(6):
        flipped = bytearray(whole)
        flipped[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        yield f"a bit, {i}", bytes(flipped)
    body = members[main]
    for shape, text in (
        ("empty paragraphs", body.replace("<w:body>", "<w:body>" + "<w:p/>" * 8_000_000) + "<p/>" * 8_000_000),
        ("spaces", body + " " * (200 << 20)),
        ("too much", body + " " * (300 << 20)),
        ("entity", f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///{{there}}/{SECRET}">]>{body.replace("Hello", "&e;")}'),
        ("deep", body.replace("<w:body>", "<w:body>" + "<w:p>" * 3000).replace("<p>", "<p>" * 30_000)),
    ):
        yield shape, _zip({**members, main: text})
    yield "elsewhere", _zip({**members, "../../elsewhere.xhtml": "<p>x</p>", "/elsewhere.xhtml": "<p>x</p>"})
    yield "many files", _zip({**members, **{f"{i}.xhtml": "" for i in range(11_000)}})
    yield "twice", whole + whole
    yield "another kind", _zip({"a.txt": "x"})


def _word() -> dict[str, str]:
    import docx

    document = docx.Document()
    document.add_paragraph("Hello")
    stream = io.BytesIO()
    document.save(stream)
    with zipfile.ZipFile(stream) as archive:
        return {name: archive.read(name).decode("latin-1") for name in archive.namelist()}


def _zip(members: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text.encode("latin-1"))
    return out.getvalue()


def read(path: Path, kind: str) -> str:
    """Read a file as the program does, and return all text that comes out of it."""
    return _READERS.get(kind, _document)(path)


def _document(path: Path) -> str:
    from mtreason.documents import Reading, check_text, pick_format, placeholders, read_document

    form = pick_format(str(path), None, ())
    if form is None:
        check_text(path)
        return _lines(path)
    document = read_document(path, form, Reading(("text",) if form.name in {"csv", "tsv", "jsonl"} else ()))
    texts = [unit.text for unit in document.units]
    assert b"".join(document.render(texts)) == path.read_bytes()
    for text in texts[:100]:
        placeholders(text)
    written = b"".join(document.render([f"{text[:99]} \ud800 <x> \x1b" for text in texts]))
    assert written or not path.read_bytes()
    return "".join(texts)


def _lines(path: Path) -> str:
    from mtreason.documents import parse_line, placeholders
    from mtreason.languages import parse_language
    from mtreason.lines import lines_of

    language = parse_language("en")
    found = []
    with path.open("rb") as stream:
        for number, raw in enumerate(lines_of(stream, str(path)), 1):
            line = parse_line(number, raw, language)
            found += line.segments
    for segment in found[:1000]:
        placeholders(segment)
    return "".join(found)


def _glossary(path: Path) -> str:
    from mtreason.glossary import Matcher, load_glossary

    terms = load_glossary(path, "zh", "en")
    Matcher(terms, "zh").find("踩雷了")
    return repr(terms)


def _tmx(path: Path) -> str:
    from mtreason.languages import parse_language
    from mtreason.storage import read_tmx, tmx_bytes

    pairs = read_tmx(path, parse_language("zh"), parse_language("en"))
    tmx_bytes(("zh", "en", *pair) for pair in pairs.items())
    return repr(pairs)


def _trace(path: Path) -> str:
    from mtreason.report.picture import to_svg
    from mtreason.report.tree import pick_segment, read_trace, to_html

    picked = pick_segment(read_trace(path), None, str(path))
    return to_html(picked, str(path)) + to_svg(picked, str(path))


def _review(path: Path) -> str:
    from mtreason.review import open_review, review_page

    with tempfile.TemporaryDirectory() as place:
        source, out = Path(place, "a.txt"), Path(place, "b.txt")
        source.write_text("a\n", "utf-8")
        out.write_text("b\n", "utf-8")
        return review_page(open_review(out, path, source))


def _picks(path: Path) -> str:
    from mtreason.review import open_review, read_picks

    with tempfile.TemporaryDirectory() as place:
        for name, text in (("a.txt", "a\n"), ("b.txt", "b\n"), ("t.jsonl", SAMPLES["review"])):
            Path(place, name).write_text(text, "utf-8")
        review = open_review(Path(place, "b.txt"), Path(place, "t.jsonl"), Path(place, "a.txt"))
        digests = {"translation": "t", "trace": "r", "source": "s"}
        return repr([pick.text for pick in read_picks(path, replace(review, digests=digests))])


def _cedict(path: Path) -> str:
    from mtreason.glossary.cedict import read_cedict

    return repr(read_cedict(path))


def _reward(path: Path) -> str:
    from mtreason.rewards import load_reward

    return repr(load_reward(str(path)))


def _wording(path: Path) -> str:
    from mtreason.decoding.wordings import named_wording

    return repr(named_wording(str(path)))


def _config(path: Path) -> str:
    from mtreason.runs.repository import read_config

    return repr(read_config(path))


def _rows(path: Path) -> str:
    from mtreason.benchmark.data import read_rows

    return repr(read_rows(path))


def _systems(path: Path) -> str:
    from mtreason.evaluation.systems import read_systems

    return repr(read_systems([path], (), None))


_READERS: dict[str, Callable[[Path], str]] = {
    "g.tsv": _glossary, "g.csv": _glossary, "g.json": _glossary, "tbx": _glossary, "tmx": _tmx, "u8": _cedict,
    "r.toml": _reward, "w.toml": _wording, "c.toml": _config, "trace": _trace, "rows": _rows, "hyps": _systems,
    "review": _review, "picks": _picks,
}  # fmt: skip
_ENDINGS = {
    "trace": "trace.jsonl",
    "review": "review.jsonl",
    "picks": "picks.json",
    "rows": "rows.jsonl",
    "hyps": "hyps.jsonl",
}


class TooSlowError(Exception):
    """A file took too long."""


def outcome(case: Case, directory: Path) -> str:
    """Read one hostile file in a directory; return "read", "refused", or what is wrong."""
    from mtreason.errors import MtreasonError

    secret = directory / SECRET
    secret.write_text(f"{SECRET} is known", "utf-8")
    path = directory / f"in.{_ENDINGS.get(case.kind, case.kind)}"
    path.write_bytes(case.data.replace(b"{there}", os.fsencode(str(directory).lstrip("/"))))
    before = _state(directory.parent)
    try:
        with _within(SECONDS):
            text = read(path, case.kind)
    except MtreasonError as error:
        message = str(error)
        found = "refused" if message and "\n" not in message and "Traceback" not in message else f"message {message!r}"
    except TooSlowError:
        return f"took more than {SECONDS} s"
    except (Exception, MemoryError) as error:  # noqa: BLE001 - that is what is looked for
        return f"{type(error).__name__}: {str(error)[:100]}"
    else:
        found = "read" if f"{SECRET} is known" not in text else "the secret was read"
    return found if _state(directory.parent) == before else "something beside it was changed"


def _state(directory: Path) -> dict[str, str]:
    files = (p for p in directory.rglob("*") if p.is_file())
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@contextlib.contextmanager
def _within(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run_kind(kind: str, seed: int) -> list[tuple[str, str]]:
    """Read all hostile files of a kind within the limit of memory; return (shape, outcome) of each."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, hard))
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place) / "in"
        directory.mkdir()
        return [(c.shape, outcome(c, directory)) for c in hostile_files(kind, seed)]


ODD_FILES: dict[str, bytes] = {
    "{b}[red].jsonl": SAMPLES["trace"].encode(),
    "\x1b[31mred\x07.txt": b"\xe9",
    "deep.json": b"[" * 5000,
    "half.json": rb'[{"source": "x\ud800", "target": "y"}]',
    "nan.jsonl": SAMPLES["hyps"].replace("1", "NaN").encode(),
    "digits.jsonl": SAMPLES["rows"].replace('"1"', "9" * 5000).encode(),
    "deep.toml": ("a = " + "[" * 3000).encode(),
    "esc.md": b"a \x1b]0;owned\x07 b\n",
    "empty.tsv": b"",
    "nul.csv": b"a,b\0\n",
    "bad.docx": b"PK\x03\x04",
    "bomb.tmx": b'<!DOCTYPE x [<!ENTITY a "b">]><tmx>&a;</tmx>',
}
"""Odd contents under odd names; more names are made in `odd_places`."""
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("translate", "{}", "--to", "en", "--model", "none"),
    ("translate", "good.txt", "--to", "en", "--model", "none", "--tm", "{}"),
    ("translate", "good.txt", "--to", "en", "--model", "none", "--glossary", "{}"),
    ("translate", "good.txt", "--to", "en", "--model", "none", "--prompt", "{}"),
    ("translate", "good.txt", "--to", "en", "--model", "none", "--reward", "{}"),
    ("translate", "good.txt", "--to", "en", "--model", "none", "-o", "{}/x"),
    ("batch", "{}", "--check"), ("bench", "run", "--data", "{}", "-o", "bench"), ("bench", "report", "{}"),
    ("bench", "run", "--src", "{}", "--ref", "{}", "--from", "zh", "--to", "en", "-o", "bench", "--model", "none"),
    ("evaluate", "--hyp", "{}", "--to", "en"), ("evaluate", "--hyp", "good.txt", "--ref", "{}", "--to", "en"),
    ("review", "good.txt", "--trace", "{}", "-o", "page.html"), ("review", "{}", "--trace", "{}", "-o", "{}"),
    ("review", "apply", "{}", "good.txt", "--trace", "{}", "--document", "new.txt"),
    ("explain", "{}", "-o", "page.html"), ("explain", "{}", "-o", "{}"),
    ("glossary", "lint", "{}", "--from", "zh", "--to", "en"),
    ("glossary", "convert", "{}", "x.tsv", "--from", "zh", "--to", "en"),
    ("glossary", "match", "{}", "-t", "good.txt", "--from", "zh", "--to", "en"),
    ("glossary", "check", "good.zh-en.tsv", "--src", "{}", "--hyp", "{}"),
    ("glossary", "import", "cedict", "{}", "c.tsv"),
    ("glossary", "suggest", "--src", "{}", "--ref", "{}", "--hyp", "{}", "--from", "zh", "--to", "en"),
    ("tune", "--data", "{}", "-o", "r.toml", "--model", "none"), ("tune", "--data", "{}", "--prompt", "-o", "w.toml"),
    ("models", "--model", "{}"), ("models", "remove", "{}"), ("serve", "--model", "{}"),
    ("cache", "export", "{}/x.tmx"),
    ("--{}",), ("{}",), ("cache", "prune", "--older-than", "{}"),
)  # fmt: skip
"""Every command, with an odd file wherever it takes a file."""


def odd_places(directory: Path) -> list[Path]:
    """Make the odd files, and names that lead nowhere."""
    (directory / "good.txt").write_text("今天天气很好。\n", "utf-8")
    (directory / "good.zh-en.tsv").write_text("牛\tcow\n", "utf-8")
    paths = [directory / name for name in ODD_FILES]
    for path, data in zip(paths, ODD_FILES.values(), strict=True):
        path.write_bytes(data)
    loop, folder = directory / "loop", directory / "folder.jsonl"
    loop.symlink_to("loop")
    folder.mkdir()
    strange = Path(os.fsdecode(os.fsencode(directory) + b"/caf\xe9.txt"))
    strange.write_text("x\n", "utf-8")
    return [*paths, loop, folder, strange, directory / ("n" * 300)]


def command(args: Sequence[str], directory: Path) -> str:
    """Run the command; return "code N", or what is wrong."""
    env = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2]), "HF_HUB_OFFLINE": "1",
        "MTREASON_CACHE": str(directory / "cache"), "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    try:
        done = subprocess.run(
            [sys.executable, "-m", "mtreason", *args], cwd=directory, env=env, capture_output=True, timeout=120,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "hangs"
    said = done.stderr.decode("utf-8", "replace")
    if b"\x1b" in done.stderr or b"\x07" in done.stderr:
        return "acts on the terminal"
    if "Traceback" in said or done.returncode not in {0, 1, 2, 3}:
        return f"code {done.returncode}: {said[-300:]}"
    strange = [line for line in said.splitlines() if not line.startswith("mtreason: ")]
    return f"says {strange[0]!r}" if strange else f"code {done.returncode}"


def run_commands(seed: int, most: int | None = None) -> list[tuple[str, str]]:
    """Give odd files to commands, all or a few; return (command, outcome) of each."""
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        paths = odd_places(directory)
        runs = [[part.replace("{}", str(path)) for part in parts] for parts in COMMANDS for path in paths]
        if most is not None:
            runs = random.Random(seed).sample(runs, most)
        found = []
        for args in runs:
            before = {p: p.read_bytes() for p in paths if os.path.isfile(p)}  # noqa: PTH113 - a name may be too long
            result = command(args, directory)
            if any(p.read_bytes() != data for p, data in before.items()):
                result = "an input was overwritten"
            found.append((repr(args), result))
        return found


def main() -> None:
    """Run all, and count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    parser.add_argument("--commands", type=int, help="how many runs of commands; all if left out")
    asked = parser.parse_args()
    if asked.inside:
        json.dump(run_kind(asked.inside, asked.seed), sys.stdout)
        return
    counts: Counter[str] = Counter()
    faults = []
    for kind in KINDS:
        started = time.monotonic()
        args = [sys.executable, __file__, "--inside", kind, "--seed", str(asked.seed)]
        done = subprocess.run(args, capture_output=True, check=False)
        results = json.loads(done.stdout or b"[]") or [("all", done.stderr.decode()[-300:])]
        own = Counter(result if result in {"read", "refused"} else "faulty" for _, result in results)
        counts += own
        faults += [f"{kind}, {shape}: {result}" for shape, result in results if result not in {"read", "refused"}]
        sys.stdout.write(f"{kind:8} {len(results):4} files {dict(own)} {time.monotonic() - started:.0f} s\n")
        sys.stdout.flush()
    runs = run_commands(asked.seed, asked.commands)
    codes = Counter(result if result.startswith("code") and ":" not in result else "faulty" for _, result in runs)
    faults += [f"{args}: {result}" for args, result in runs if not result.startswith("code") or ":" in result]
    sys.stdout.write(f"{sum(counts.values())} files: {dict(counts)}\n{len(runs)} commands: {dict(codes)}\n")
    sys.stdout.write("".join(f"FAULT {fault}\n" for fault in faults))
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
