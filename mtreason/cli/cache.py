"""`mtreason cache`: the memory of translations, and readings of large glossaries."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtreason.cli.output import say
from mtreason.errors import InputError
from mtreason.runs.output import Output

if TYPE_CHECKING:
    from mtreason.storage import Memory, StoredTranslation

FINDINGS = 3
"""Exit code: something in the memory is damaged."""

app = typer.Typer(no_args_is_help=True, help="What is kept: translations and large glossaries; count, forget, export.")

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


@app.command("stats")
def stats(*, as_json: _Json = False) -> None:
    """Say how many translations and large glossaries are kept, and how much room they take."""
    from mtreason.glossary import cache

    memory = _open()
    readings = [size for _, size, _ in cache.kept()]
    count, size = memory.size()
    languages: dict[str, int] = {}
    for kept in memory.entries():
        pair = "-".join(kept.languages)
        languages[pair] = languages.get(pair, 0) + 1
    figures = {
        "translations": count,
        "bytes": size,
        "damaged": memory.damaged,
        "languages": languages,
        "directory": str(memory.directory),
        "glossaries": len(readings),
        "glossary_bytes": sum(readings),
    }
    listed = ", ".join(f"{pair} {n}" for pair, n in sorted(languages.items())) or "none"
    text = f"{count} translations ({listed}), {size / 1e6:.1f} MB in {memory.directory}\n"
    if readings:
        text += f"{len(readings)} large glossaries, {sum(readings) / 1e6:.1f} MB\n"
    output = Output(None)
    output.write(json.dumps(figures) + "\n" if as_json else text)
    output.close()
    _tell(memory.damaged)


@app.command("prune")
def prune(
    *,
    older_than: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only what was kept longer ago, as 12h, 30d or 8w.")
    ] = None,
) -> None:
    """Forget translations, and readings of large glossaries."""
    from mtreason.glossary import cache

    found = re.fullmatch(r"(\d+)([smhdw])", older_than or "0s")
    if found is None:
        raise InputError(f"--older-than {older_than!r}: expected a number and s, m, h, d or w, as in 30d")
    seconds = None if older_than is None else int(found[1]) * float(_UNITS[found[2]])
    gone = _open().prune(seconds)
    glossaries = cache.prune(seconds)
    say(f"{gone} translations forgotten" + (f", and {glossaries} large glossaries" if glossaries else ""))


@app.command("export")
def export(
    out: Annotated[Path, typer.Argument(metavar="OUT.tmx", help="Where the pairs go.")],
) -> None:
    """Write all that is kept as a translation memory (TMX), for other tools or for a person to correct."""
    from mtreason.errors import LanguageError
    from mtreason.files import write_bytes
    from mtreason.languages import parse_language
    from mtreason.storage import tmx_bytes

    if out.suffix.lower() != ".tmx":
        raise InputError(f"{out}: what is written is TMX: name it so")
    memory = _open()
    kept: dict[tuple[str, str], list[StoredTranslation]] = {}
    for own in memory.entries():
        if not own.problems:
            kept.setdefault(own.languages, []).append(own)
    unknown = 0
    for languages in list(kept):
        try:
            [parse_language(tag) for tag in languages]
        except LanguageError:
            unknown += len(kept.pop(languages))
    write_bytes(out, tmx_bytes((*k.languages, k.source, k.translation) for own in kept.values() for k in own))
    say(f"{sum(map(len, kept.values()))} translations in {out}")
    _tell(memory.damaged + unknown)


def _open() -> Memory:
    from mtreason.files import cache_dir
    from mtreason.storage import Memory

    return Memory(cache_dir() / "translations")


def _tell(damaged: int) -> None:
    """End with findings where translations are damaged."""
    if damaged:
        say(
            f"{damaged} translations in the memory are damaged and left out: "
            "'mtreason cache prune --older-than 3650d' removes them"
        )
        raise typer.Exit(FINDINGS)
