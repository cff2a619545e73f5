"""Benchmarks: data rows, systems, and the results of the systems on the rows."""

from mtreason.benchmark.data import Row, by_pair, read_files, read_records, read_rows, read_testset
from mtreason.benchmark.results import check_directory, open_results, read_config, read_results, write_json
from mtreason.benchmark.run import Plan, describe, make_plan, manifest, run_benchmark
from mtreason.benchmark.systems import SYSTEMS, family, optimised, pick_systems

__all__ = [
    "SYSTEMS", "Plan", "Row", "by_pair", "check_directory", "describe", "family", "make_plan", "manifest",
    "open_results", "optimised", "pick_systems", "read_config", "read_files", "read_records", "read_results",
    "read_rows", "read_testset", "run_benchmark", "write_json",
]  # fmt: skip
