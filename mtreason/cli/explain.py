"""`mtreason explain`: what the search of one sentence did, as a page or a picture."""

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
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="FILE", help="Where it goes: a page, or a picture for a name in .svg."),
    ],
    segment: Annotated[
        str | None, typer.Option(metavar="N", help="Which segment of the text, from 1; the first that was searched.")
    ] = None,
) -> None:
    """Draw the tree that was searched for one sentence, with its candidates and glossary hints."""
    from mtreason.files import read_lines, write_text
    from mtreason.report.picture import to_svg
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
    picked = pick_segment(records, segment, str(trace))
    write_text(out, (to_svg if out.suffix.lower() == ".svg" else to_html)(picked, str(trace)))
    say(f"written: {out}")
