"""The charts of a report, as SVG in the page's colours."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from mtreason.characters import visible
from mtreason.extras import need

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#010203"
"""Replaced by the colour of the page's text."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""The colours of Okabe and Ito, which colour-blind readers can tell apart."""
MARKERS = "osD^vP*X<>hd"

LONGEST = 60
"""Characters of a name that are shown."""
ASIDE = 1.03
"""Each system is drawn this factor to the right of the one before: many cost the same, and none may hide another."""


@dataclass(frozen=True, slots=True)
class Point:
    """A system's cost, and the score of its translations."""

    system: str
    line: str
    """Points of one line are joined: the same system with different budgets."""
    tokens: float
    score: float
    low: float
    high: float
    frontier: bool
    """Whether no cheaper system reaches this score."""


def check_drawing() -> None:
    """Raise `InputError` where nothing can be drawn, before the figures are computed."""
    need("matplotlib", "the page of a report")


def cost_chart(points: Sequence[Point], title: str, label: str) -> str:
    """Draw quality against cost, tokens on a log axis, with the frontier; screen readers read `label`."""
    with _as_it_is():
        return _svg(_cost_figure(points, title), label)


def _cost_figure(points: Sequence[Point], title: str) -> Any:  # noqa: ANN401 - matplotlib's figure
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    figure, axes = _figure(9.0, 4.6)
    lines = list(dict.fromkeys(p.line for p in points))
    for i, line in enumerate(lines):
        own = sorted((p for p in points if p.line == line), key=lambda p: p.tokens)
        spread = [[p.score - p.low for p in own], [p.high - p.score for p in own]]
        aside = ASIDE ** (i - (len(lines) - 1) / 2)
        axes.errorbar(
            [p.tokens * aside for p in own],
            [p.score for p in own],
            yerr=spread,
            label=_shown(line),
            color=COLOURS[i % len(COLOURS)],
            marker=MARKERS[i % len(MARKERS)],
            capsize=3,
            linewidth=1.2,
        )
    reached = sorted((p for p in points if p.frontier), key=lambda p: p.tokens)
    # Up to the next better system, more tokens buy nothing.
    axes.step([p.tokens for p in reached], [p.score for p in reached], where="post", color=INK, linestyle=":", zorder=0)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("tokens a segment (log scale)")
    axes.set_ylabel(title)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, labelcolor=INK)
    return figure


def difference_chart(pairs: Mapping[str, Mapping[str, Any]], title: str, label: str) -> str:
    """Draw each comparison's difference with its interval."""
    with _as_it_is():
        return _svg(_difference_figure(pairs, title), label)


def _difference_figure(pairs: Mapping[str, Mapping[str, Any]], title: str) -> Any:  # noqa: ANN401 - as above
    figure, axes = _figure(9.0, 0.9 + 0.32 * len(pairs))
    for i, own in enumerate(reversed(list(pairs.values()))):
        low, high = own["interval"]
        sure = low > 0 or high < 0
        axes.plot([low, high], [i, i], color=COLOURS[0], linewidth=2, alpha=1.0 if sure else 0.55)
        axes.plot([own["delta"]], [i], "o", color=COLOURS[0], markerfacecolor=COLOURS[0] if sure else "none")
    axes.axvline(0, color=INK, linewidth=0.8, linestyle=":")
    axes.set_yticks(range(len(pairs)), [_shown(name) for name in reversed(list(pairs))])
    axes.set_ylim(-0.6, len(pairs) - 0.4)
    axes.set_xlabel(title)
    return figure


def _as_it_is() -> AbstractContextManager[None]:
    """Let names be drawn as they are: a dollar sign begins no formula."""
    from matplotlib import rc_context

    return rc_context({"text.parse_math": False, "text.usetex": False})


def _shown(name: str) -> str:
    """Return a name as a chart can show it: of readable length, without control characters."""
    short = name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
    shown = visible(short)
    # A legend leaves out what begins with this sign.
    return f" {shown}" if shown.startswith("_") else shown


def _figure(width: float, height: float) -> tuple[Any, Axes]:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"font.family": "sans-serif", "font.size": 10}):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.add_subplot()
    figure.patch.set_alpha(0)
    axes.set_facecolor("none")
    axes.tick_params(colors=INK)
    for spine in axes.spines.values():
        spine.set_color(INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    axes.grid(visible=True, axis="both", color=INK, alpha=0.12)
    return figure, axes


def _svg(figure: Any, label: str) -> str:  # noqa: ANN401 - matplotlib's figure
    """Turn a figure into an element of the page."""
    from matplotlib import rc_context

    stream = io.StringIO()
    # Text stays text, so that it can be read, searched and scaled; a fixed salt gives the same picture every time.
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "mtreason"}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    element = stream.getvalue()
    element = element[element.index("<svg") :].replace(INK, "currentColor")
    element = re.sub(r"\s*<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    size = re.compile(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>')
    begin = f'<svg role="img" aria-label="{escape(visible(label))}" viewBox="'
    return size.sub(lambda found: f'{begin}{found[1]}" preserveAspectRatio="xMinYMin">', element, count=1)
