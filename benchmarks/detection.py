"""How well the language of short and mixed texts is detected, and whether anything is passed through in silence.

    python benchmarks/detection.py [--wrong]

Each text of samples/languages.jsonl, all written for this project, is given to `translate` without --from, for three
targets and for its own languages, up to where a model would be loaded. A line may be in two languages ("zh en"). "?" is
a line about which to ask is right: brands, licences, words of many languages; "-" has no words. The card counts, of
what has to be translated, what was translated from the right language, what was asked about, what was translated from
another language, and what was passed through without a word; of what is in the target language already, what was passed
through. Prints a card, then one line of JSON. With another version of the package on PYTHONPATH it measures that one.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from mtreason.errors import InputError
from mtreason.languages import Direction, already_in, parse_language
from mtreason.runs.document import DocumentRun
from mtreason.runs.job import DocumentJob

SAMPLES = Path(__file__).parent / "samples" / "languages.jsonl"
TARGETS = ("en", "zh", "de")
UNSURE, NO_WORDS = "?", "-"
NOT_KNOWN = frozenset({UNSURE, NO_WORDS})


class TranslatedError(Exception):
    """Ends a run where a model would be loaded."""


class Said:
    """Keeps what a run says."""

    def __init__(self) -> None:
        self.warned = False

    def note(self, message: str) -> None:
        """See `Progress.note`."""

    def warn(self, message: str) -> None:
        """See `Progress.warn`."""
        self.warned = True

    def stop(self) -> None:
        """See `Progress.stop`."""


def decide(lines: list[str], target: str, folder: Path) -> tuple[str, Direction | None, bool]:
    """Return what a run decides ("ask", "pass" or "translate"), its languages, and whether it named lines in doubt."""
    source = folder / "a.txt"
    source.write_text("\n".join(lines) + "\n", "utf-8")
    found: list[Direction] = []

    def make(direction: Direction) -> NoReturn:
        found.append(direction)
        raise TranslatedError

    said = Said()
    run = DocumentRun(DocumentJob(str(source), folder / "b.txt"), said)  # type: ignore[arg-type]
    try:
        run.translate_into(parse_language(target), None, make)
    except TranslatedError:
        return "translate", found[0], said.warned
    except InputError:
        return "ask", None, said.warned
    return "pass", None, said.warned


def outcomes(row: dict[str, Any], folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield for each target what happened, and what was decided in words."""
    own = list(dict.fromkeys(lang for named in row["languages"] for lang in named.split() if lang not in NOT_KNOWN))
    for target in dict.fromkeys([*TARGETS, *own]):
        decided, direction, warned = decide(row["lines"], target, folder)
        source = direction.source.tag if direction else ""
        said = f"{target}: {decided} {source}"
        foreign = [lang for lang in own if lang != target]
        if not own:
            kind = "unsure" if UNSURE in row["languages"] else "wordless"
            yield target, f"{kind}: {decided}", said
        elif not foreign:
            yield target, f"in the target: {decided}", said
        elif decided == "pass":
            yield target, "foreign: passed, with a warning" if warned else "foreign: passed in silence", said
        elif decided == "ask":
            yield target, "foreign: ask", said
        elif direction is not None:
            lost = [
                line
                for lang, line in zip(row["languages"], row["lines"], strict=True)
                if set(lang.split()) & set(foreign) and already_in(line, direction.source, direction.target)
            ]
            right = any(lang.split("-")[0] == direction.source.primary for lang in foreign)
            kind = "a line passed in silence" if lost else "right" if right else "wrong language"
            yield target, f"foreign: {kind}", said + f" {lost}" * bool(lost)


def main() -> None:
    """Print a card and one line of JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--wrong", action="store_true", help="show each outcome that is not right")
    options = parser.parse_args()
    rows = [json.loads(line) for line in SAMPLES.read_text("utf-8").splitlines()]
    counts: dict[str, Counter[str]] = {"one": Counter(), "mixed": Counter()}
    started = time.monotonic()
    right = {"foreign: right", "in the target: pass", "unsure: ask", "wordless: pass"}
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            kind = "one" if len(row["lines"]) == 1 else "mixed"
            for _, outcome, said in outcomes(row, Path(folder)):
                counts[kind][outcome] += 1
                if options.wrong and outcome not in right:
                    print(outcome, "|", said, "|", " / ".join(row["lines"]))
    seconds = time.monotonic() - started
    report: dict[str, Any] = {
        "texts": len(rows),
        "languages": len({x for r in rows for named in r["languages"] for x in named.split()} - NOT_KNOWN),
    }
    for kind, own in counts.items():
        foreign = sum(n for name, n in own.items() if name.startswith("foreign"))
        answered = foreign - own["foreign: ask"]
        silent = own["foreign: passed in silence"] + own["foreign: a line passed in silence"]
        report[kind] = {
            "foreign": foreign,
            "right_percent": round(100 * own["foreign: right"] / foreign, 1),
            "asked_percent": round(100 * own["foreign: ask"] / foreign, 1),
            "right_of_answered_percent": round(100 * own["foreign: right"] / max(1, answered), 1),
            "passed_in_silence": silent,
            "counts": dict(sorted(own.items())),
        }
        print(f"{kind}: {foreign} runs that have to translate")
        for name, n in sorted(own.items()):
            print(f"  {name:40} {n}")
    report["seconds"] = round(seconds, 1)
    print(json.dumps(report, ensure_ascii=False))


if __name__ == "__main__":
    main()
