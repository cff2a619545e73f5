"""`mtreason review`: a translation on a page for a person, and what became of it there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from mtreason.cli.output import counted, say

if TYPE_CHECKING:
    from mtreason.review import Outcome, Picked

PAGE = "page"
"""The command that is meant where none is named."""
MOST_NAMED = 10
"""How many doubtful picks are named."""


class _Group(TyperGroup):
    """Takes `review FILE …` for `review page FILE …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - as in the library
        """See `click.Group.parse_args`."""
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = [PAGE, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_Group, no_args_is_help=True, help="Review a translation: a page to pick and edit, and what becomes of it."
)

_Translation = Annotated[Path, typer.Argument(metavar="OUT", help="What 'mtreason translate -o OUT' wrote.")]
_Trace = Annotated[Path, typer.Option(metavar="FILE.jsonl", help="What --trace wrote in the same run.")]
_Source = Annotated[
    Path | None, typer.Option(metavar="FILE", help="What was translated, where it is not in its place any more.")
]


@app.command(PAGE)
def page(
    translation: _Translation,
    *,
    trace: _Trace,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.html", help="Where the page goes.")],
    source: _Source = None,
) -> None:
    """Write a page on which a person reviews a translation: 'mtreason review OUT …' for short."""
    from mtreason.files import check_output, write_text
    from mtreason.review import open_review, review_page

    check_output(out, translation, trace, *_named(source))
    review = open_review(translation, trace, source)
    check_output(out, review.source.path)
    write_text(out, review_page(review))
    say(f"{counted(len(review.passages))} to review; written: {out}")


@app.command("apply")
def apply(
    picks: Annotated[Path, typer.Argument(metavar="PICKS.json", help="What the page saved.")],
    translation: _Translation,
    *,
    trace: _Trace,
    source: _Source = None,
    document: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the corrected document: a new file, or OUT.")
    ] = None,
    tmx: Annotated[
        Path | None, typer.Option(metavar="FILE.tmx", help="Write a memory of what was reviewed, for --tm.")
    ] = None,
    ratings: Annotated[
        Path | None, typer.Option(metavar="FILE.jsonl", help="Write rows with ratings, for tune --data.")
    ] = None,
    pairs: Annotated[
        Path | None, typer.Option(metavar="FILE.jsonl", help="Write what was chosen over what, for training.")
    ] = None,
) -> None:
    """Make of the picks of a review a corrected document, a memory, ratings, and pairs: each where it is asked for."""
    from mtreason.review import Places, apply_picks, open_review, read_picks

    review = open_review(translation, trace, source)
    picked = read_picks(picks, review)
    places = Places(document, tmx, ratings, pairs)
    outcome = apply_picks(review, picked, places, (picks, trace, review.source.path))
    _summary(outcome, picked, [str(path) for path in places.named().values()])


def _named(path: Path | None) -> list[Path]:
    return [] if path is None else [path]


def _summary(outcome: Outcome, picked: Sequence[Picked], written: Sequence[str]) -> None:
    from mtreason.review.picks import EDITED, KEPT, OTHER

    counts = outcome.counts
    say(
        f"{counted(len(picked))} reviewed: {counts[KEPT]} left as they were, {counts[OTHER]} with another draft, "
        f"{counts[EDITED]} edited; written: {', '.join(written)}"
    )
    if outcome.doubtful:
        named = "; ".join(outcome.doubtful[:MOST_NAMED]) + ("; …" if len(outcome.doubtful) > MOST_NAMED else "")
        say(f"{counted(len(outcome.doubtful))} may be wrong as picked, see {named}")
