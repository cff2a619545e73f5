"""How the engine does where it does not have the processor to itself: a card for people, then one JSON line.

python benchmarks/neighbour.py --model qwen2.5-coder-0.5b --before ../main

Real runs of `mtreason translate` are timed, as they time themselves: loading does not count. Alone; beside one busy
loop on every core; two runs at once. With --before, the same alone from another checkout, in turns with this one's.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parents[1]
SAMPLE = HERE / "benchmarks" / "samples" / "sentences.zh.txt"
SUMMARY = re.compile(r"segments in ([\d.]+) s, (\d+) tokens")
BUSY = "import os; parent = os.getppid()\nwhile os.getppid() == parent: pass"
"""Ends with this program, however that ends."""
TARGETS = {"beside_share": 0.45, "together_share": 0.85, "before_share": 0.95}
"""Targets as shares of the speed alone; `before_share` is the speed alone over that of the other checkout."""


@dataclass(frozen=True, slots=True)
class Run:
    """The text to translate, and the checkout that translates it."""

    checkout: Path
    cache: str | None
    model: str
    budget: int
    file: Path

    def start(self) -> subprocess.Popen[str]:
        env = {**os.environ, "PYTHONPATH": str(self.checkout)}
        if self.cache:
            env["MTREASON_CACHE"] = self.cache
        command = [sys.executable, "-m", "mtreason", "translate", str(self.file), "--from", "zh", "--to", "en"]
        command += ["--model", self.model, "--budget", str(self.budget), "--no-memory"]
        return subprocess.Popen(  # noqa: S603 - this package's own command
            command, cwd=self.checkout, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )


def timed(process: subprocess.Popen[str]) -> tuple[int, float]:
    """Tokens and seconds of translating, as the run reports at its end."""
    _, said = process.communicate()
    found = SUMMARY.search(said)
    # Exit code 3: a segment has no clean translation, which takes as much time.
    if process.returncode not in {0, 3} or not found:
        raise SystemExit(f"the run failed ({process.returncode}): {said[-500:]}")
    return int(found[2]), float(found[1])


def speed(process: subprocess.Popen[str]) -> float:
    """Tokens per second."""
    tokens, seconds = timed(process)
    return tokens / seconds


@contextmanager
def busy(count: int) -> Iterator[None]:
    loops = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count)]  # noqa: S603 - nothing but a loop
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def measure(here: Run, before: Run | None, repeats: int) -> dict[str, list[float]]:
    """Tokens per second, [repeats] of each kind; the kinds take turns, since a machine's speed drifts.

    The other checkout is given our tokens for its seconds: the text is the same, what is counted may not be.
    """
    speeds: dict[str, list[float]] = {"alone": [], "beside": [], "together": []}
    if before is not None:
        speeds["before"] = []
    cores = len(os.sched_getaffinity(0))
    for number in range(repeats):
        tokens, seconds = timed(here.start())
        speeds["alone"].append(tokens / seconds)
        if before is not None:
            speeds["before"].append(tokens / timed(before.start())[1])
        with busy(cores):
            speeds["beside"].append(speed(here.start()))
        pair = [here.start(), here.start()]
        speeds["together"].append(sum(speed(process) for process in pair))
        latest = ", ".join(f"{kind} {found[-1]:.0f}" for kind, found in speeds.items())
        print(f"  {number + 1} of {repeats}: {latest} tokens/s", file=sys.stderr, flush=True)
    return speeds


def shares(speeds: dict[str, list[float]]) -> dict[str, float]:
    """Ratios of medians that `TARGETS` names."""
    middle = {kind: statistics.median(found) for kind, found in speeds.items()}
    found = {f"{kind}_share": middle[kind] / middle["alone"] for kind in ("beside", "together")}
    return found | ({"before_share": middle["alone"] / middle["before"]} if "before" in middle else {})


def card(figures: dict[str, object], speeds: dict[str, list[float]], found: dict[str, float]) -> None:
    """Print the figures beside their targets."""
    print(f"\nneighbour: {figures['model']}, budget {figures['budget']}, {figures['cores']} cores")
    for kind, values in speeds.items():
        low, high = min(values), max(values)
        print(f"  {kind:14} {statistics.median(values):8.1f} tokens/s  ({low:.1f} to {high:.1f})")
    for name, value in found.items():
        print(f"  {name:14} {value:8.2f}  >= {TARGETS[name]}  {'ok' if value >= TARGETS[name] else 'SHORT'}")
    print()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--sentences", type=int, default=12)
    parser.add_argument("--budget", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--before", type=Path, metavar="DIR", help="another checkout, to compare with alone")
    parser.add_argument("--before-cache", metavar="DIR", help="its MTREASON_CACHE, where that is another")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sentences.zh.txt"
        lines = SAMPLE.read_text("utf-8").splitlines()[: options.sentences]
        file.write_text("\n".join(lines) + "\n", "utf-8")
        here = Run(HERE, None, options.model, options.budget, file)
        before = options.before and Run(
            options.before.resolve(), options.before_cache, options.model, options.budget, file
        )
        speed(here.start())  # converts a new model, and fills the disk cache
        speeds = measure(here, before, options.repeats)
    figures: dict[str, object] = {
        "model": options.model,
        "sentences": len(lines),
        "budget": options.budget,
        "cores": len(os.sched_getaffinity(0)),
        "spin_count": os.environ.get("GOMP_SPINCOUNT", "as usual"),
    }
    found = shares(speeds)
    card(figures, speeds, found)
    middle = {f"{kind}_tokens_per_second": statistics.median(values) for kind, values in speeds.items()}
    print(json.dumps(figures | middle | found))


if __name__ == "__main__":
    main()
