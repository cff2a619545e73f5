"""The search on llama.cpp's server and in this process: what is chosen, what it costs, and how fast it is.

    python benchmarks/served.py --model qwen2.5-coder-0.5b --segments 20 --budget 8
    python benchmarks/served.py --model qwen2.5-coder-0.5b --server http://127.0.0.1:8000/v1

The server is the one that `mtreason serve` starts, with the file that the engine's weights were converted from, and
as many threads as there are cores for this process. Every timed run has a fresh server, so that none finds in the cache
what another left there; one that is named with `--server` keeps what it has. Rewards are `two-way`, whose values can
be compared; the judge of both is the engine.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from engine import DEV, DIRECTION, decode_all, dev_rows

from mtreason.decoding.protocol import Result
from mtreason.models.engine.load import load_directory
from mtreason.models.files.resolve import resolve_model
from mtreason.models.loaded import LoadedModel
from mtreason.models.served import local, opening
from mtreason.models.served.model import ServedModel
from mtreason.models.text import LibraryTokenizer, turn_end
from mtreason.runs.settings import Settings
from mtreason.runs.translator import Translator

REWARD = "two-way"
IN_FLIGHT = 16
"""Sentences in flight; the number of requests is varied."""
REQUESTS = (1, 4, 16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--dev", type=Path, default=DEV)
    parser.add_argument("--segments", type=int, default=20)
    parser.add_argument("--budget", type=float, default=8)
    parser.add_argument("--server", help="instead of llama.cpp's: one that serves the same model")
    options = parser.parse_args()
    if not options.dev.is_file():
        sys.exit(f"{options.dev} is not there: name a file of segments with --dev")
    sources = [row["src"] for row in dev_rows(options.dev, options.segments)]
    engine = _engine(options.model)
    figures: dict[str, Any] = {"model": options.model, "n": len(sources), "budget": options.budget, "reward": REWARD}
    here = {name: _run(engine, sources, name, options.budget) for name in ("greedy", "mcts")}
    figures["engine"] = {name: _rate(run, len(sources)) for name, (_, run) in here.items()}
    for requests in REQUESTS:
        with _server(options.model, options.server, requests) as loaded:
            there = {name: _run(loaded, sources, name, options.budget) for name in ("greedy", "mcts")}
            own = {name: _rate(run, len(sources)) for name, (_, run) in there.items()}
            figures[f"server_{requests}"] = own | _traffic(loaded, there["mcts"][0])
    for name in ("greedy", "mcts"):
        figures[f"agreement_{name}"] = _agreement(here[name][0], there[name][0])
    judged = _judge(engine, sources, [[r.text for r in runs["mcts"][0]] for runs in (here, there)])
    figures["mean_reward"] = dict(zip(("engine", "server"), judged, strict=True))
    figures["own_mean_reward"] = {
        "engine": _mean_reward(here["mcts"][0]),
        "server": _mean_reward(there["mcts"][0]),
    }
    _print(figures)
    print(json.dumps(figures))


def _engine(name: str) -> LoadedModel:
    loaded = load_directory(resolve_model(name, lambda _stage, _fraction: None).path, note=print)
    if isinstance(loaded.tokenizer, LibraryTokenizer):
        # Both have to end a source with the same token.
        library = loaded.tokenizer.library
        return replace(loaded, tokenizer=LibraryTokenizer(library, turn_end(loaded.tokenizer)))
    return loaded


@contextmanager
def _server(name: str, address: str | None, requests: int) -> Iterator[LoadedModel]:
    own = None if address else local.start_for_one_run(name, lambda _stage, _fraction: None)[0]
    place = opening.parse_place(own.url if own else str(address))
    client = opening.connect(place, own.key if own else None)
    loaded = opening.load_served(client, opening.examine(client, place), None)
    client.widen(requests)
    try:
        yield loaded
    finally:
        client.close()
        if own:
            own.stop()


def _run(loaded: LoadedModel, sources: Sequence[str], decoder: str, budget: float) -> tuple[list[Result], float]:
    reward = None if decoder == "greedy" else REWARD
    translator = Translator(
        loaded, DIRECTION.source, DIRECTION.target, Settings(decoder=decoder, reward=reward, budget=budget), terms=()
    )
    if isinstance(loaded.model, ServedModel):
        loaded.model.client.traffic.requests = 0
        loaded.model.client.traffic.read_tokens = loaded.model.client.traffic.cached_tokens = 0
    start = time.perf_counter()
    results = decode_all(translator, list(sources), IN_FLIGHT)
    return results, time.perf_counter() - start


def _rate(seconds: float, count: int) -> dict[str, float]:
    return {"sentences_per_minute": 60 * count / seconds, "seconds": seconds}


def _traffic(loaded: LoadedModel, results: Sequence[Result]) -> dict[str, float]:
    """Return what the search asked of the server."""
    assert isinstance(loaded.model, ServedModel)
    traffic = loaded.model.client.traffic
    return {
        "requests_per_sentence": traffic.requests / len(results),
        "prefix_cache_hit_rate": traffic.hit_rate,
        "prompt_tokens_computed_per_sentence": traffic.read_tokens / len(results),
    }


def _agreement(here: Sequence[Result], there: Sequence[Result]) -> float:
    return float(np.mean([a.text == b.text for a, b in zip(here, there, strict=True)]))


def _mean_reward(results: Sequence[Result]) -> float:
    return float(np.mean([r.candidates[0].reward for r in results if not r.fell_back]))


def _judge(engine: LoadedModel, sources: Sequence[str], systems: Sequence[Sequence[str]]) -> list[float]:
    """Return the mean of `two-way` that the engine gives each system's translations, read again as text."""
    translator = Translator(engine, DIRECTION.source, DIRECTION.target, Settings(reward=REWARD, budget=1), terms=())
    means = []
    for texts in systems:
        values = []
        for i, (source, text) in enumerate(zip(sources, texts, strict=True)):
            task = translator.bind(translator.task(i, source))
            target = (*translator.codec.encode(text), translator.codec.end)
            [there] = engine.model.extend([task.head], [task.prompt])
            [back] = engine.model.extend([task.back_head], [target[:-1] + task.back_tail])
            forward, backward = engine.model.score([there, back], [target, task.source_tokens])
            values.append((forward.mean() + backward.mean()) / 2)
            engine.model.release([there, back])
        means.append(float(np.mean(values)))
    return means


