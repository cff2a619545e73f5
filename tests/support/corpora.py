"""Corpora for tests: rows in files, and runs over them in this process."""

import json
from dataclasses import replace

from support.common import EN, ZH

from mtreason.corpus.run import CorpusJob, CorpusRun, Here, before_model
from mtreason.languages import Direction
from mtreason.runs.pipeline import PASSED
from mtreason.runs.settings import Settings
from mtreason.runs.translation import summed_up

SETTINGS = {"decoder": "greedy", "shipped_glossaries": False}
TEXTS = [
    "今天天气很好。",
    "我们去公园吧。",
    "你好",
    "今天天气很好。",
    "鞋。你好",
    "",
    "2024",
    "天气。公园。",
    "你好",
    "好。",
]


class Silent:
    """Watches a run and says nothing."""

    def read(self, rows):
        pass

    def done(self, report, rows, total):
        pass


def rows_of(texts):
    return [{"id": f"r{i}", "text": text} for i, text in enumerate(texts)]


def write_jsonl(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def write_parquet(path, rows, schema=None):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(rows, schema), path)
    return path


class Mirror:
    """Stands in for a translator: writes each text backwards, and fails at those that it is told to fail at."""

    def __init__(self, settings=SETTINGS, fails=(), error=ValueError):
        self.spec = replace(early(settings), model="m", prompt="p", arithmetic="a", metric="none")
        self.fails = set(fails)
        self.error = error
        self.given = []

    def translate(self, texts):
        self.given.extend(texts)
        if set(texts) & self.fails:
            raise self.error("that one")
        return [replace(summed_up(text, text[::-1], []), status=PASSED) for text in texts]


def early(settings=SETTINGS):
    return before_model(Direction(ZH, EN), Settings(**settings), ())


def make_run(out, *inputs, settings=SETTINGS, **job):
    job = CorpusJob(tuple(map(str, inputs)), str(out), **{"id_column": "id", "rows_per_file": 3} | job)
    return CorpusRun(job, early(settings), Silent())


def go(out, *inputs, workers=None, settings=SETTINGS, **job):
    """Run over inputs; return the report."""
    return make_run(out, *inputs, settings=settings, **job)(workers or here(Mirror(settings)))


def here(translator, batch_size=4, kind=Here):
    return kind(lambda: translator, batch_size)


def output_bytes(out):
    """The files that are data, by name."""
    return {p.name: p.read_bytes() for p in sorted(out.iterdir()) if p.is_file()}


def output_rows(out):
    return [json.loads(line) for data in output_bytes(out).values() for line in data.decode("utf-8").splitlines()]
