"""How the glossary should be put into the prompt: wordings and places, by the terms that greedy decoding honours.

    python benchmarks/wordings.py --data slang_dev.jsonl --model qwen2.5-coder-0.5b

All rows with a term of the glossaries that come along or of their own; one greedy translation each, no search. Beside
the share of terms: chrF++ against the references, and terms that stand in the translation as they were.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import sacrebleu
from engine import DIRECTION, decode_all
from slang import row_entries, terms

from mtreason.decoding.prompts import WORDING, Prompt, instruction, translation_prompt
from mtreason.glossary import Hit, Matcher, follows
from mtreason.languages import Language
from mtreason.models.engine.load import load_directory
from mtreason.models.files.resolve import resolve_model
from mtreason.runs.settings import Settings
from mtreason.runs.translator import Translator, load_terms

Wording = Callable[[str, Language, Language, Sequence[tuple[str, str]], Sequence[Hit]], Prompt]


def replaced(segment: str, hits: Sequence[Hit], form: str) -> str:
    """Return the segment with `form` in the place of each term."""
    parts, end = [], 0
    for hit in hits:
        term = segment[hit.start : hit.end]
        parts += [segment[end : hit.start], form.format(term=term, target=(hit.term.targets or (term,))[0])]
        end = hit.end
    return "".join([*parts, segment[end:]])


def listed(hits: Sequence[Hit], form: str) -> str:
    pairs = [form.format(term=h.term.source, target=(h.term.targets or (h.term.source,))[0]) for h in hits]
    return "\n".join(dict.fromkeys(pairs))


def before(
    segment: str, source: Language, target: Language, context: Sequence[tuple[str, str]], hits: Sequence[Hit]
) -> Prompt:
    del context
    head = instruction(source, target)
    if hits:
        head += f"Use these translations:\n{listed(hits, '{term} = {target}')}\n\nText:\n"
    return Prompt(head, segment)


def after(
    segment: str, source: Language, target: Language, context: Sequence[tuple[str, str]], hits: Sequence[Hit]
) -> Prompt:
    del context
    tail = f"\n\nUse these translations:\n{listed(hits, '{term} = {target}')}" if hits else ""
    return Prompt(instruction(source, target), segment + tail)


def chinese(
    segment: str, source: Language, target: Language, context: Sequence[tuple[str, str]], hits: Sequence[Hit]
) -> Prompt:
    del context
    head = instruction(source, target)
    if hits:
        head += f"参考下面的翻译：\n{listed(hits, '{term} 翻译成 {target}')}\n\n"
    return Prompt(head, segment)


def brackets(
    segment: str, source: Language, target: Language, context: Sequence[tuple[str, str]], hits: Sequence[Hit]
) -> Prompt:
    del context
    return Prompt(instruction(source, target), replaced(segment, hits, "{term} ({target})"))


def in_place(
    segment: str, source: Language, target: Language, context: Sequence[tuple[str, str]], hits: Sequence[Hit]
) -> Prompt:
    del context
    return Prompt(instruction(source, target), replaced(segment, hits, "{target}"))


def warned(
    segment: str, source: Language, target: Language, context: Sequence[tuple[str, str]], hits: Sequence[Hit]
) -> Prompt:
    del context
    lines = [
        f"{h.term.source} = {(h.term.targets or (h.term.source,))[0]}"
        + (f" (not: {h.term.literal})" if h.term.literal else "")
        for h in hits
    ]
    head = instruction(source, target)
    if hits:
        head += "Use these translations:\n" + "\n".join(dict.fromkeys(lines)) + "\n\nText:\n"
    return Prompt(head, segment)


WORDINGS: dict[str, Wording | None] = {
    "no hints": None,
    "list before the text": before,
    "list before, with the reading to avoid": warned,
    "list after the text": after,
    "list before, in Chinese": chinese,
    "rendering in brackets behind the term": brackets,
    "rendering in the term's place": in_place,
    "list before, and rendering in place (shipped)": translation_prompt,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.data.read_text("utf-8").splitlines()]
    rows = [r for r in rows if (r["src_lang"], r["tgt_lang"]) == ("zh", "en")]
    found_terms = (*load_terms(DIRECTION, Settings()), *row_entries(rows))
    matcher = Matcher(found_terms, "zh")
    rows = [r for r in rows if terms(matcher, r)][: options.limit]
    hits = [(i, entry) for i, r in enumerate(rows) for entry in terms(matcher, r)]
    loaded = load_directory(resolve_model(options.model, lambda _stage, _fraction: None).path, note=print)
    figures: dict[str, Any] = {"model": options.model, "rows": len(rows), "terms": len(hits), "wordings": {}}
    print(f"| wording | terms honoured, of {len(hits)} | chrF++ | terms left untranslated |\n|:--|--:|--:|--:|")
    for name, wording in WORDINGS.items():
        own = replace(WORDING, prompt=wording or translation_prompt)
        terms_hinted = found_terms if wording else ()
        t = Translator(loaded, DIRECTION.source, DIRECTION.target, decoder="greedy", terms=terms_hinted, wording=own)
        results = decode_all(t, [r["src"] for r in rows], 16)
        texts = [r.text for r in results]
        figures_of = {
            "honoured": sum(not results[i].fell_back and follows(h, texts[i], "en") for i, h in hits),
            "chrf_pp": sacrebleu.corpus_chrf(texts, [[r["refs"][0] for r in rows]], word_order=2).score,
            "kept": sum(h.source in texts[i] for i, h in hits),
        }
        figures["wordings"][name] = figures_of
        print(f"| {name} | {figures_of['honoured']} | {figures_of['chrf_pp']:.1f} | {figures_of['kept']} |", flush=True)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
