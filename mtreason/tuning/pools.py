"""Pools of judged candidates: a decoder or given texts make them; a file keeps them, because they take the most time.

The file holds JSON lines: the configuration first, then one line for each segment.
"""

from __future__ import annotations

import base64
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtreason.benchmark.results import drop_broken_end
from mtreason.decoding import DECODERS, BoundTask, Candidate, Decoder, DecodingSettings, Result, run
from mtreason.decoding.judging import Judge
from mtreason.decoding.protocol import Cost
from mtreason.errors import InputError, MtreasonError
from mtreason.files import read_regular
from mtreason.models.calls import Calls, extend, release, score
from mtreason.models.protocol import TOP_K, Prefix
from mtreason.records import parse_record
from mtreason.rewards import REWARDS, Draft, Reward
from mtreason.rewards.value import read_features
from mtreason.runs.spec import read_spec
from mtreason.runs.translator import Translator
from mtreason.storage.shapes import NUMBER, fits
from mtreason.storage.sums import sum_fits, with_sum
from mtreason.tuning.fit import Judged
from mtreason.tuning.segments import Segment, gold_values

POOLING = tuple(decoder.name for decoder in DECODERS.values() if "reward" in decoder.options)
"""Decoders that choose from candidates by the reward of the settings."""

DIGITS = 6
FEATURES = "features"
"""The key of the features of hidden states; what trains no head has none."""
CONFIG = "pools"
"""The key of the line that holds the configuration."""
_HEAD = f'{{"{CONFIG}": '.encode()


def pooling_reward(parts: Sequence[str]) -> Reward:
    """Return the default reward with all of the parts; those without a weight are computed, but count 0."""
    default = REWARDS["mix"].weights
    return Reward("pooling", {part: default.get(part, 0.0) for part in dict.fromkeys((*default, *parts))})


@dataclass(frozen=True, slots=True)
class PoolingDecoder:
    """Wraps another decoder, and puts the greedy translation into the trace; implements `Decoder`."""

    inner: Decoder
    name: str = "pooling"
    reward: Reward | None = None
    chooses: bool = True
    options: frozenset[str] = frozenset({"reward", "nodes"})

    def decode(self, task: BoundTask, settings: DecodingSettings) -> Calls[Result]:
        """See `Decoder.decode`; the cost is that of the other decoder."""
        greedy = yield from DECODERS["greedy"].decode(task, settings)
        result = yield from self.inner.decode(task, settings)
        return replace(result, trace={"greedy": greedy.text})


@dataclass(frozen=True, slots=True)
class GivenDecoder:
    """Judges texts that were not drawn as if each had been drawn once; implements `Decoder`."""

    texts: Mapping[int, Sequence[str]]
    """Index of a task -> texts."""
    encode: Callable[[str], tuple[int, ...]]
    end: int
    """The token that ends a translation."""
    name: str = "given"
    reward: Reward | None = None
    chooses: bool = True
    options: frozenset[str] = frozenset({"reward"})

    def decode(self, task: BoundTask, settings: DecodingSettings) -> Calls[Result]:
        """See `Decoder.decode`; candidates stay in the order of the texts, and the cost is not counted."""
        texts = self.texts[task.index]
        targets = [(*self.encode(text), self.end) for text in texts]
        [prompt] = yield from extend([task.head], [task.prompt])
        scores = yield from score([prompt] * len(targets), targets)
        features: list[NDArray[np.float32] | None] = [None] * len(targets)
        if settings.states:
            features = yield from _features_of(prompt, targets)
        yield from release([prompt])
        drafts = [
            # The other tokens at each position are not known, so the confidence cannot be computed.
            Draft(text, tokens, own, np.full((len(tokens), TOP_K), np.nan, np.float32), of_text)
            for text, tokens, own, of_text in zip(texts, targets, scores, features, strict=True)
        ]
        judge = Judge(task, settings)
        parts = yield from judge.alone(drafts)
        samples = Counter(" ".join(text.split()) for text in texts)
        beside = yield from judge.beside(drafts, samples)
        yield from judge.close()
        together = [{**a, **b} for a, b in zip(parts, beside, strict=True)]
        candidates = tuple(
            Candidate(draft.text, draft, judge.weigh(own), own, 1, ())
            for draft, own in zip(drafts, together, strict=True)
        )
        return Result(task.index, texts[0], fell_back=False, candidates=candidates, cost=Cost())


