"""Finds faults in the outputs of a repository: structure, codes, literals, numbers, terms, and quality."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from mtreason.characters import visible
from mtreason.documents.faults import Pairs, document_faults, unit_faults
from mtreason.documents.protocol import Unit
from mtreason.errors import DocumentError, InputError
from mtreason.evaluation.metrics import corpus_metrics
from mtreason.files import xml_text
from mtreason.gates import GATES, Pair
from mtreason.glossary import Matcher, follows
from mtreason.languages import Direction, already_in, parse_language
from mtreason.runs.finding import Finding
from mtreason.runs.places import inside
from mtreason.runs.repository import Config, Job, fill_pattern, open_document, take_snapshot


def inspect(job: Job, config: Config, matcher: Matcher, *, free: bool = False) -> Iterator[Finding]:
    """Compare an output with its source: it must have as many units, with their codes, lines, literals and terms.

    `free` is for a file that a person gave another structure on purpose.
    """
    partly = job.source.suffix.lower() in {".po", ".pot", ".xlf", ".xliff", ".xcstrings"}
    try:
        source_file = take_snapshot(job.source, config.columns, job.target)
        output_file = take_snapshot(job.output, config.columns, job.target)
        document, named = source_file.document(), output_file.document()
        # Read as it stands: with the target named, forms that it lacks would be made from others.
        output = named if partly else replace(output_file, target=None).document()
    except DocumentError as error:
        yield Finding("structure", job.name, str(error))
        return
    sources, outputs = list(document.units), list(output.units)
    if source_file.data != output_file.data:  # the same where nothing was to be translated
        for fault in document_faults(named):
            yield Finding(fault.kind, job.name, f"{fault.place}: {fault.message}")
    direction = Direction(parse_language(config.source), job.target)
    if isinstance(named, Pairs):
        yield from _doubts(job.name, named.pairs(), direction)
    if partly:
        return  # reading such an output yields only what is not translated
    if len(sources) != len(outputs):
        if free:
            return
        yield Finding("structure", job.name, f"has {len(outputs)} units, the source {len(sources)}: translate it again")
        return
    wraps = getattr(document, "wraps", False)
    for before, after in zip(sources, outputs, strict=True):
        for fault in unit_faults(before, after, wraps=wraps):
            yield Finding(fault.kind, job.name, f"{fault.place}: {fault.message}")
        if already_in(before.text, direction.source, direction.target):
            continue
        yield from _doubts(job.name, [([before], after)], direction)
        for hit in matcher.find(before.text):
            if not follows(hit.term, after.text, job.target.tag):
                wanted = "|".join(hit.term.targets[:3]) or hit.term.source
                yield Finding("term", job.name, f"{after.place}: {hit.term.source} is not {wanted}")


def _doubts(name: str, pairs: Iterable[tuple[Sequence[Unit], Unit]], direction: Direction) -> Iterator[Finding]:
    """Find translations against which something speaks, whichever of several texts each may be one of."""
    for sources, after in pairs:
        if any(before.text == after.text for before in sources):
            continue
        for gate in (gate for gate in GATES.values() if gate.doubt and gate.named):
            found = [gate.finds(Pair(before.text, after.text, direction)) for before in sources]
            for said in min(found, key=len, default=()):
                yield Finding(gate.name, name, f"{after.place}: {said}")


def below_floors(config: Config, root: Path, jobs: Sequence[Job]) -> Iterator[Finding]:
    """Compare outputs with references, language by language."""
    if not config.floors:
        return
    if not config.references:
        raise InputError("floors: a metric needs references: say where they are")
    for target in dict.fromkeys(job.target for job in jobs):
        hypotheses: list[str] = []
        references: list[str] = []
        for job in (j for j in jobs if j.target == target):
            name = fill_pattern(config.references, root, job.source, target)
            path = inside(root, name, f"references {name!r}")
            if not path.is_file() or not job.output.is_file():
                continue
            try:
                _, own = open_document(job.output, config.columns, job.target)
                _, wanted = open_document(path, config.columns, job.target)
            except DocumentError as error:
                yield Finding("metric", job.name, f"cannot be compared: {error}")
                continue
            if len(own) != len(wanted):
                yield Finding("metric", job.name, f"has {len(own)} units, its reference {len(wanted)}")
                continue
            hypotheses += [u.text.strip() for u in own]
            references += [u.text.strip() for u in wanted]
        if not hypotheses:
            yield Finding("metric", target.tag, f"there are no references at {config.references}")
            continue
        for metric in corpus_metrics([hypotheses], [[r] for r in references], target, list(config.floors)):
            score, least = metric.score(metric.statistics[0].sum(axis=0)), config.floors[metric.name]
            if (score > least) if metric.lower_is_better else (score < least):
                yield Finding("metric", target.tag, f"{metric.title} is {score:.1f}, the floor is {least:g}")


def junit(jobs: Sequence[Job], findings: Sequence[Finding]) -> bytes:
    """Return findings as JUnit XML, with one test case for each output."""
    from lxml import etree

    names = list(dict.fromkeys([*(job.name for job in jobs), *(f.name for f in findings)]))
    suite = etree.Element("testsuite", name="mtreason", tests=str(len(names)))
    failed = 0
    for name in names:
        case = etree.SubElement(suite, "testcase", classname="mtreason", name=xml_text(visible(name)))
        own = [f for f in findings if f.name == name]
        failed += bool(own)
        for finding in own:
            message = xml_text(visible(finding.message))
            etree.SubElement(case, "failure", type=finding.kind, message=message).text = message
    suite.set("failures", str(failed))
    return bytes(etree.tostring(suite, xml_declaration=True, encoding="UTF-8", pretty_print=True))


TITLE = "## Translations"
"""How a summary in Markdown begins."""


def markdown(
    jobs: Sequence[Job], made: Sequence[str], findings: Sequence[Finding], edited: Sequence[Finding] = ()
) -> str:
    """Return a summary for people."""
    from tabulate import tabulate

    text = f"{TITLE}\n\n{len(jobs)} outputs, {len(made)} made, {len(findings)} findings\n"
    if findings or edited:
        rows = [
            [visible(cell).replace("|", "\\|") for cell in (f.kind, f.name, f.message)] for f in [*findings, *edited]
        ]
        text += "\n" + tabulate(rows, ["what", "where", "finding"], tablefmt="github") + "\n"
    return text
