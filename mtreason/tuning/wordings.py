"""How well a model translates when it is asked in one way or another: greedy drafts and samples against references."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mtreason.decoding import BoundTask, DecodingSettings, Result, run
from mtreason.decoding.sentence import Sentence
from mtreason.decoding.wordings import Wording, named_wording, pick_wording, to_toml, wordings
from mtreason.errors import InputError
from mtreason.evaluation import Comparison, compare, mean_metric
from mtreason.files import write_text
from mtreason.languages import Direction, parse_language
from mtreason.models.calls import Calls
from mtreason.models.loaded import LoadedModel
from mtreason.rewards import REWARDS, Reward
from mtreason.runs.checks import check_wording
from mtreason.runs.progress import Progress
from mtreason.runs.settings import Settings
from mtreason.runs.translator import Translator
from mtreason.tuning.fit import assign_folds
from mtreason.tuning.segments import Segment, read_segments

if TYPE_CHECKING:
    from mtreason.glossary import Term

SAMPLES = 5
"""How many samples are drawn beside the greedy draft."""


@dataclass(frozen=True, slots=True)
class DraftsDecoder:
    """Draws the greedy draft and samples, and chooses the greedy one; implements `Decoder`."""

    samples: int = SAMPLES
    name: str = "drafts"
    reward: Reward | None = REWARDS["likelihood"]
    chooses: bool = False
    options: frozenset[str] = frozenset()

    def decode(self, task: BoundTask, settings: DecodingSettings) -> Calls[Result]:
        """See `Decoder.decode`."""
        sentence = Sentence(task, replace(settings, budget=float(self.samples + 1), reward=REWARDS["likelihood"]))
        return sentence.budget.counted(self._decode(sentence))

    def _decode(self, sentence: Sentence) -> Calls[Result]:
        drawn = yield from sentence.open_with_drafts(self.samples + 1)
        greedy = sentence.candidates.lookup(drawn[0])
        result = yield from sentence.close(drawn)
        return replace(result, text=greedy.text, fell_back=bool(greedy.problems))


@dataclass(frozen=True, slots=True)
class Tried:
    """What a wording gave on n segments."""

    wording: str
    greedy: tuple[float, ...]
    """[n] chrF++ (chrF2 into languages without spaces) of the greedy draft, out of 100."""
    mean: tuple[float, ...]
    """[n] of the greedy draft and all samples, on average."""
    best: tuple[float, ...]
    """[n] of the best of them."""
    texts: tuple[str, ...]
    """[n] greedy drafts."""
    faults: Mapping[str, int]
    """How many greedy drafts have a problem, by its name."""
    tokens: float
    """Tokens of a segment's prompt and greedy draft, on average."""


def try_wording(
    loaded: LoadedModel,
    wording: Wording,
    direction: Direction,
    sources: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    terms: Sequence[Term] = (),
    seed: int = 0,
    samples: int = SAMPLES,
    on_progress: Callable[[int], None] = lambda _done: None,
) -> Tried:
    """Draw drafts of each segment with a wording, and compare them with the references."""
    from sacrebleu.metrics.chrf import CHRF

    scorer = CHRF(word_order=2 if direction.target.spaced else 0)
    settings = Settings(decoder="greedy", seed=seed, shipped_glossaries=False)
    translator = Translator(loaded, direction.source, direction.target, settings, terms=terms, wording=wording)
    tasks = [translator.bind(translator.task(i, source)) for i, source in enumerate(sources)]
    results: dict[int, Result] = {}
    decoder = DraftsDecoder(samples)
    for result in run(decoder, tasks, translator.decoding, translator.model, settings.in_flight):
        results[result.index] = result
        on_progress(len(results))
    greedy, mean, best, faults = [], [], [], dict[str, int]()
    for i, own in enumerate(references):
        result = results[i]
        scores = {c.text: scorer.sentence_score(c.text, list(own)).score for c in result.candidates}
        counts = np.array([c.count for c in result.candidates], float)
        values = np.array([scores[c.text] for c in result.candidates])
        greedy.append(scores[result.text])
        mean.append(float(counts @ values / counts.sum()))
        best.append(float(values.max()))
        for problem in next(c.problems for c in result.candidates if c.text == result.text):
            faults[problem] = faults.get(problem, 0) + 1
    texts = tuple(results[i].text for i in range(len(sources)))
    prompts = [len(task.prompt) + len(translator.codec.encode(text)) for task, text in zip(tasks, texts, strict=True)]
    return Tried(wording.name, tuple(greedy), tuple(mean), tuple(best), texts, faults, float(np.mean(prompts)))


