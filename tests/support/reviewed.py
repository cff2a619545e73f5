"""Translations to review, made without a model: a document, what each segment became, and the trace of it."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mtreason.decoding import Candidate, Result
from mtreason.decoding.protocol import Cost
from mtreason.documents import join_line, parse_line
from mtreason.gates import Pair, doubts, problems
from mtreason.glossary import Hit, Term, follows
from mtreason.languages import Direction, parse_language
from mtreason.records import record_line
from mtreason.review import Passage
from mtreason.rewards import Draft
from mtreason.runs.job import DocumentJob
from mtreason.runs.pipeline import KEPT, MODEL, PASSED, Segment
from mtreason.runs.repository import take_snapshot
from mtreason.runs.settings import Settings
from mtreason.runs.trace import document_record, trace_record


class Files(NamedTuple):
    """What a run has left."""

    source: Path
    out: Path
    trace: Path


def translated(source: Path, out: Path, said, languages=("zh", "en"), terms=(), columns=(), form=None) -> Files:
    """Translate by a table of drafts, the chosen one first; what it lacks passes through, as repeated text is kept."""
    direction = Direction(*map(parse_language, languages))
    document = replace(take_snapshot(source, columns, direction.target), form=form).document()
    job = document_record(DocumentJob(str(source), columns=columns, form=form), direction)
    entries = [Term(own, targets, "", "", "mine.tsv", 1) for own, targets in terms]
    texts, records, seen = [], [], set()
    for unit in document.units:
        line = parse_line(unit.number, unit.text, direction.source, unit.codes)
        chosen = []
        for text in line.segments:
            drafts = list(said.get(text, [text]))
            hits = tuple(
                Hit(t, text.index(t.source), text.index(t.source) + len(t.source)) for t in entries if t.source in text
            )
            origin = PASSED if text not in said else KEPT if text in seen else MODEL
            seen.add(text)
            segment = _segment(len(records) + 1, unit, text, drafts, hits, origin, direction)
            records.append(trace_record(segment, Settings(), job))
            chosen.append(drafts[0])
        texts.append(join_line(line, chosen, direction.source, direction.target) if chosen else unit.text)
    out.write_bytes(b"".join(document.render(texts)))
    trace = out.with_name(f"{out.name}.trace.jsonl")
    trace.write_text("".join(map(record_line, records)), "utf-8", newline="")
    return Files(source, out, trace)


def _segment(number, unit, text, drafts, hits, origin, direction) -> Segment:
    candidates = tuple(
        Candidate(
            own, Draft(own, (1,), (-0.5,), ()), -0.4 - i / 10, {"likelihood": -0.5}, 1,
            problems(Pair(text, own, direction)), doubts(Pair(text, own, direction)),
        )
        for i, own in enumerate(drafts)
    )  # fmt: skip
    result = Result(number, drafts[0], fell_back=False, candidates=candidates, cost=Cost())
    return Segment(
        number, unit, text, drafts[0], origin,
        problems=() if origin == PASSED else candidates[0].problems,
        doubts=() if origin == PASSED else candidates[0].doubts,
        result=result if origin == MODEL else None,
        hits=hits, followed=tuple(follows(hit.term, drafts[0], direction.target.tag) for hit in hits),
    )  # fmt: skip


def page_data(page: Path):
    """What a page holds, as its script reads it."""
    [found] = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', page.read_text("utf-8"), re.DOTALL
    )
    return json.loads(found)


def picks_of(page: Path, picks, *, kept: bool = False) -> bytes:
    """What the page saves for these picks: texts by the numbers of segments; `kept` leaves the others as they are."""
    data = page_data(page)
    picks = {p["segment"]: p["text"] for p in data["passages"] if kept} | picks
    own = [{"segment": number, "text": text} for number, text in sorted(picks.items())]
    return json.dumps({**{key: data[key] for key in ("kind", "name", "digests")}, "picks": own}).encode()


def bare_passage(source: str) -> Passage:
    """A segment of which nothing is known."""
    return Passage(1, "line 1", source, source, {}, "model", (), (), False, None, (), ())
