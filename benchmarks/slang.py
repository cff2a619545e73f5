"""Slang: how often glossary terms are honoured, and literal readings avoided, by system; and which reading is liked.

    python benchmarks/slang.py --data slang_dev.jsonl --model qwen2.5-coder-0.5b -o outputs.jsonl

Rows are those of `bench`, with `terms` (`en`, and `bad` readings) or `wrong` translations where there are some. The
glossaries that come along are used, and the rows' own terms like a user's glossary. The systems get the same
budget; greedy spends less. Of sentences with an ambiguous word the model judges the right and the wrong reference, and
an output counts as right where it is nearer (chrF++) to the right one.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sacrebleu
from engine import DIRECTION, decode_all

from mtreason.decoding import run
from mtreason.glossary import Matcher, Term, Verdict, follows, judge_term
from mtreason.models.engine.load import load_directory
from mtreason.models.files.resolve import resolve_model
from mtreason.models.loaded import LoadedModel
from mtreason.runs.settings import Settings
from mtreason.runs.translator import Translator, load_terms
from mtreason.tuning.pools import GivenDecoder

SYSTEMS: dict[str, dict[str, Any]] = {
    "no glossary, greedy": {"decoder": "greedy", "shipped_glossaries": False},
    "hints, greedy": {"decoder": "greedy"},
    "hints, mbr": {"decoder": "mbr"},
    "hints, best-of-n": {"decoder": "best-of-n"},
    "hints, mcts": {"decoder": "mcts", "full_budget": True},
}
IN_FLIGHT = 16
OWN = "terms of the rows"
MOST_WORDS = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--budget", type=float, default=16)
    parser.add_argument("--limit", type=int, help="about so many of the rows with terms, spread evenly")
    parser.add_argument("--terms-only", action="store_true", help="leave the ambiguous words out")
    parser.add_argument("--only", help="decoders with hints, separated by commas")
    parser.add_argument("-o", "--out", type=Path, help="the translations, as JSON lines")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.data.read_text("utf-8").splitlines()]
    rows = [r for r in rows if (r["src_lang"], r["tgt_lang"]) == ("zh", "en")]
    entries = (*load_terms(DIRECTION, Settings()), *row_entries(rows))
    matcher = Matcher(entries, "zh")
    ambiguous = [] if options.terms_only else [r for r in rows if r.get("wrong")]
    rows = [r for r in rows if terms(matcher, r)]
    rows = rows[:: max(1, len(rows) // (options.limit or len(rows)))]
    loaded = load_directory(resolve_model(options.model, lambda _stage, _fraction: None).path, note=print)
    figures: dict[str, Any] = {"model": options.model, "rows": len(rows), "budget": options.budget, "systems": {}}
    written: list[dict[str, Any]] = []
    wanted = [f"hints, {decoder}" for decoder in options.only.split(",")] if options.only else SYSTEMS
    for name in wanted:
        changes = SYSTEMS[name]
        settings = Settings(budget=options.budget, **changes)
        t = Translator(
            loaded, DIRECTION.source, DIRECTION.target, settings, terms=entries if settings.shipped_glossaries else ()
        )
        start = time.perf_counter()
        results = decode_all(t, [r["src"] for r in rows], IN_FLIGHT)
        texts = [r.text for r in results]
        figures["systems"][name] = count(rows, texts, [not r.fell_back for r in results], matcher) | {
            "repaired": sum(any(c.repaired and c.text == r.text for c in r.candidates) for r in results),
            "tokens": float(np.mean([r.cost.tokens for r in results])),
            "seconds": (time.perf_counter() - start) / len(rows),
        }
        written += [
            {"system": name, "id": r["id"], "src": r["src"], "translation": t} for r, t in zip(rows, texts, strict=True)
        ]
        if ambiguous and name in {"no glossary, greedy", "hints, mcts"}:
            figures["systems"][name]["right"] = right(t, ambiguous)
    figures["readings"] = readings(loaded, ambiguous)
    if options.out:
        options.out.write_text("".join(json.dumps(w, ensure_ascii=False) + "\n" for w in written), "utf-8")
    card(figures)
    print(json.dumps(figures))


def row_entries(rows: Sequence[dict[str, Any]]) -> Iterator[Term]:
    """Yield the terms of the rows as a user would write them in a glossary: renderings of a few words each."""
    found: dict[str, Term] = {}
    for row in rows:
        for term in row.get("terms") or ():
            targets = tuple(t for t in term["en"] if len(t.split()) <= MOST_WORDS and not set("();") & set(t))
            bad = tuple(b for b in term.get("bad") or () if b not in targets)
            if targets and term["zh"] in row["src"]:
                found[term["zh"]] = Term(term["zh"], targets, "", "", OWN, len(found) + 1, forbidden=bad)
    yield from found.values()


def terms(matcher: Matcher, row: dict[str, Any]) -> list[Term]:
    """Return the terms for which a row's prompt has hints."""
    return [hit.term for hit in matcher.find(row["src"])]