@dataclass(frozen=True, slots=True)
class Picked:
    """The best wording for a model and a text, and the evidence for it."""

    wording: Wording
    usual: str
    """The wording that the model gets without this."""
    tried: Sequence[Tried]
    over_usual: Comparison
    """On segments that the choice did not see: the mean of `Tried.mean` with the wording that is the best on all other
    folds, and with the usual one."""
    picked_by_fold: Sequence[str]


def pick_best(tried: Sequence[Tried], usual: str, folds: Sequence[Sequence[int]]) -> tuple[str, Comparison, list[str]]:
    """Return the name of the best wording by the mean of all drafts, and how choosing so does on segments held out.

    `folds` are the indices of the segments of each fold.
    """
    values = {t.wording: np.array(t.mean) for t in tried}
    held_out, names = values[usual].copy(), []
    for fold in folds:
        others = np.setdiff1d(np.arange(len(held_out)), fold)
        best = max(values, key=lambda name: values[name][others].mean())
        names.append(best)
        held_out[fold] = values[best][fold]
    metric = mean_metric("mean", "mean of drafts", [held_out.tolist(), values[usual].tolist()], 1e-9)
    return max(values, key=lambda name: values[name].mean()), compare(metric, 0, 1), names


def tune_wording(
    segments: Sequence[Segment],
    names: Sequence[str] | None,
    loaded: LoadedModel,
    *,
    folds: int,
    seed: int,
    progress: Progress,
) -> Picked:
    """Try wordings on segments with references, and pick the best one.

    `names` are names and files; None for all that fit the model and the languages. Raises `InputError` for one that
    does not.
    """
    direction = Direction(parse_language(segments[0].row.source_tag), parse_language(segments[0].row.target_tag))
    chat = loaded.tokenizer.chat
    usual = pick_wording(None, loaded.name, direction, chat=chat)
    if names is None:
        wanted = [w for w in wordings().values() if w.chat == chat and _fits(w, direction)]
    else:
        wanted = [named_wording(name) for name in names]
        for wording in wanted:
            check_wording(wording, Settings(), chat=chat)
            wording.shown(direction.source, direction.target)
    known = {wording.name: wording for wording in [usual, *wanted]}

    def attempt(wording: Wording) -> Tried:
        return try_wording(
            loaded,
            wording,
            direction,
            [s.row.source for s in segments],
            [s.row.references for s in segments],
            seed=seed,
            on_progress=lambda done: progress.count(wording.name, done, len(segments)),
        )

    tried = [attempt(wording) for wording in known.values()]
    progress.stop()
    assigned = assign_folds([s.row.domain for s in segments], folds, seed)
    best, over, by_fold = pick_best(tried, usual.name, [np.flatnonzero(assigned == k).tolist() for k in range(folds)])
    return Picked(known[best], usual.name, tried, over, by_fold)


def _fits(wording: Wording, direction: Direction) -> bool:
    try:
        wording.shown(direction.source, direction.target)
    except InputError:
        return False
    return True


def write_wording(path: Path, picked: Picked, command: str) -> None:
    """Write the picked wording for `--prompt`, with its origin as comments."""
    c, shown = picked.over_usual, "".join(char if char.isprintable() else "?" for char in command)
    lines = [
        f"# {shown}",
        f"# {picked.wording.name}, over {picked.usual} on {c.wins + c.ties + c.losses} segments held out: "
        f"{c.delta:+.2f} [{c.low:+.2f}, {c.high:+.2f}], p {c.p_value:.4f}",
        "",
    ]
    write_text(path, "\n".join(lines) + to_toml(picked.wording))


def read_referenced(path: Path, langs: str | None, limit: int | None) -> list[Segment]:
    """Read segments with references; raises `InputError` where there are ratings instead."""
    segments, _ = read_segments(path, langs, limit)
    if segments[0].ratings:
        raise InputError(f"{path} has ratings: wordings are compared by references, in refs")
    return segments


def report_of(picked: Picked) -> dict[str, Any]:
    """Return the evidence in JSON types."""
    return {
        "picked": picked.wording.name,
        "usual": picked.usual,
        "picked_by_fold": list(picked.picked_by_fold),
        "over_usual": asdict(picked.over_usual),
        "wordings": [
            {
                "wording": t.wording,
                "segments": len(t.mean),
                "greedy": float(np.mean(t.greedy)),
                "mean": float(np.mean(t.mean)),
                "best": float(np.mean(t.best)),
                "problems": dict(t.faults),
                "tokens": t.tokens,
            }
            for t in picked.tried
        ],
    }
