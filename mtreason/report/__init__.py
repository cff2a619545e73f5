"""Reports: from the results of a benchmark to figures, and from figures to tables and pages."""

from mtreason.report.charts import check_drawing
from mtreason.report.figures import build_report, build_segments
from mtreason.report.markdown import to_markdown
from mtreason.report.page import to_html
from mtreason.report.table import Benchmark, Learn, read_benchmark

__all__ = [
    "Benchmark",
    "Learn",
    "build_report",
    "build_segments",
    "check_drawing",
    "read_benchmark",
    "to_html",
    "to_markdown",
]
