"""How fast the engine is, as ratios measured in one run: a card for people, then one JSON line for programs.

python benchmarks/engine.py --model qwen2.5-coder-0.5b
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mtreason.decoding import BoundTask, Result, run
from mtreason.languages import Direction, parse_language
from mtreason.models.engine.int8 import ZERO_POINT, Int8Linear
from mtreason.models.engine.load import load_directory, quiet_libraries
from mtreason.models.files.resolve import resolve_model
from mtreason.models.loaded import LoadedModel
from mtreason.models.protocol import ROOT, Continuation, Draw, LanguageModel, Prefix, Sampling, TokenMask, Usage
from mtreason.runs.settings import Settings
from mtreason.runs.translator import Translator

DIRECTION = Direction(parse_language("zh"), parse_language("en"))
DEV = Path(__file__).parents[2] / "shared" / "data" / "dev.jsonl"
SENTENCES = 16
ROWS = 16
DRAFTS = 16
DRAFTS_A_BATCH = 4
STEPS = 40
REPEATS = 3


class Recorder:
    """Passes calls on and keeps every sequence that was read, to count distinct prompt tokens."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model
        self.paths: dict[int, tuple[int, ...]] = {ROOT.id: ()}
        self.distinct: set[tuple[int, ...]] = set()

    @property
    def usage(self) -> Usage:
        return self.model.usage

    def extend(self, prefixes: Sequence[Prefix], tokens: Sequence[Sequence[int]]) -> list[Prefix]:
        made = self.model.extend(prefixes, tokens)
        for handle, prefix, own in zip(made, prefixes, tokens, strict=True):
            path = self.paths[prefix.id] + tuple(own)
            self.paths[handle.id] = path
            self.distinct.update(path[:n] for n in range(prefix.length + 1, len(path) + 1))
        return made

    def sampling(self, mask: TokenMask) -> Watched:
        return Watched(self, self.model.sampling(mask))

    def before(self, draws: Sequence[Draw]) -> list[Draw]:
        """Return the draws that the model gets instead of these."""
        return list(draws)

    def after(self, draw: Draw, asked: Draw, continuation: Continuation) -> None:
        del asked
        prefixes = (draw.prefix,) if draw.contrast is None else (draw.prefix, draw.contrast.prefix)
        for prefix, made in zip(prefixes, continuation.prefixes, strict=True):
            self.paths[made.id] = self.paths[prefix.id] + continuation.tokens[:-1]

    def cut(self, prefix: Prefix, length: int) -> Prefix:
        part = self.model.cut(prefix, length)
        self.paths[part.id] = self.paths[prefix.id][:length]
        return part

    def score(self, prefixes: Sequence[Prefix], targets: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
        return self.model.score(prefixes, targets)

    def release(self, prefixes: Sequence[Prefix]) -> None:
        self.model.release(prefixes)


class RecomputingPeer(Recorder):
    """The same engine without a tree: every expansion and every score reads its whole prefix again."""

    def extend(self, prefixes: Sequence[Prefix], tokens: Sequence[Sequence[int]]) -> list[Prefix]:
        made = []
        for prefix, own in zip(prefixes, tokens, strict=True):
            path = self.paths[prefix.id] + tuple(own)
            handle = Prefix(-len(self.paths) - 1, prefix.id, len(path))
            self.paths[handle.id] = path
            made.append(handle)
        return made

    def _again(self, prefixes: Sequence[Prefix]) -> list[Prefix]:
        return self.model.extend([ROOT] * len(prefixes), [self.paths[p.id] for p in prefixes])

    def before(self, draws: Sequence[Draw]) -> list[Draw]:
        return [replace(d, prefix=p) for d, p in zip(draws, self._again([d.prefix for d in draws]), strict=True)]

    def after(self, draw: Draw, asked: Draw, continuation: Continuation) -> None:
        super().after(draw, asked, continuation)
        self.model.release([asked.prefix])

    def cut(self, prefix: Prefix, length: int) -> Prefix:
        handle = Prefix(-len(self.paths) - 1, prefix.parent, length)
        self.paths[handle.id] = self.paths[prefix.id][:length]
        return handle

    def score(self, prefixes: Sequence[Prefix], targets: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
        fresh = self._again(prefixes)
        scores = self.model.score(fresh, targets)
        self.model.release(fresh)
        return scores


class Watched:
    """A batch of continuations that reports to its recorder; implements `Sampling`."""

    def __init__(self, recorder: Recorder, inner: Sampling) -> None:
        self.recorder = recorder
        self.inner = inner
        self.draws: list[tuple[Draw, Draw]] = []

    @property
    def rows(self) -> int:
        return self.inner.rows

    def add(self, draws: Sequence[Draw]) -> None:
        asked = self.recorder.before(draws)
        self.draws += zip(draws, asked, strict=True)
        self.inner.add(asked)

    def advance(self) -> list[tuple[int, Continuation]]:
        ended = self.inner.advance()
        for number, continuation in ended:
            self.recorder.after(*self.draws[number], continuation)
        return ended


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def timed(action: Callable[[], Any]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def translator(loaded: LoadedModel, **options: Any) -> Translator:  # noqa: ANN401
    # The whole budget, so that the figures are those of a search and not of its first drafts.
    return Translator(
        loaded,
        DIRECTION.source,
        DIRECTION.target,
        Settings(**{"full_budget": "decoder" not in options} | options),
        terms=(),
    )


def decode_all(
    t: Translator, sentences: Iterable[str], in_flight: int, model: LanguageModel | None = None
) -> list[Result]:
    tasks: Iterable[BoundTask] = (t.bind(t.task(i, s)) for i, s in enumerate(sentences))
    results = run(t.decoder, tasks, t.decoding, model or t.model, in_flight)
    return sorted(results, key=lambda r: r.index)


def sampling_speed(loaded: LoadedModel, mask: TokenMask, prompts: Sequence[Sequence[int]], rows: int) -> float:
    """Tokens per second of `rows` rows that all run for STEPS steps (their end tokens are ignored)."""
    endless = TokenMask(mask.banned | _stops(mask), frozenset(), mask.top_p)
    prefixes = loaded.model.extend([ROOT] * len(prompts), prompts)
    draws = [Draw(p, i, 0.7, STEPS) for i, p in zip(range(rows), itertools.cycle(prefixes))]
    before = loaded.model.usage.sampled_tokens
    seconds = timed(lambda: loaded.model.release([c.prefix for c in loaded.model.sample(draws, endless)]))
    loaded.model.release(prefixes)
    return (loaded.model.usage.sampled_tokens - before) / seconds


def _stops(mask: TokenMask) -> NDArray[np.bool_]:
    stops = np.zeros_like(mask.banned)
    stops[list(mask.stop)] = True
    return stops


def plain_sampling(loaded: LoadedModel, mask: TokenMask, tasks: Sequence[BoundTask]) -> None:
    """Read the prompts and draw DRAFTS whole drafts of each, DRAFTS_A_BATCH of each sentence side by side."""
    prefixes = loaded.model.extend([t.head for t in tasks], [t.prompt for t in tasks])
    for batch in range(DRAFTS // DRAFTS_A_BATCH):
        draws = [
            Draw(p, 1000 * batch + i, 0.5, t.max_new_tokens)
            for i, (t, p) in enumerate(DRAFTS_A_BATCH * list(zip(tasks, prefixes, strict=True)))
        ]
        loaded.model.release([c.prefix for c in loaded.model.sample(draws, mask)])
    loaded.model.release(prefixes)


def search_figures(loaded: LoadedModel, sentences: Sequence[str]) -> dict[str, Any]:
    """Compare the search with plain sampling at the same number of rows in a batch, and count the tokens read."""
    search = translator(loaded, reward="likelihood")
    ratios, speeds = [], []
    for _ in range(REPEATS):
        before = loaded.model.usage.sampled_tokens
        seconds = timed(lambda: decode_all(search, sentences, SENTENCES))
        searching = (loaded.model.usage.sampled_tokens - before) / seconds
        tasks = [search.bind(search.task(i, s)) for i, s in enumerate(sentences)]
        before = loaded.model.usage.sampled_tokens
        seconds = timed(lambda t=tasks: plain_sampling(loaded, search.mask, t))
        sampling = (loaded.model.usage.sampled_tokens - before) / seconds
        ratios.append(searching / sampling)
        speeds.append(searching)
    mix, recorder = translator(loaded), Recorder(loaded.model)
    recorder.paths |= {p.id: (-p.id,) * p.length for p in (mix._head, mix._back_head, mix._unconditional)}
    before = loaded.model.usage.prompt_tokens
    decode_all(mix, sentences, SENTENCES, recorder)
    prompt_tokens = loaded.model.usage.prompt_tokens - before
    return {
        "search_vs_sampling": statistics.median(ratios),
        "search_tokens_per_second": statistics.median(speeds),
        "prefill_ratio": prompt_tokens / len(recorder.distinct),
    }


def recompute_figures(loaded: LoadedModel, sentences: Sequence[str]) -> dict[str, Any]:
    """Run the same search with and without the tree; outputs differ only where rounding changes a draw."""
    t = translator(loaded, reward="likelihood")
    peer = RecomputingPeer(loaded.model)
    peer.paths |= {t._head.id: t.way.head, t._back_head.id: t.way_back.head}
    ours: list[Result] = []
    theirs: list[Result] = []
    with_tree = timed(lambda: ours.extend(decode_all(t, sentences, SENTENCES)))
    without = timed(lambda: theirs.extend(decode_all(t, sentences, SENTENCES, peer)))
    same = sum(a.text == b.text for a, b in zip(ours, theirs, strict=True))
    return {"speedup_vs_recompute": without / with_tree, "same_output_as_recompute": f"{same} of {len(ours)}"}


def in_flight_figures(loaded: LoadedModel, sentences: Sequence[str]) -> dict[str, Any]:
    """Tokens per second with 16 sentences in flight over 1."""
    t = translator(loaded, reward="likelihood")
    together = timed(lambda: decode_all(t, sentences, SENTENCES))
    alone = timed(lambda: decode_all(t, sentences, 1))
    return {"in_flight_speedup": alone / together}


def generate_figures(loaded: LoadedModel, path: Path, sentences: Sequence[str]) -> dict[str, Any]:
    """Best of 16 with channel scoring, against the usual way to write it: bf16, generate, forward."""
    from transformers import AutoModelForCausalLM

    t = translator(loaded, decoder="best-of-n", reward="channel")
    ours = timed(lambda: decode_all(t, sentences, SENTENCES))
    with quiet_libraries():
        plain = AutoModelForCausalLM.from_pretrained(path, dtype=torch.bfloat16, trust_remote_code=False).eval()
        start = time.perf_counter()
        for sentence in sentences:
            _plain_best_of_16(plain, t, sentence)
        theirs = time.perf_counter() - start
    del plain
    gc.collect()
    return {"speedup_vs_generate": theirs / ours, "generate_seconds": theirs, "best_of_16_seconds": ours}


@torch.inference_mode()
def _plain_best_of_16(model: Any, t: Translator, sentence: str) -> int:  # noqa: ANN401
    tokenizer = t.codec.tokenizer.library
    head, tail = t.way.head, t.way.tail
    prompt = torch.tensor([[*head, *t.codec.encode(sentence), *tail]])
    out = model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        do_sample=True,
        temperature=0.7,
        top_p=0.95,
        top_k=0,
        num_return_sequences=16,
        max_new_tokens=t.bind(t.task(0, sentence)).max_new_tokens,
        pad_token_id=tokenizer.pad_token_id,
    )
    texts = tokenizer.batch_decode(out[:, prompt.shape[1] :], skip_special_tokens=True)
    back = t.way_back.head
    source = [*t.codec.encode(sentence), t.codec.end]
    rows = [[*back, *t.codec.encode(text), *tail, *source] for text in texts]
    width = max(map(len, rows))
    ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(r)) + r for r in rows])
    mask = torch.tensor([[0] * (width - len(r)) + [1] * len(r) for r in rows])
    log_probs = torch.log_softmax(model(input_ids=ids, attention_mask=mask).logits[:, :-1].float(), -1)
    scores = log_probs.gather(2, ids[:, 1:, None])[:, -len(source) :, 0].mean(1)
    return int(scores.argmax())


