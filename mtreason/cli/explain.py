"""`mtreason explain`: what the search of one sentence did, as a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from mtreason.cli.output import say
from mtreason.errors import InputError


def explain(
    trace: Annotated[Path, typer.Argument(metavar="TRACE.jsonl", help="What 'mtreason translate --trace' wrote.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.html", help="Where the page goes.")],
    segment: Annotated[
        str | None, typer.Option(metavar="N", help="Which segment of the text, from 1; the first that was searched.")
    ] = None,
) -> None:
    """Draw the tree that was searched for one sentence, with its candidates and glossary hints."""
    from mtreason.files import read_lines, write_text
    from mtreason.report.tree import pick_segment, to_html

    records = []
    for number, line in enumerate(read_lines(trace), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            record["candidates"], record["translation"], record["segment"] + 0
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"{trace}:{number}: expected what 'mtreason translate --trace' writes") from error
        records.append(record)
    records.sort(key=lambda r: int(r["segment"]))
    write_text(out, to_html(pick_segment(records, segment, str(trace)), str(trace)))
    say(f"written: {out}")
