"""What became of each output of a repository, as it is said to people."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from mtreason.runs.finding import Finding
from mtreason.runs.lock import Lock
from mtreason.runs.made import adopted
from mtreason.runs.merge import MISSING, WHOLE, Mode, Standing, compare
from mtreason.runs.repository import LOCK, Job, Snapshot, take_snapshot
from mtreason.runs.spec import RunSpec

FEW = 3
"""How many places are named in one line."""


@dataclass(frozen=True, slots=True)
class Examined:
    """An output, its source as it was read, and what is to be done."""

    job: Job
    source: Snapshot
    output: Snapshot | None
    standing: Standing | None
    """None for a file that the lock does not know."""

    @property
    def findings(self) -> Iterator[Finding]:
        """What has to be translated or decided."""
        name, standing = self.job.name, self.standing
        if standing is None:
            yield Finding(
                "unknown", name, f"is there, but not in {LOCK}: move it away, or let mtreason batch --adopt keep it"
            )
            return
        if standing.why:
            yield Finding("stale", name, f"{standing.why}: run mtreason batch")
        for said in standing.unclean:
            yield Finding(
                "unclean",
                name,
                f"{said}: no clean translation was found: correct it, or keep it with mtreason batch --adopt",
            )
        if standing.asked:
            yield Finding(
                "conflict",
                name,
                f"{listed(standing.asked)}: changed by a person, and so did the source; the person's is kept: correct "
                "it, or take it as it is with mtreason batch --adopt, or remove the file to translate it anew",
            )

    @property
    def edited(self) -> Iterator[Finding]:
        """What people changed, which is kept."""
        if self.standing is not None and self.standing.edited:
            yield Finding("edited", self.job.name, f"{listed(self.standing.edited)}: by a person, and kept")

    @property
    def free(self) -> bool:
        """Whether a person gave the file a structure of its own, as far as is known."""
        standing = self.standing
        if standing is None:
            return True
        theirs = {*standing.edited, *standing.asked}
        return bool(theirs) and (WHOLE in theirs or standing.mode is Mode.PATCH or _is_theirs(standing))


def _is_theirs(standing: Standing) -> bool:
    return standing.made is not None and standing.made.person


def examine(job: Job, lock: Lock, run: RunSpec, *, adopt: bool = False) -> Examined:
    """Compare an output with its source and with what the lock says.

    With `adopt`, a file that the lock does not know, or whose texts have to be decided about, is taken as what people
    want beside the present source. Raises `DocumentError` for a file that cannot be read.
    """
    source = take_snapshot(job.source, job.columns, job.target)
    output = take_snapshot(job.output, job.columns, job.target) if os.path.lexists(job.output) else None
    made = lock.outputs.get(job.name)
    if output is None:
        standing = Standing(Mode.NEW, MISSING)
    elif made is None and not adopt:
        return Examined(job, source, output, None)
    else:
        made = made or adopted(source, output, run.digest)
        standing = compare(made, source, output, run.changed(lock.runs.get(made.run, run)), adopt=adopt)
    if standing.why:
        for _ in source.document().units:
            pass  # A source that cannot be translated is found now.
    return Examined(job, source, output, standing)


def listed(places: tuple[str, ...]) -> str:
    """Name a few places, and say how many more there are."""
    more = len(places) - FEW
    return ", ".join(places[:FEW]) + (f" and {more} more" if more > 0 else "")
