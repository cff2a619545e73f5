"""Coverage-guided input to all that reads files: `python tests/attack/fuzz.py readers --seconds 60` (extra `fuzz`).

Each target gets files that begin as those of the tests and change towards what reaches new code. A file is refused with
one line, or what is not translated stays byte for byte; and whatever a model says can be written into it so that it can
be read again. Inputs that break this are kept in the directory that is named. A family is a group of targets, which
share its time.
"""

import argparse
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "documents"))

if "--inside" in sys.argv:
    import atheris

    with atheris.instrument_imports(include=["mtreason", "polib", "markdown_it", "html", "csv", "json"]):
        from mtreason.documents.catalogues import po, xliff  # noqa: F401
        from mtreason.documents.data import json_text, tables, yaml_text  # noqa: F401
        from mtreason.documents.html import epub  # noqa: F401
        from mtreason.documents.html import read as html  # noqa: F401
        from mtreason.documents.markdown import read as markdown  # noqa: F401
        from mtreason.documents.strings import android, apple, fluent, properties, resx  # noqa: F401
        from mtreason.documents.subtitles import read as subtitles  # noqa: F401
        from mtreason.documents.word import read as docx  # noqa: F401
        from mtreason.models.served import dialects  # noqa: F401

import test_formats
from support.samples import PLAIN
from test_formats import TEXTS, book, read, rendered, same_or_refused, word_file

from mtreason.errors import MtreasonError

SAID = ("zz", "\ud800", "zz \"q\" <x> & 'a',b\t|c\n\n--> {n} ]]> \\ %s `d` </p>\x0b\ufffe", "")


def document(form: str, data: bytes) -> None:
    """One file of a format."""
    found = same_or_refused(form, data)
    if found is None:
        return
    units = list(found.units)
    for text in SAID:
        again = read(form, rendered(read(form, data), [text] * len(units)))
        assert again is not None


def word(data: bytes) -> None:
    """The text of a Word document."""
    document("docx", with_member(WORD, "word/document.xml", data))


def chapter(data: bytes) -> None:
    """A chapter of a book."""
    document("epub", with_member(BOOK, "OEBPS/a.xhtml", data))


