"""`mtreason explain`: what the search of one sentence did, as a page or a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtreason.cli.output import say


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
    from mtreason.files import check_output, write_text
    from mtreason.report.picture import to_svg
    from mtreason.report.tree import pick_segment, read_trace, to_html

    check_output(out, trace)
    picked = pick_segment(read_trace(trace), segment, str(trace))
    write_text(out, (to_svg if out.suffix.lower() == ".svg" else to_html)(picked, str(trace)))
    say(f"written: {out}")