def _features_of(prompt: Prefix, targets: Sequence[Sequence[int]]) -> Calls[list[NDArray[np.float32] | None]]:
    """Read texts that nobody drew, and return the features of their hidden states."""
    found: list[NDArray[np.float32] | None] = []
    read = yield from extend([prompt] * len(targets), [target[:-1] for target in targets])
    for prefix, target in zip(read, targets, strict=True):
        features = yield from read_features(prefix, len(target))
        found.append(features)
    yield from release(read)
    return found


def collect(translator: Translator, segments: Sequence[Segment]) -> Iterator[dict[str, Any]]:
    """Decode segments, or judge their hypotheses, and yield the record of each pool in JSON types, in any order.

    The translator's reward has to come from `pooling_reward`.
    """
    tasks = (
        translator.bind(translator.task(i, segment.row.source, references=segment.row.references))
        for i, segment in enumerate(segments)
    )
    decoder: Decoder = PoolingDecoder(translator.decoder)
    if segments[0].ratings:
        texts = {i: segment.hypotheses for i, segment in enumerate(segments)}
        decoder = GivenDecoder(texts, translator.codec.encode, translator.codec.end)
    in_flight = translator.settings.in_flight
    for result in run(decoder, tasks, translator.decoding, translator.model, in_flight, translator.metric):
        yield _record(segments[result.index], result)


def _record(segment: Segment, result: Result) -> dict[str, Any]:
    greedy = result.text if result.trace is None else str(result.trace["greedy"])
    candidates = [c for c in result.candidates if not c.problems]
    if not segment.ratings:
        # This order does not depend on any reward; that matters because ties go to the first.
        candidates.sort(key=lambda c: (c.text != greedy, c.text))
    return {
        "id": segment.row.id,
        "src": segment.row.source,
        "greedy": greedy,
        "candidates": [
            {
                "text": c.text,
                "count": c.count,
                "parts": {name: round(value, DIGITS) for name, value in c.parts.items() if math.isfinite(value)},
                **({} if c.draft.features is None else {FEATURES: packed(c.draft.features)}),
            }
            for c in candidates
        ],
    }


def packed(features: NDArray[np.float32]) -> str:
    """Return numbers as a text that JSON can hold, without loss."""
    return base64.b64encode(features.astype("<f4").tobytes()).decode("ascii")


def unpacked(text: str) -> NDArray[np.float32]:
    """Return the numbers of a text that `packed` made; raises `ValueError` for any other."""
    numbers = np.frombuffer(base64.b64decode(text, validate=True), "<f4")
    if not np.isfinite(numbers).all():
        raise ValueError("not finite")
    return numbers


def judged(segment: Segment, record: Mapping[str, Any]) -> Judged | None:
    """Return a pool with its gold values; None where no candidate passed the gates."""
    candidates = record["candidates"]
    if not candidates:
        return None
    parts = {name: [c["parts"][name] for c in candidates] for name in candidates[0]["parts"]}
    gold = gold_values(segment, [c["text"] for c in candidates])
    return Judged(segment.row.domain, parts, gold, gold_values(segment, [record["greedy"]])[0])


