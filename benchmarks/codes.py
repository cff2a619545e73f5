"""How many texts come back with all their codes, and by which way: a card for people, then one JSON line.

    python benchmarks/codes.py --model qwen2.5-coder-0.5b --decoders greedy,mcts

The documents were written for this project. Of each, the segments that hold markup or placeholders are translated. A
segment is `kept` if the model wrote all of them itself, `placed` if they were put in afterwards, and `fell back` if
the source had to stay. --notation shows the model other signs for codes; then nothing is placed.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tabulate import tabulate

import mtreason
from mtreason.documents import Reading, literals, parse_line, pick_format, read_document
from mtreason.documents.coded import TAG
from mtreason.languages import parse_language

DOCUMENTS = Path(__file__).parent / "samples" / "codes"
NOTATIONS = {
    "numbers": ("<{}>", "</{}>", "<{}/>"),
    "letters": ("<g{}>", "</g{}>", "<x{}/>"),
    "braces": ("{{{}}}", "{{/{}}}", "{{{}/}}"),
}
"""How a code that opens, closes or stands alone is shown; the first is what the tool does."""
KINDS = ("kept", "placed", "fell back")


def segments(path: Path, source: str) -> Iterator[str]:
    """Yield the segments of a document in which something has to come back."""
    form = pick_format(path.name, None, ())
    if form is None:
        return
    language = parse_language(source)
    for unit in read_document(path, form, Reading()).units:
        for segment in parse_line(unit.number, unit.text, language, unit.codes).segments:
            if any(found.hard for found in literals(segment)):
                yield segment


def shown(text: str, notation: str) -> str:
    """Write the codes of a text in another notation."""
    opening, closing, alone = NOTATIONS[notation]
    return TAG.sub(lambda tag: (closing if tag[1] else alone if tag[3] else opening).format(tag[2]), text)


def kind_of(made: mtreason.Translation) -> str:
    """Return what became of a text: one of KINDS."""
    if made.status == "fell back":
        return "fell back"
    return "placed" if any(segment.placed for segment in made.segments) else "kept"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--decoders", default="greedy,mcts")
    parser.add_argument("--into", default="de", help="the language for English documents; Chinese ones go into English")
    parser.add_argument("--budget", type=float, default=8)
    parser.add_argument("--notation", choices=NOTATIONS, default="numbers")
    parser.add_argument("--limit", type=int, help="segments of each document")
    parser.add_argument("--show", action="store_true")
    asked = parser.parse_args()
    counts: dict[str, dict[str, Counter[str]]] = {}
    with mtreason.load_model(asked.model) as model:
        for decoder in asked.decoders.split(","):
            for path in sorted(DOCUMENTS.iterdir()):
                source = path.name.split(".")[-2]
                target = "en" if source == "zh" else asked.into
                translator = mtreason.Translator(
                    model, source, target, decoder=decoder, budget=asked.budget, terms=(), in_flight=16
                )
                texts = [shown(text, asked.notation) for text in segments(path, source)][: asked.limit]
                own = counts.setdefault(decoder, {}).setdefault(path.name, Counter())
                for made in translator.translate(texts):
                    kind = kind_of(made)
                    own[kind] += 1
                    if asked.show:
                        print(f"{decoder} {kind}: {made.source} -> {made.text}")
    for decoder, documents in counts.items():
        rows = [[name, own.total(), *(own[kind] for kind in KINDS)] for name, own in documents.items()]
        total = sum(documents.values(), Counter())
        rows.append(["all", total.total(), *(total[kind] for kind in KINDS)])
        print(tabulate(rows, headers=[decoder, "n", *KINDS]))
    print(json.dumps({"model": asked.model, "notation": asked.notation, "budget": asked.budget, "counts": counts}))


if __name__ == "__main__":
    main()
