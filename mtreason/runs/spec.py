"""The identity of a run: everything that changes a translation, in one value with one digest.

The memory and the journal keep translations under this identity; the lock of a repository and the directory of a
benchmark record it. Something that changes an output and is not in it would make them return wrong translations, so
each field has a test that changes it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any

from mtreason.decoding.prompts import rendered
from mtreason.decoding.wordings import Wording, wording_again
from mtreason.errors import InputError
from mtreason.glossary import Hit, Term, digests
from mtreason.languages import Direction
from mtreason.rewards import Reward
from mtreason.runs.settings import DEFAULT_NODES, FROM_ELSEWHERE, NOWHERE, REACH, SEGMENT, Settings
from mtreason.storage.shapes import Each, fits

LAYOUT = 2
"""Version of the fields below, for files that hold them."""

BEHAVIOUR = 7
"""Raise it whenever the same run would give another output: gates, cutting of segments, decoders, rewards, repairs. The
wording of prompts does not need it, because its digest is in the identity. `tests/runs/test_behaviour.py` knows the
outputs of each number, and fails when they change and the number does not."""

NO_METRIC = "none"

NESTED = ("settings", "document")
"""Fields whose parts have names of their own."""
PAIRS = ("glossaries", "memories")
_VALUE = (str, int, float, bool, type(None), list, dict)
_SHAPE = {
    **dict.fromkeys(("behaviour", "prompt", "model", "arithmetic", "source", "target", "metric"), str),
    **dict.fromkeys(NESTED, Each(_VALUE)),
    "glossaries": [[str]],
    "memories": [[str]],
    "reward": Each((int, float)),
    "adapters": [str],
}


@dataclass(frozen=True)
class RunSpec:
    """What a run's translations depend on, in JSON types. An empty string means: not known yet."""

    behaviour: str
    """Version of the code's behaviour."""
    prompt: str
    """Digest of the wording of prompts."""
    model: str
    """Digest of the model's weights, tokenizer and configuration."""
    arithmetic: str
    """Number format, and anything else about the machine that changes results."""
    source: str
    target: str
    """BCP 47."""
    settings: Mapping[str, Any]
    """The settings that change a translation; see `Settings`."""
    reward: Mapping[str, float]
    """Part -> weight."""
    metric: str = NO_METRIC
    """Digests of the learned metric and of the head that the reward uses; see `learned`."""
    glossaries: Sequence[tuple[str, str]] = ()
    """For each glossary, in order: the path as it was given, and the digest of its terms."""
    memories: Sequence[tuple[str, str]] = ()
    """Path and digest of each file with translations by people."""
    adapters: Sequence[str] = ()
    """Digests of adapters that were added to the model's weights."""
    document: Mapping[str, Any] = field(default_factory=dict)
    """How documents are read, where there is a choice."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all fields."""
        return _digest(self.to_json())

    @cached_property
    def of_segments(self) -> str:
        """Digest of what is the same for every segment; everything else is in the key of each segment."""
        reaching = {spec.name for spec in fields(Settings) if spec.metadata.get(REACH) == SEGMENT}
        own = self.to_json() | {"settings": {k: v for k, v in self.settings.items() if k not in reaching}}
        return _digest({k: v for k, v in own.items() if k not in {"glossaries", "memories", "document"}})

    def segment_key(self, source: str, hits: Sequence[Hit], context: Sequence[tuple[str, str]], note: str = "") -> str:
        """Return a digest of all that one segment's translation depends on."""
        terms = [
            (t.source, t.targets, t.literal, t.forbidden, t.case_sensitive, [(s.targets, s.about) for s in t.senses])
            for t in (hit.term for hit in hits)
        ]
        return _digest([self.of_segments, source, list(context), terms, note])

    def differences(self, before: RunSpec) -> list[tuple[str, Any, Any]]:
        """Return (name, earlier value, value now) of what differs; fields that are unknown in either are left out.

        Settings, and the choices for documents, have their own names here.
        """
        ours, theirs = _named(self.to_json()), _named(before.to_json())
        pairs = [(name, theirs.get(name), ours.get(name)) for name in {**theirs, **ours}]
        return [(name, old, new) for name, old, new in pairs if old != new and "" not in (old, new)]

    def changed(self, before: RunSpec) -> tuple[str, ...]:
        """Return the names of what differs from an earlier run; see `differences`."""
        return tuple(name for name, _, _ in self.differences(before))

    def to_json(self) -> dict[str, Any]:
        """Return it in JSON types, for a file; see `read_spec`."""
        found: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return {"layout": LAYOUT, **found}


def _named(record: Mapping[str, Any]) -> dict[str, Any]:
    """Put settings beside the other fields."""
    return {k: v for k, v in record.items() if k not in NESTED} | {k: v for n in NESTED for k, v in record[n].items()}


def read_spec(record: Any, where: str) -> RunSpec:  # noqa: ANN401 - what JSON can hold
    """Read an identity from a file; raises `InputError` for one of another version, and for anything else."""
    names = {spec.name for spec in fields(RunSpec)}
    if not fits(record, {"layout": int}):
        raise InputError(f"{where}: not the identity of a run: remove the file to begin anew")
    if record["layout"] > LAYOUT:
        raise InputError(
            f"{where}: written by a newer version of mtreason (layout {record['layout']}, this one knows {LAYOUT}): "
            "update mtreason, or remove the file to begin anew"
        )
    if set(record) - {"layout"} != names:
        raise InputError(f"{where}: not the identity of a run: remove the file to begin anew")
    values = {name: record[name] for name in names}
    if not fits(values, _SHAPE) or not all(len(pair) == 2 for name in PAIRS for pair in values[name]):
        raise InputError(f"{where}: not the identity of a run: remove the file to begin anew")
    for name in PAIRS:
        values[name] = [tuple(pair) for pair in values[name]]
    return RunSpec(**values)


def learned(*identities: str | None) -> str:
    """Return the digests of what a reward has learned beforehand as one text; None for what it does not use."""
    return " ".join(own for own in identities if own is not None) or NO_METRIC


def describe_run(
    settings: Settings,
    direction: Direction,
    wording: Wording | None,
    reward: Reward,
    terms: Iterable[Term],
    *,
    model: str = "",
    arithmetic: str = "",
    metric: str = NO_METRIC,
    memories: Sequence[tuple[str, str]] = (),
    document: Mapping[str, Any] | None = None,
) -> RunSpec:
    """Build the identity of a run; a wording of None is one that only the loaded model will tell."""
    own = {
        spec.name: getattr(settings, spec.name)
        for spec in fields(Settings)
        if spec.metadata.get(REACH) != NOWHERE and spec.name not in FROM_ELSEWHERE
    }
    own |= {"nodes": settings.nodes or DEFAULT_NODES, "max_thought_tokens": settings.thought_limit}
    return RunSpec(
        behaviour=str(BEHAVIOUR),
        prompt="" if wording is None else _said(wording, direction),
        model=model,
        arithmetic=arithmetic,
        source=direction.source.tag,
        target=direction.target.tag,
        settings=own,
        reward=dict(sorted(reward.weights.items())),
        metric=metric,
        glossaries=digests(terms),
        memories=tuple(memories),
        document=dict(document or {}),
    )


def _said(wording: Wording, direction: Direction) -> str:
    """Return a digest of what prompts say, those of a second attempt included."""
    return _digest([rendered(w, direction) for w in (wording, wording_again(chat=wording.chat))])


def _digest(value: Any) -> str:  # noqa: ANN401 - what JSON can hold
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