def int8_figures(loaded: LoadedModel, path: Path, sentences: Sequence[str], dev: Path | None) -> dict[str, Any]:
    """Compare 8-bit linear layers with bf16: speed at 16 rows, and their effect on reward and chrF++."""
    t = translator(loaded)
    prompts = [(*t.way.head, *t.codec.encode(s), *t.way.tail) for s in sentences]
    other = load_directory(path, dtype="bf16", note=say)
    speeds = [
        (sampling_speed(loaded, t.mask, prompts, ROWS), sampling_speed(other, t.mask, prompts, ROWS))
        for _ in range(REPEATS)
    ]
    figures: dict[str, Any] = {
        "int8_speedup": statistics.median(a / b for a, b in speeds),
        "int8_tokens_per_second": statistics.median(a for a, _ in speeds),
        "bf16_tokens_per_second": statistics.median(b for _, b in speeds),
    }
    if dev is not None:
        rows = dev_rows(dev, 40)
        for name, model in (("int8", loaded), ("bf16", other)):
            figures |= {f"{name}_{key}": value for key, value in quality(model, rows).items()}
    return figures


def dev_rows(dev: Path, count: int) -> list[dict[str, Any]]:
    """Return the first zh-en segments of a file, taken evenly from its length."""
    rows = [json.loads(line) for line in dev.read_text("utf-8").splitlines()]
    rows = [r for r in rows if (r["src_lang"], r["tgt_lang"]) == ("zh", "en")]
    return [rows[i * len(rows) // count] for i in range(count)]


def quality(loaded: LoadedModel, rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Mean reward and corpus chrF++ of best-of-4 by the default reward."""
    import sacrebleu

    t = Translator(loaded, DIRECTION.source, DIRECTION.target, Settings(decoder="best-of-n", budget=4), terms=())
    results = decode_all(t, [r["src"] for r in rows], SENTENCES)
    references = [[r["refs"][0] for r in rows]]
    return {
        "mean_reward": float(np.mean([r.candidates[0].reward for r in results])),
        "chrf_pp": sacrebleu.corpus_chrf([r.text for r in results], references, word_order=2).score,
    }


def bandwidth_figures(loaded: LoadedModel, path: Path, sentences: Sequence[str]) -> dict[str, Any]:
    """Decode one row, against only the products of one row with the same weights."""
    t = translator(loaded)
    network = loaded.model.packed  # type: ignore[attr-defined]
    layers = [m for m in network.head.modules() if isinstance(m, Int8Linear)]
    rows = {m.in_features: torch.full((1, m.in_features), ZERO_POINT, dtype=torch.uint8) for m in layers}
    products = [timed(lambda: [m.packed.multiply(rows[m.in_features]) for m in layers]) for _ in range(10)]
    prompt = (*t.way.head, *t.codec.encode(sentences[0]), *t.way.tail)
    speed = statistics.median(sampling_speed(loaded, t.mask, [prompt], 1) for _ in range(REPEATS))
    weights = sum(m.in_features * m.out_features for m in layers)
    return {
        "weight_bandwidth_share": speed * statistics.median(products),
        "weight_bytes_per_second": speed * weights,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--dev", type=Path, default=DEV, help="segments for the quality of int8 beside bf16")
    options = parser.parse_args()
    if not options.dev.is_file():
        say(f"{options.dev} is not there: the quality of int8 is not measured")
        options.dev = None
    resolved = resolve_model(options.model, lambda stage, _: None)
    loaded = load_directory(resolved.path, dtype="auto", note=say)
    sample = Path(__file__).parent / "samples" / "sentences.zh.txt"
    sentences = sample.read_text("utf-8").splitlines()[:SENTENCES]
    figures: dict[str, Any] = {"model": resolved.name, "dtype": loaded.dtype, "threads": torch.get_num_threads()}
    decode_all(translator(loaded, decoder="greedy"), sentences, SENTENCES)  # warms up
    for part in (
        lambda: bandwidth_figures(loaded, resolved.path, sentences),
        lambda: search_figures(loaded, sentences),
        lambda: recompute_figures(loaded, sentences),
        lambda: in_flight_figures(loaded, sentences),
        lambda: int8_figures(loaded, resolved.path, sentences, options.dev),
        lambda: generate_figures(loaded, resolved.path, sentences),
    ):
        new = part()
        figures |= new
        for key, value in new.items():
            say(f"  {key:32} {value:.3f}" if isinstance(value, float) else f"  {key:32} {value}")
    figures["peak_memory_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    card(figures)
    print(json.dumps(figures))


TARGETS = {
    "search_vs_sampling": (">=", 0.8),
    "prefill_ratio": ("<=", 1.05),
    "speedup_vs_recompute": (">=", 3.0),
    "in_flight_speedup": (">=", 3.0),
    "speedup_vs_generate": (">=", 2.5),
    "int8_speedup": (">=", 2.0),
}


def card(figures: dict[str, Any]) -> None:
    """Print the figures beside their targets."""
    print(f"\nengine: {figures['model']}, {figures['dtype']}, {figures['threads']} threads")
    for key, value in figures.items():
        if not isinstance(value, float):
            continue
        sign, wanted = TARGETS.get(key, ("", 0.0))
        met = {"": "", ">=": "ok" if value >= wanted else "SHORT", "<=": "ok" if value <= wanted else "SHORT"}[sign]
        print(f"  {key:32} {value:12.3f}  {sign} {wanted if sign else '':<5} {met}".rstrip())
    print(f"  {'peak_memory_bytes':32} {figures['peak_memory_bytes'] / 1e9:9.2f} GB\n")


if __name__ == "__main__":
    main()