def with_member(archive: bytes, name: str, data: bytes) -> bytes:
    """Another content for a member."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            new.writestr(info.filename, data if info.filename == name else old.read(info.filename))
    return out.getvalue()


def member(archive: bytes, name: str) -> bytes:
    """What is in a member."""
    return zipfile.ZipFile(io.BytesIO(archive)).read(name)


def refused(action: Callable[[], object]) -> None:
    """It succeeds, or says what is wrong in one line."""
    message = "fine"
    try:
        action()
    except MtreasonError as error:
        message = str(error)
    assert message
    assert "\n" not in message


def in_file(name: str, action: Callable[[Path], object]) -> Callable[[bytes], None]:
    """A reader of files."""
    path = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)) / name

    def run(data: bytes) -> None:
        path.write_bytes(data)
        refused(lambda: action(path))

    return run


def text(path: Path) -> None:
    """Plain text, line by line."""
    from mtreason.documents import check_text, open_text
    from mtreason.lines import lines_of

    check_text(path)
    with open_text(path) as stream:
        lines = list(lines_of(stream, str(path)))
    assert "".join(lines).encode() == path.read_bytes()


def exchange(path: Path) -> None:
    """A translation memory in TMX."""
    from mtreason.languages import parse_language
    from mtreason.storage import read_tmx

    read_tmx(path, parse_language("zh"), parse_language("en"))


def journal(path: Path) -> None:
    """The journal of an interrupted run."""
    from mtreason.storage import Journal

    own = Journal(path.with_name("out"))
    place = own.path
    own.close()
    place.write_bytes(path.read_bytes())
    Journal(path.with_name("out")).remove()


def memory(path: Path) -> None:
    """The memory of translations: a database in which anything may be written."""
    from mtreason.storage import Memory

    directory = path.parent / "memory"
    directory.mkdir(exist_ok=True)
    for old in directory.iterdir():
        old.unlink()
    (directory / "cache.db").write_bytes(path.read_bytes())
    list(Memory(directory).entries())


def manifest(path: Path) -> None:
    """What lies beside a converted model."""
    from mtreason.models.files import cache

    cache._read_manifest(path.parent)


def trace(path: Path) -> None:
    """What a search did, as a page and as a picture."""
    from mtreason.report import picture, tree

    picked = tree.pick_segment(tree.read_trace(path), None, str(path))
    assert tree.to_html(picked, str(path))
    assert picture.to_svg(picked, str(path))


def results(path: Path) -> None:
    """What a benchmark or a translation wrote, as `evaluate` reads it."""
    from mtreason.benchmark.results import read_results
    from mtreason.evaluation.systems import read_systems

    refused(lambda: read_systems([path], (), None))
    refused(lambda: read_results(path.parent))


def answer(data: bytes) -> None:
    """What a server says: a completion, or an error that has the request sent again."""
    import json

    from mtreason.models.served.client import FaultyAnswerError
    from mtreason.models.served.dialects import LlamaCpp

    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return  # the client's own part
    try:
        LlamaCpp(2, (5,)).written(content)
    except (FaultyAnswerError, ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError):
        return  # what the client takes for a faulty answer


def reward(path: Path) -> None:
    """Weights in a file."""
    from mtreason.rewards import load_reward

    load_reward(str(path))


def head(path: Path) -> None:
    """Weights that read hidden states."""
    from mtreason.rewards import read_head

    read_head(path)


def a_head() -> bytes:
    """Return a file of such weights."""
    import numpy as np

    from mtreason.rewards import Head, write_head

    with tempfile.TemporaryDirectory() as folder:
        write_head(Path(folder) / "h", Head(np.ones(3, np.float32), 0.5, "m", "f", ("zh-en",), {"a": 1}, "tune"))
        return (Path(folder) / "h").read_bytes()


def wording(path: Path) -> None:
    """A wording in a file."""
    from mtreason.decoding.wordings import named_wording

    named_wording(str(path))


def glossary(path: Path) -> None:
    """A glossary, and its terms in a text."""
    from mtreason.glossary import Matcher, load_glossary

    Matcher(load_glossary(path, "zh", "en"), "zh").find("今天踩雷了 a.b")


def configuration(path: Path) -> None:
    """A batch."""
    from mtreason.runs.project import find_jobs, read_config

    find_jobs(read_config(path), path.parent)


def lock(path: Path) -> None:
    """What outputs were made from."""
    from mtreason.runs.project import read_lock

    read_lock(path.parent)


WORD = word_file([("Hello ", None), ("bold", True)], [("Second", None)])
BOOK = book(a="<p>One</p>")
TSV = "#source\ttarget\tliteral\tnote\n踩雷\thit a snag|bad buy\tstep on a mine\tx\n# c\n牛\tawesome\t\trequires=真\n"
CONFIG = 'source = "zh"\ntargets = ["en"]\nfiles = ["*.toml"]\noutput = "o/{lang}/{path}"\n[floors]\nbleu = 3\n'
TMX = (
    '<tmx version="1.4"><header srclang="zh"/><body><tu><tuv xml:lang="zh"><seg>你</seg></tuv>'
    '<tuv xml:lang="en"><seg>you <b/></seg></tuv></tu></body></tmx>'
)
TBX = (
    '<martif type="TBX"><text><body><termEntry><langSet xml:lang="zh"><tig><term>牛</term></tig></langSet>'
    '<langSet xml:lang="en"><tig><term>cow</term></tig></langSet></termEntry></body></text></martif>'
)
TRACE = (
    '{"segment": 1, "source": "a", "translation": "b", "candidates": [{"text": "b", "reward": 1.0, "parts": {"x": 1}, '
    '"count": 1, "problems": [], "chosen": true}], "terms": [], "status": "model", '
    '"usage": {"prompt_tokens": 1, "sampled_tokens": 1, "scored_tokens": 1}, '
    '"tree": {"parent": [-1, 0, 0], "visits": [2, 1, 1], "mean_value": [1, 1, null], "best_value": [1, 1, null], '
    '"text": ["", "b", "c"], "prior": [1, 0.5, 0.5], "translation": [null, "b", null]}}\n'
)
RESULT = '{"system": "a", "pair": "x-y", "id": "1", "translation": "t", "seconds": 1}\n'
ANSWER = (
    '{"index": 0, "tokens": [5, 2], "completion_probabilities": [{"id": 5, "logprob": -1, "top_logprobs": [{"id": 5, '
    '"logprob": -1}]}, {"id": 2, "logprob": -1, "top_logprobs": []}], "stop_type": "eos", "timings": {"prompt_n": 3}}'
)
TWO = ["One <b>two</b> {n, plural, one {# x} other {# y}}", "%s `three` https://a.b/c"]
CATALOGUE = (
    '{"sourceLanguage": "en", "version": "1.0", "strings": {"a": {"localizations": {"en": {"stringUnit": '
    '{"state": "translated", "value": "One %@"}}}}}}'
)
MORE = {
    "mdx": ("import A from 'a'\n\n# One {two}\n\n<A b={1}>three *four*</A>\n",),
    "yaml": (PLAIN["yaml"](TWO), "en:\n  a: 'One'\n  b: |\n    two\n    three\n  c: &x \"%{n}\"\n"),
    "properties": (PLAIN["properties"](TWO), "a=One \\\n  two\nb : {0}''s \\u0041\n"),
    "android": (
        PLAIN["strings.xml"](TWO),
        '<resources><plurals name="a"><item quantity="other">%d x</item></plurals></resources>',
    ),
    "strings": (PLAIN["strings"](["One", "two %@"]),),
    "xcstrings": (CATALOGUE,),
    "resx": (PLAIN["resx"](["One", "two &lt;b&gt;"]),),
    "fluent": (PLAIN["ftl"](["One", "{ $n ->\n    [one] x\n   *[other] y\n }"]),),
}
READERS: dict[str, tuple[Callable[[bytes], None], Sequence[str | bytes]]] = {
    **{form: (lambda data, form=form: document(form, data), texts) for form, texts in (TEXTS | MORE).items()},
    "docx": (lambda data: document("docx", data), [WORD]),
    "docx-text": (word, [member(WORD, "word/document.xml")]),
    "epub": (lambda data: document("epub", data), [BOOK]),
    "epub-text": (chapter, test_formats.HTML),
    "text": (in_file("in.txt", text), ["今天。\r\n\n明天\u2028！\n", "\ufeffa\nb"]),
    "tmx": (in_file("m.tmx", exchange), [TMX]),
    "journal": (in_file("j", journal), ['{"process": 3}\n{"key": "a", "source": "b"}\n{"ke']),
    "glossary-tsv": (in_file("g.tsv", glossary), [TSV]),
    "glossary-csv": (in_file("g.csv", glossary), ["踩雷,bad buy,zh,en\n牛,cow\n"]),
    "glossary-json": (in_file("g.json", glossary), ['[{"source": "牛", "targets": ["awesome"], "requires": ["真"]}]']),
    "glossary-tbx": (in_file("g.tbx", glossary), [TBX]),
    "configuration": (in_file("mtreason.toml", configuration), [CONFIG]),
    "reward": (in_file("r.toml", reward), ['name = "x"\n[weights]\nlikelihood = 0.5\nchannel = 0.5\n']),
    "head": (in_file("h.safetensors", head), [a_head()]),
    "wording": (in_file("w.toml", wording), ['instruction = "Into {target}:\\n"\nverdicts = ["Yes", "No"]\n']),
    "memory": (in_file("m.db", memory), [b"SQLite format 3\0"]),
    "manifest": (in_file("manifest.json", manifest), ['{"source_sha256": "a", "files": {}, "licence": "MIT"}']),
    "trace": (in_file("trace.jsonl", trace), [TRACE]),
    "results": (
        in_file("results.jsonl", results),
        ['{"system": "a", "pair": "x-y", "id": "1", "translation": "t", "seconds": 1}\n'],
    ),
    "answer": (answer, [ANSWER]),
    "lock": (in_file("mtreason.lock", lock), ['{"o/en/a.md": {"source": "1", "settings": "2"}}']),
}


FAMILIES = {
    "markup": ["markdown", "mdx", "html"],
    "books": ["epub", "epub-text"],
    "word": ["docx", "docx-text"],
    "catalogues": ["po", "xliff"],
    "strings": ["json", "jsonl", "csv", "tsv", *(form for form in MORE if form != "mdx")],
    "captions": ["srt", "vtt", "ass"],
    "journal": ["journal"],
    "memory": ["memory"],
    "lock": ["lock"],
    "manifest": ["manifest"],
    "traces": ["trace", "results"],
    "answers": ["answer"],
}
FAMILIES["readers"] = [name for name in READERS if not any(name in own for own in FAMILIES.values())]
"""Which targets belong together; what is in no other family is a reader."""


def fuzz(name: str, seconds: int, kept: Path) -> None:
    """Fuzz one reader in this process, which ends with it."""
    target, seeds = READERS[name]
    corpus = Path(tempfile.mkdtemp())
    for i, seed in enumerate(seeds):
        (corpus / f"seed{i}").write_bytes(seed if isinstance(seed, bytes) else seed.encode())
    arguments = [
        sys.argv[0],
        str(corpus),
        f"-max_total_time={seconds}",
        "-timeout=30",
        "-rss_limit_mb=2048",
        "-max_len=20000",
        "-verbosity=0",
        "-print_final_stats=1",
        f"-artifact_prefix={kept}/{name}-",
    ]
    atheris.Setup(arguments, target)
    atheris.Fuzz()


def main() -> None:
    """Fuzz targets one after another, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="for each target, or for a family together")
    parser.add_argument("--kept", type=Path, default=Path("fuzz"), help="where inputs that fail are written")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "readers", nargs="*", help=f"families ({', '.join(FAMILIES)}) or targets ({', '.join(READERS)})"
    )
    asked = parser.parse_args()
    asked.kept.mkdir(exist_ok=True)
    if asked.inside:
        fuzz(asked.readers[0], asked.seconds, asked.kept)
        return
    failed = []
    for name, seconds in _shares(asked.readers or list(FAMILIES), asked.seconds):
        command = [sys.executable, __file__, name, "--inside", "--seconds", str(seconds), "--kept", asked.kept]
        done = subprocess.run(command, check=False, capture_output=True, env={**os.environ, "PYTHONHASHSEED": "0"})
        said = done.stderr.decode(errors="replace")
        counts = [line.split()[-1] for line in said.splitlines() if "number_of_executed_units" in line]
        result = "FAILED" if done.returncode else "ok"
        sys.stdout.write(f"{name:16} {counts[0] if counts else '?':>9} inputs  {result}\n")
        sys.stdout.flush()
        if done.returncode:
            failed.append(name)
            (asked.kept / f"{name}.log").write_text(done.stdout.decode(errors="replace") + said, "utf-8")
    sys.exit(bool(failed))


def _shares(names: Sequence[str], seconds: int) -> list[tuple[str, int]]:
    """Targets, and the seconds that each gets."""
    shares = []
    for name in names:
        own = FAMILIES.get(name, [name])
        shares += [(target, max(1, seconds // len(own))) for target in own]
    return shares


if __name__ == "__main__":
    main()
