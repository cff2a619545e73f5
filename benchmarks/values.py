"""Whether translations have the right numbers: a card for people, then one JSON line for programs.

    python benchmarks/values.py --model qwen2.5-coder-0.5b --decoders greedy,mcts --budget 4 -o outputs.jsonl

The sentences, from five languages with their translations and the values of their numbers, were written for this
project (samples/numbers.jsonl). An output is right where it has all values of its row and no number differs from the
source. "before" is what would be chosen if numbers made no difference, among the same drafts. Outputs are appended to
the file as they are made, and the same command goes on after them.

    python benchmarks/values.py --check [FILE.jsonl|FILE.tsv.gz …]

needs no model: it counts alarms on the right translations, which should have none, and on damaged ones, of which none
should pass; and alarms on the references of files of `bench`, or on tab-separated pairs from Chinese into English.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

from engine import decode_all
from tabulate import tabulate

from mtreason.decoding import Candidate, Result
from mtreason.gates.numbers import differing_numbers
from mtreason.languages import Direction, parse_language
from mtreason.models.load import load_model
from mtreason.models.loaded import LoadedModel
from mtreason.numbers import values_in
from mtreason.runs.settings import Settings
from mtreason.runs.translator import Translator

ROWS = Path(__file__).parent / "samples" / "numbers.jsonl"
IN_FLIGHT = 16
_LARGER = {
    "thousand": "million", "million": "billion", "billion": "million", "trillion": "billion", "万": "亿", "亿": "万",
    "千": "万", "百": "千", "hundred": "thousand",
}  # fmt: skip
_DIGITS = re.compile(r"\d+(?:[.,:]\d+)*")
_LOST = re.compile(rf"(?:\d+(?:[.,:]\d+)*|[一二三四五六七八九十]+)(?: ?(?:{'|'.join(_LARGER)}))*%?")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--decoders", default="greedy,mcts")
    parser.add_argument("--budget", type=float, default=16)
    parser.add_argument("--limit", type=int, help="about so many sentences, spread evenly")
    parser.add_argument("-o", "--out", type=Path, help="outputs, as JSON lines")
    parser.add_argument("--check", nargs="*", type=Path, help="count alarms on translations that are there")
    parser.add_argument("--show", action="store_true", help="print what is not as it should be")
    asked = parser.parse_args()
    rows = [json.loads(line) for line in ROWS.read_text("utf-8").splitlines()]
    if asked.check is not None:
        check(rows, asked.check, show=asked.show)
        return
    rows = rows[:: max(1, len(rows) // (asked.limit or len(rows)))]
    measure(rows, asked)


def direction_of(row: dict[str, Any]) -> Direction:
    return Direction(parse_language(row["src_lang"]), parse_language(row["tgt_lang"]))


# What translations of people and damaged ones are taken for


def damaged(text: str) -> Iterator[tuple[str, str]]:
    """Yield copies of a text, each with one number damaged, and the kind of damage."""
    for word, larger in _LARGER.items():
        for found in re.finditer(
            rf"(?<=\d){word}|(?<=\d )\b{word}\b|(?<=[一二三四五六七八九十百千]){word}|\b{word}\b(?= )", text
        ):
            yield "magnitude", text[: found.start()] + larger + text[found.end() :]
    for found in _DIGITS.finditer(text):
        number, before, after = found[0], text[: found.start()], text[found.end() :]
        whole = number.replace(",", "")
        if whole.isdecimal() and int(whole) >= 3:
            yield "magnitude", f"{before}{int(whole) * 10:,}{after}" if "," in number else f"{before}{number}0{after}"
        for i, digit in enumerate(number[:2]):
            if digit.isdecimal() and float(number.split(",")[0].split(":")[0]) >= 3:
                yield "digit", before + number[:i] + str((int(digit) + 3) % 9 + 1) + number[i + 1 :] + after
        swapped = re.sub(r"(\d)(?!\1)(\d)", r"\2\1", number, count=1)
        if swapped != number and not swapped.startswith("0"):
            yield "swapped", before + swapped + after
    for found in _LOST.finditer(text):
        if not re.fullmatch("[0-2一二]", found[0]):
            yield "lost", " ".join((text[: found.start()] + text[found.end() :]).split())


def check(rows: Sequence[dict[str, Any]], files: Sequence[Path], *, show: bool) -> None:
    """Print how often right translations are taken for wrong ones, and damaged ones for right ones."""
    false, caught, made = 0, Counter[str](), Counter[str]()
    for row in rows:
        direction = direction_of(row)
        said = differing_numbers(row["src"], row["ref"], direction)
        false += bool(said)
        _show(show and said, row["src"], row["ref"], said)
        for kind, text in damaged(row["ref"]):
            made[kind] += 1
            said = differing_numbers(row["src"], text, direction)
            caught[kind] += bool(said)
            _show(show and not said, row["src"], text, (f"{kind}: passes",))
    alarms = {str(path): _alarms(path, show=show) for path in files}
    print(
        tabulate([["right", false, len(rows)], *([k, caught[k], made[k]] for k in made)], ["sentences", "alarms", "of"])
    )
    table = [[Path(name).name, pair, *own] for name, found in alarms.items() for pair, own in found.items()]
    print("\n" + tabulate(table, ["references", "languages", "alarms", "of"]) if table else "")
    share = sum(caught.values()) / sum(made.values())
    print(
        json.dumps(
            {"false": false, "right": len(rows), "caught": caught, "damaged": made, "share": share, "alarms": alarms}
        )
    )


def _alarms(path: Path, *, show: bool) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for source, target, src, ref in _references(path):
        own = found.setdefault(f"{source}-{target}", [0, 0])
        said = differing_numbers(src, ref, Direction(parse_language(source), parse_language(target)))
        own[0] += bool(said)
        own[1] += 1
        _show(show and said, src, ref, said)
    return found


def _references(path: Path) -> Iterator[tuple[str, str, str, str]]:
    if path.suffix == ".jsonl":
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            yield from ((row["src_lang"], row["tgt_lang"], row["src"], ref) for ref in row["refs"])
        return
    with gzip.open(path, "rt", encoding="utf-8") as file:
        pairs = [line.split("\t")[:2] for line in file if not line.startswith("#")]
    for zh, en in pairs:
        yield "zh", "en", zh, en
        yield "en", "zh", en, zh


def _show(wanted: object, source: str, text: str, said: Sequence[str]) -> None:
    if wanted:
        print(f"{source}\n    {text}\n    {'; '.join(said)}")


# What a model makes of them


def measure(rows: Sequence[dict[str, Any]], asked: argparse.Namespace) -> None:
    """Print the share of outputs with the right numbers, by decoder."""
    kept = (
        [json.loads(line) for line in asked.out.read_text("utf-8").splitlines()]
        if asked.out and asked.out.exists()
        else []
    )
    done = {(r["model"], r["decoder"], r["budget"], r["id"]): r for r in kept}
    loaded: LoadedModel | None = None
    figures: dict[str, Any] = {"model": asked.model, "budget": asked.budget, "sentences": len(rows), "decoders": {}}
    for decoder in asked.decoders.split(","):
        keys = {row["id"]: (asked.model, decoder, asked.budget, row["id"]) for row in rows}
        missing = [row for row in rows if keys[row["id"]] not in done]
        if missing and loaded is None:
            loaded = load_model(asked.model)
        for made in _outputs(loaded, decoder, asked.budget, missing) if loaded is not None else ():
            record = {"model": asked.model, "decoder": decoder, "budget": asked.budget, **made}
            done[keys[made["id"]]] = record
            if asked.out:
                with asked.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(record, ensure_ascii=False) + "\n")
        figures["decoders"][decoder] = _count(rows, [done[keys[row["id"]]] for row in rows], show=asked.show)
    table = [
        [name, *(f[k] for k in ("before", "after", "some_draft", "changed"))] for name, f in figures["decoders"].items()
    ]
    print(f"{asked.model}, {len(rows)} sentences, budget {asked.budget:g}: outputs with the right numbers")
    print(tabulate(table, ["decoder", "before", "after", "in some draft", "outputs changed"]))
    print(json.dumps(figures))


def _outputs(
    loaded: LoadedModel, decoder: str, budget: float, rows: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    for _, group in groupby(rows, lambda row: (row["src_lang"], row["tgt_lang"])):
        own = list(group)
        direction = direction_of(own[0])
        settings = Settings(decoder=decoder, budget=budget, shipped_glossaries=False)
        translator = Translator(loaded, direction.source, direction.target, settings, terms=())
        for start in range(0, len(own), IN_FLIGHT):
            part = own[start : start + IN_FLIGHT]
            for row, result in zip(part, decode_all(translator, [r["src"] for r in part], IN_FLIGHT), strict=True):
                drafts = [c.text for c in result.candidates if not c.problems]
                yield {"id": row["id"], "before": _regardless(row, result), "after": result.text, "drafts": drafts}


def _regardless(row: dict[str, Any], result: Result) -> str:
    """Return what would be chosen if numbers made no difference."""

    def rank(candidate: Candidate) -> tuple[int, float]:
        numbers = differing_numbers(row["src"], candidate.text, direction_of(row))
        return len([doubt for doubt in candidate.doubts if doubt not in numbers]), -candidate.reward

    clean = [c for c in result.candidates if not c.problems]
    return min(clean, key=rank).text if clean else result.text


def is_right(row: dict[str, Any], text: str) -> bool:
    """Whether a translation has the values of a row, and no others than the source."""
    direction = direction_of(row)
    there = values_in(text, direction.target)
    return all(_is_there(value, there) for value in row["numbers"]) and not differing_numbers(
        row["src"], text, direction
    )


def _is_there(value: str, there: frozenset[Any]) -> bool:
    if ":" in value:
        hour, minute = map(int, value.split(":"))
        return ("at", hour * 60 + minute) in there or {Fraction(hour), Fraction(minute)} <= there
    return Fraction(value) in there or (0 < Fraction(value) < 1 and Fraction(value) * 100 in there)


def _count(rows: Sequence[dict[str, Any]], made: Sequence[dict[str, Any]], *, show: bool) -> dict[str, Any]:
    own = list(zip(rows, made, strict=True))
    for row, m in own:
        said = differing_numbers(row["src"], m["after"], direction_of(row))
        _show(show and not is_right(row, m["after"]), row["src"], m["after"], said)
    return {
        "before": sum(is_right(row, m["before"]) for row, m in own) / len(own),
        "after": sum(is_right(row, m["after"]) for row, m in own) / len(own),
        "some_draft": sum(any(is_right(row, text) for text in m["drafts"]) for row, m in own) / len(own),
        "changed": sum(m["before"] != m["after"] for m in made),
    }


if __name__ == "__main__":
    main()