def _print(figures: dict[str, Any]) -> None:
    print(f"{figures['n']} sentences, {figures['model']}, budget {figures['budget']:g}, reward {REWARD}")
    print(f"the same text chosen: greedy {figures['agreement_greedy']:.0%}, mcts {figures['agreement_mcts']:.0%}")
    for who, what in (("mean_reward", "judged by the engine"), ("own_mean_reward", "by each itself")):
        print(f"mean reward, {what}: engine {figures[who]['engine']:.3f}, server {figures[who]['server']:.3f}")
    print("| | greedy, sentences/min | mcts, sentences/min | requests/sentence | prefix cache hits |")
    print("|---|---|---|---|---|")
    own = figures["engine"]
    speeds = (f"{own[name]['sentences_per_minute']:.1f}" for name in ("greedy", "mcts"))
    print(f"| engine | {' | '.join(speeds)} | | |")
    for requests in REQUESTS:
        own = figures[f"server_{requests}"]
        speeds = (f"{own[name]['sentences_per_minute']:.1f}" for name in ("greedy", "mcts"))
        more = f"{own['requests_per_sentence']:.1f} | {own['prefix_cache_hit_rate']:.0%}"
        print(f"| server, {requests} in flight | {' | '.join(speeds)} | {more} |")


if __name__ == "__main__":
    main()
