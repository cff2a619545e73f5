"""Options that several commands have, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtreason.documents import FORMATS, TEXT
from mtreason.runs.settings import DEFAULT_THOUGHT

Model = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="Alias, directory, FILE.gguf, hub id, modelscope:ID, the address of a server, or llamacpp:ALIAS.",
    ),
]
Tokenizer = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="Of a model on a server that does not tell: its directory or hub id."),
]
Dtype = Annotated[str, typer.Option(help="auto, int8, bf16, fp16 or fp32.")]
TrustRemoteCode = Annotated[bool, typer.Option("--trust-remote-code", help="Run code that a model brings along.")]
Prompt = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="How the model is asked: a wording, or FILE.toml; a wrong name lists them; the best for the model if left "
        "out.",
    ),
]
Seed = Annotated[int, typer.Option(metavar="N", help="Same seed, same output.")]
InFlight = Annotated[int, typer.Option(metavar="N", help="Sentences translated side by side; for speed only.")]
Glossaries = Annotated[list[Path] | None, typer.Option(metavar="FILE", help="A glossary in TSV; may be repeated.")]
NoGlossary = Annotated[bool, typer.Option("--no-glossary", help="Leave out the glossaries that come along.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Budget = Annotated[
    float | None, typer.Option(metavar="N", help="A sentence may cost what N full samples cost; 16 if left out.")
]
Checkpoint = Annotated[
    str | None,
    typer.Option(metavar="CHECKPOINT", help="COMET checkpoint that the reward or mbr asks: a path or hub name."),
]
Head = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Weights of the reward value for this model, as tune --value wrote them."),
]
CometModel = Annotated[
    str | None, typer.Option(metavar="CHECKPOINT", help="The COMET checkpoint to score with: a path or a hub name.")
]
CometEncoder = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Configuration and tokenizer of its encoder, where there is no network."),
]

MaxSeconds = Annotated[
    float | None, typer.Option(metavar="S", help="Begin nothing new after so long; the same command goes on.")
]

# Only `translate` has these; they are here because their long help texts do not fit beside its other options.
Decoder = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="greedy, sample, beam, best-of-n, mbr, mcts or mcts-uct; mcts if left out."),
]
RewardName = Annotated[
    str | None,
    typer.Option(
        "--reward",
        metavar="NAME",
        help="What is maximised: mix, two-way, likelihood, channel, consensus, confidence, llama-o1, qe, "
        "comet-consensus, reference, value, or a file that tune wrote; mix if left out.",
    ),
]
Nodes = Annotated[
    str | None,
    typer.Option(metavar="SIZE", help="Tokens per tree node, or step, mini-step-64, mini-step-32; 1 if left out."),
]
BeamWidth = Annotated[
    int | None,
    typer.Option(metavar="N", help="Of --decoder beam, or of the beam before mcts; by the budget if left out."),
]
FullBudget = Annotated[
    bool, typer.Option("--full-budget", help="Search on even where nothing better is to be expected.")
]
StrictTerms = Annotated[
    bool, typer.Option("--strict-terms", help="Exit with 3 where a glossary term was missed in the end.")
]
Effort = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="low (a search, 7 times the tokens of greedy), medium (25 times) or high (100 times); medium if left out.",
    ),
]
Trace = Annotated[Path | None, typer.Option(metavar="FILE.jsonl", help="Record the search, one JSON line a segment.")]
Think = Annotated[bool, typer.Option("--think", help="Let the model reason before it translates.")]
MaxThoughtTokens = Annotated[
    int | None, typer.Option(metavar="N", help=f"How long it may reason, in tokens; {DEFAULT_THOUGHT} if left out.")
]
RewardOver = Annotated[
    str | None,
    typer.Option(
        metavar="PART", help="Whether likelihood and confidence look at the output or at all; output if left out."
    ),
]
Reflect = Annotated[bool, typer.Option("--reflect", help="Give the best draft back to be thought over at the end.")]
Source = Annotated[str, typer.Argument(metavar="INPUT", help="A document; - or nothing for text from standard input.")]
To = Annotated[str, typer.Option("--to", metavar="LANG", help="Target language, a BCP 47 code such as en.")]
From = Annotated[str | None, typer.Option("--from", metavar="LANG", help="Source language; detected if left out.")]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="Where to write; standard output for - or if left out.",
        callback=lambda path: None if path == Path("-") else path,
    ),
]
FormatName = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help=f"{', '.join([TEXT, *FORMATS])}; by the file's name if left out.",
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="NAME", help="A column of a table, a key of JSON or front matter; repeatable."),
]
Bilingual = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write pairs of segments: .tmx, or tab-separated text.")
]
Memories = Annotated[
    list[Path] | None,
    typer.Option("--tm", metavar="FILE.tmx", help="What people translated, taken as it is; may be repeated."),
]
Context = Annotated[int, typer.Option(metavar="N", help="Preceding segments shown to the model, translated.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write a line of JSON for each unit instead of the document.")]
NBest = Annotated[int, typer.Option(metavar="N", help="So many translations of each segment in --json.")]
MaxTokens = Annotated[
    int | None, typer.Option(metavar="N", help="Begin nothing new after so many tokens; the same command goes on.")
]
SegmentSeconds = Annotated[
    float | None,
    typer.Option(metavar="S", help="Take the best translation of a segment that was found after so long."),
]
NoMemory = Annotated[bool, typer.Option("--no-memory", help="Translate anew what was translated before.")]
