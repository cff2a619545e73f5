"""Reports: from the results of a benchmark to figures, and from figures to tables."""

from mtreason.report.figures import build_report
from mtreason.report.markdown import to_markdown

__all__ = ["build_report", "to_markdown"]
