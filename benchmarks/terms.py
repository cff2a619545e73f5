"""How often the check of glossary terms is right, by language: a table for people, then one JSON line.

    python benchmarks/terms.py --part open

The sentences and glossaries were written for this project, before the rules that check them. Each row of
`samples/terms/sentences.LANG.tsv` names a term of `terms.en-LANG.tsv`, and has an English sentence with it, a
translation that renders it as one does (inflected, elided, joined with other words), and one that does not: it says
something else, leaves the term out, or has a word that only looks alike. Of each language a third is held out: rules
are made by looking at the open part alone.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from pathlib import Path

from tabulate import tabulate

from mtreason.glossary import Matcher, Verdict, judge_term, load_glossary

SAMPLES = Path(__file__).parent / "samples" / "terms"
PARTS = ("open", "held")


def judge(language: str, parts: tuple[str, ...], samples: Path, wrong: list[str]) -> Counter[str]:
    """Count for one language how many terms were found, followed in right and missed in wrong translations."""
    terms = load_glossary(samples / f"terms.en-{language}.tsv", "en", language)
    matcher = Matcher(terms, "en")
    counts: Counter[str] = Counter()
    with (samples / f"sentences.{language}.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row["part"] in parts]
    for row in rows:
        [term] = [term for term in terms if term.source == row["term"]]
        counts["rows"] += 1
        found = any(hit.term == term for hit in matcher.find(row["source"]))
        counts["found"] += found
        for kind, wanted in (("right", Verdict.FOLLOWED), ("wrong", Verdict.MISSED)):
            good = found and judge_term(term, row[kind], language).verdict is wanted
            counts[kind] += good
            if not good:
                wrong.append(f"{language} {kind}: {'|'.join(term.targets)}: {row[kind] if found else row['source']}")
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS, help="the open or the held-out sentences; both if not given")
    parser.add_argument("--samples", type=Path, default=SAMPLES)
    parser.add_argument("--show", action="store_true", help="print the sentences that were judged wrongly")
    asked = parser.parse_args()
    parts = (asked.part,) if asked.part else PARTS
    wrong: list[str] = []
    languages = sorted(path.name.split(".")[1] for path in asked.samples.glob("sentences.*.tsv"))
    counts = {language: judge(language, parts, asked.samples, wrong) for language in languages}
    counts["all"] = sum(counts.values(), Counter())
    columns = ("found", "right", "wrong")
    table = [[k, c["rows"], *(f"{100 * c[name] / c['rows']:.1f}" for name in columns)] for k, c in counts.items()]
    if asked.show:
        print("\n".join(wrong))
    print(tabulate(table, headers=["", "n", "found %", "right: followed %", "wrong: missed %"], disable_numparse=True))
    print(json.dumps({"parts": parts, "counts": counts}))


if __name__ == "__main__":
    main()