def count(
    rows: Sequence[dict[str, Any]], texts: Sequence[str], clean: Sequence[bool], matcher: Matcher
) -> dict[str, Any]:
    """Count terms that a clean translation honours, and forbidden readings that any translation has."""
    triples = [
        (term, text, ok) for row, text, ok in zip(rows, texts, clean, strict=True) for term in terms(matcher, row)
    ]
    honoured = [term for term, text, ok in triples if ok and follows(term, text, "en")]
    return {
        "terms": len(triples),
        "honoured": len(honoured),
        "own_terms": sum(term.file == OWN for term, _, _ in triples),
        "own_honoured": sum(term.file == OWN for term in honoured),
        "literal": sum(judge_term(term, text, "en").verdict is Verdict.FORBIDDEN for term, text, _ in triples),
        "held_back": len(clean) - sum(clean),
        "chrf_pp": sacrebleu.corpus_chrf(texts, [[r["refs"][0] for r in rows]], word_order=2).score,
    }


def right(t: Translator, rows: Sequence[dict[str, Any]]) -> float:
    """Return the share of translations that are nearer to the right reference than to the wrong one; ties half."""
    texts = [r.text for r in decode_all(t, [r["src"] for r in rows], IN_FLIGHT)]

    def lead(text: str, row: dict[str, Any]) -> float:
        both = (row["refs"][0], row["wrong"][0])
        good, bad = (sacrebleu.sentence_chrf(text, [reference], word_order=2).score for reference in both)
        return float(np.sign(good - bad))

    return float(np.mean([(1 + lead(text, row)) / 2 for text, row in zip(texts, rows, strict=True)]))


def readings(loaded: LoadedModel, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Say how often the model's reward is higher for the right translation than for the wrong one."""
    if not rows:
        return {}
    t = Translator(
        loaded,
        DIRECTION.source,
        DIRECTION.target,
        Settings(reward="two-way", decoder="best-of-n", shipped_glossaries=False),
        terms=(),
    )
    texts = {i: (r["refs"][0], r["wrong"][0]) for i, r in enumerate(rows)}
    tasks = (t.bind(t.task(i, r["src"])) for i, r in enumerate(rows))
    decoder = GivenDecoder(texts, t.codec.encode, t.codec.end)
    parts = [[c.parts for c in r.candidates] for r in run(decoder, tasks, t.decoding, t.model, IN_FLIGHT)]
    found: dict[str, Any] = {"n": len(parts)}
    for name in ("likelihood", "channel"):
        found[name] = float(np.mean([right[name] > wrong[name] for right, wrong in parts]))
    both = [[p["likelihood"] + p["channel"] for p in pair] for pair in parts]
    return found | {"two-way": float(np.mean([right > wrong for right, wrong in both]))}


def card(figures: dict[str, Any]) -> None:
    print(f"\n{figures['model']}, {figures['rows']} rows with terms, budget {figures['budget']:g}")
    print(
        f"  {'':22}{'terms':>7}{'honoured':>10}{'of rows':>9}{'literal':>9}{'none':>6}{'repaired':>10}"
        f"{'chrF++':>8}{'tokens':>8}{'right':>7}"
    )
    for name, f in figures["systems"].items():
        shares = [f"{f[a] / max(1, f[b]):.1%}" for a, b in (("honoured", "terms"), ("own_honoured", "own_terms"))]
        ambiguous = f"{f['right']:.0%}" if "right" in f else "–"
        print(
            f"  {name:22}{f['terms']:7}{shares[0]:>10}{shares[1]:>9}{f['literal']:9}{f['held_back']:6}"
            f"{f['repaired']:10}{f['chrf_pp']:8.1f}{f['tokens']:8.0f}{ambiguous:>7}"
        )
    if figures["readings"]:
        own = dict(figures["readings"])
        n = own.pop("n")
        print(f"  right before wrong (n = {n}): " + ", ".join(f"{k} {v:.0%}" for k, v in own.items()) + "\n")


if __name__ == "__main__":
    main()