class PoolFile:
    """Pools from earlier runs and new ones; kept in memory where no file is named."""

    def __init__(self, path: Path | None) -> None:
        """Read the file if it exists, without a last line that was cut off; raises `InputError` for another file."""
        self.path = path
        self.config: dict[str, Any] | None = None
        self.records: dict[str, dict[str, Any]] = {}
        if path is not None and path.exists():
            self._read(path)

    def _read(self, path: Path) -> None:
        try:
            *lines, rest = read_regular(path).split(b"\n")
        except OSError as error:
            raise InputError(f"{path} cannot be read ({error.strerror or error}): name another --pools") from error
        if not lines and rest[: len(_HEAD)] != _HEAD[: len(rest)]:
            raise InputError(f"{path} is not what 'mtreason tune --pools' writes: name another file")
        for number, line in enumerate(lines, 1):
            try:
                record = parse_record(line)
                if number == 1:
                    if not fits(record, {CONFIG: {"parts": [str]}}):
                        raise ValueError("no configuration")
                    self.config = dict(record[CONFIG])
                    read_spec(self.config["run"], str(path))
                else:
                    _check_record(record, self.config or {})
                    self.records[record["id"]] = record
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
                hint = "name another --pools" if number == 1 else "delete the line to have it made again"
                raise InputError(f"{path}:{number}: not what 'mtreason tune --pools' writes: {hint}") from error
            if not sum_fits(line):
                hint = "name another --pools" if number == 1 else "delete the line to have it made again"
                raise InputError(f"{path}:{number}: damaged (its checksum does not fit): {hint}")

    def begin(self, config: Mapping[str, Any]) -> None:
        """Continue a file of the same configuration, or create it; raises `InputError` that names the differences."""
        if self.config is not None:
            self.check(config)
        if self.path is None:
            self.config = dict(config)
            return
        try:
            drop_broken_end(self.path)
        except OSError as error:
            raise InputError(
                f"{self.path} cannot be written ({error.strerror or error}): name another --pools"
            ) from error
        if self.config is None:
            self.config = dict(config)
            self._append(self.path, {CONFIG: self.config})

    def check(self, config: Mapping[str, Any]) -> None:
        """Raise `InputError` if the file was made with another configuration; it may have further parts."""
        before = self.config or {}
        missing = [part for part in config["parts"] if part not in before["parts"]]
        missing += ["the hidden states"] if config.get(FEATURES) and not before.get(FEATURES) else []
        ours, theirs = read_spec(config["run"], str(self.path)), read_spec(before["run"], str(self.path))
        shown = [
            f"{key} was {_short(before.get(key))}, now {_short(config[key])}"
            for key in ("pair", "candidates")
            if config[key] != before.get(key)
        ]
        shown += [f"{name} was {_short(old)}, now {_short(new)}" for name, old, new in ours.differences(theirs)]
        shown += [f"it lacks {', '.join(missing)}"] if missing else []
        if shown:
            raise InputError(
                f"{self.path} holds pools of another configuration: {'; '.join(shown)}; name another --pools"
            )

    def has(self, segment: Segment) -> bool:
        """Whether the pool of a segment exists; raises `InputError` if the pool of that name is for another segment."""
        record = self.records.get(segment.row.id)
        if record is None:
            return False
        texts = [c["text"] for c in record["candidates"]]
        if record["src"] != segment.row.source or (segment.ratings and texts != list(segment.hypotheses)):
            raise InputError(f"{self.path}: the segment {segment.row.id!r} has changed since: name another --pools")
        return True

    def add(self, record: dict[str, Any]) -> None:
        """Keep a pool, and write it to the file at once; raises `MtreasonError` when that fails."""
        if self.path is not None:
            self._append(self.path, record)
        self.records[record["id"]] = record

    @staticmethod
    def _append(path: Path, record: Mapping[str, Any]) -> None:
        try:
            with path.open("ab") as stream:
                stream.write(with_sum(record) + b"\n")
        except OSError as error:
            raise MtreasonError(
                f"{path} cannot be written ({error.strerror or error}): make room and run again, all pools before "
                "are kept"
            ) from error


def _check_record(record: Any, config: Mapping[str, Any]) -> None:  # noqa: ANN401 - what JSON can hold
    """Raise `ValueError` for anything else than a pool that has all parts."""
    parts = dict.fromkeys(config["parts"], NUMBER)
    candidate = {"text": str, "count": int, "parts": parts} | ({FEATURES: str} if config.get(FEATURES) else {})
    if not fits(record, {"id": str, "src": str, "greedy": str, "candidates": [candidate]}):
        raise ValueError("no pool")


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:20] + "…"
