"""Wordings: everything that a prompt says besides the text, as data. `wordings.toml` has the ones that come along.

Strings of a wording have places in braces: {source} and {target} are the names of the languages, {source_code} and
{target_code} their tags, {text} the segment, and {hints}, {term}, {rendering}, {context}, {note} what their fields are
about.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from mtreason.errors import InputError, near
from mtreason.files import read_text
from mtreason.languages import Direction, Language, name_in
from mtreason.records import parse_toml

DEFAULT, WITHOUT_CHAT = "short", "plain"
"""The wordings for models without a row of their own: with a chat template, and without."""

QUOTE = '"'
"""What the answer to the wording of `wording_again` begins with, and ends with."""

_PLACE = re.compile(r"\{(\w*)\}")
_NAMES = frozenset({"source", "target", "source_code", "target_code"})
_PLACES = {
    "instruction": _NAMES,
    "instruction_with_hints": _NAMES,
    "system": _NAMES,
    "text": _NAMES | {"text"},
    "answer": _NAMES,
    "hint": _NAMES | {"term", "rendering"},
    "sense": _NAMES | {"rendering", "note"},
    "hints": _NAMES | {"hints"},
    "context": _NAMES | {"context"},
    "note": _NAMES | {"note"},
    "label": _NAMES,
    "thinking": _NAMES | {"words"},
    "verdict": _NAMES | {"text"},
}
"""The places that a field may have."""
_NEEDED = {
    "text": ("text",),
    "hint": ("term", "rendering"),
    "sense": ("rendering", "note"),
    "hints": ("hints",),
    "context": ("context",),
    "note": ("note",),
    "verdict": ("text",),
}
"""The places that a field must have, once."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How a model is asked to translate; the same fields serve both directions of the reward's two-way probability."""

    name: str
    instruction: str
    """What a message begins with."""
    instruction_with_hints: str = ""
    """The same where hints, context or a note stand before the segment; empty where it is no other. After a short
    instruction small models take the hints for the text."""
    system: str | None = None
    """The system turn; None for what the chat template has by itself."""
    text: str = "{text}"
    """How the segment stands in the message."""
    answer: str = ""
    """What the model's answer begins with; it is given, not drawn."""
    hint: str = "{term} = {rendering}"
    """One glossary hint, one line of {hints}; a term with several senses has one for each."""
    sense: str = "{rendering} ({note})"
    """The rendering in the hint for one of several senses of a term, with what tells it from the others."""
    hints: str = "Use these translations:\n{hints}\n\n"
    context: str = "Preceding text with its translation, for reference only:\n{context}\n\n"
    note: str = "Note on the text: {note}\n\n"
    """What the file says of the segment's unit to those who translate it."""
    label: str = "Text:\n"
    """What separates hints, context and a note from the segment."""
    names: str = "en"
    """The language that languages are named in, as a BCP 47 code."""
    examples: int = 0
    """How many of the examples that come along are shown as earlier turns."""
    chat: bool = True
    """Whether the chat template is used; otherwise the prompt is plain text, and an answer ends with its line."""
    thinking: str = (
        "Translate the following {source} text into {target}. First reason inside <Thought> and </Thought>, in at most "
        "{words} words: what the text means, which words are difficult, how to say it best. Then give only the "
        "translation inside <Output> and </Output>.\n\n"
    )
    """The instruction where answers reason first. The form is described, not shown: a 0.5B model copied a form with
    words for the parts as its answer (3 of 4 times), and kept a form that was only described, with its first tag given
    (3 of 4)."""
    verdict: str = (
        "Is this a good translation from {source} into {target}? Answer Yes or No.\n\n{source}: {text}\n{target}: "
    )
    """Asks whether the text that follows is a good translation of a segment."""
    verdicts: tuple[str, str] = ("Yes", "No")
    """The answers: good, bad."""
    rethink: str = "Wait! Maybe I made some mistakes! I need to rethink from scratch."
    """This phrase of Marco-o1 (section 5) makes the model look at its own answer again."""

    def fill(self, field: str, source: Language, target: Language, **more: str) -> str:
        """Return a field with its places filled in; `more` are those that are not about languages."""
        known = {
            "source": name_in(source, self.names),
            "target": name_in(target, self.names),
            "source_code": source.tag,
            "target_code": target.tag,
        } | more
        return _PLACE.sub(lambda match: known[match[1]], getattr(self, field) or "")

    def system_turn(self, source: Language, target: Language) -> str | None:
        """Return the system turn; None for what the chat template has by itself."""
        return None if self.system is None else self.fill("system", source, target)

    def around(self, source: Language, target: Language) -> tuple[str, str]:
        """Return what stands before and after the segment in the message."""
        before, _, after = self.fill("text", source, target, text="\x00").partition("\x00")
        return before, after

    def shown(self, source: Language, target: Language) -> tuple[tuple[str, str], ...]:
        """Return the examples in two languages; raises `InputError` where there are none."""
        pairs = []
        for example in _table()["examples"][: self.examples]:
            found = [example.get(language.tag) or example.get(language.primary) for language in (source, target)]
            if not all(found):
                missing = (source, target)[found.index(None)]
                raise InputError(
                    f"--prompt {self.name}: it shows examples, and there are none in {missing.name}: take another one"
                )
            pairs.append((str(found[0]), str(found[1])))
        return tuple(pairs)


def pick_wording(given: str | None, model: str, direction: Direction, *, chat: bool) -> Wording:
    """Return the wording for a run: the given name or file, or the best one that is known for the model's name.

    `chat` tells whether the model has a chat template. Raises `InputError` for an unknown name and a broken file.
    """
    if given is not None:
        return named_wording(given)
    primaries = {direction.source.primary, direction.target.primary}
    for row in _table()["models"]:
        wording = wordings()[row["wording"]]
        fits = (
            fnmatchcase(model.lower(), f"*{row['name']}") and row.get("language", direction.source.primary) in primaries
        )
        if fits and wording.chat == chat:
            return wording
    return wordings()[DEFAULT if chat else WITHOUT_CHAT]


def wording_again(*, chat: bool) -> Wording:
    """Return the wording for a second attempt, which shows the text as a quotation; see `mtreason.decoding.asking`."""
    return make_wording("again", {**_table()["again"], "chat": chat}, "wordings.toml: again")


def known_wording(given: str | None, model: str, direction: Direction, *, chat: bool | None) -> Wording | None:
    """Return what `pick_wording` will return, or None where it is not known yet whether there is a chat template."""
    if chat is None and given is None:
        return None
    return pick_wording(given, model, direction, chat=bool(chat))


def named_wording(given: str) -> Wording:
    """Return the wording with this name, or of this file; raises `InputError` where there is none."""
    if given.endswith(".toml") or "/" in given:
        return read_wording(Path(given))
    if given not in wordings():
        raise InputError(
            f"--prompt {given}: no such wording{near(given, wordings())} (there are {', '.join(wordings())}, or a file "
            "that ends with .toml)"
        )
    return wordings()[given]


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files("mtreason.decoding").joinpath("wordings.toml").read_text("utf-8"))


@cache
def wordings() -> Mapping[str, Wording]:
    """Return the wordings that come along, by name."""
    return {name: make_wording(name, found, f"wordings.toml: {name}") for name, found in _table()["wordings"].items()}


def read_wording(path: Path) -> Wording:
    """Read the wording of a file; raises `InputError` for one that cannot be used."""
    text = read_text(path, "name a wording or a file with --prompt")
    try:
        found = parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not TOML ({error}): see the fields of a wording in the README") from error
    return make_wording(str(found.pop("name", path.stem)), found, str(path))


def make_wording(name: str, found: Mapping[str, Any], where: str) -> Wording:
    """Check the fields of a wording; `where` begins the message of an `InputError`."""
    kinds = {f.name: str(f.type) for f in fields(Wording) if f.name != "name"}
    for field, value in found.items():
        if field not in kinds:
            raise InputError(f"{where}: {field!r}: no such field{near(field, kinds)} (there are {', '.join(kinds)})")
        expected = {"bool": bool, "int": int}.get(kinds[field], str)
        if field == "verdicts":
            if not isinstance(value, list) or len(value) != 2 or not all(isinstance(v, str) and v for v in value):
                raise InputError(f"{where}: verdicts: expected two words, the good verdict first")
        elif not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
            raise InputError(f"{where}: {field}: expected {_KINDS[expected]}, found {value!r}")
    if not found.get("instruction"):
        raise InputError(f"{where}: it has no instruction: say what the model is to do, with {{target}} in it")
    own: dict[str, Any] = {k: tuple(v) if k == "verdicts" else v for k, v in found.items()}
    wording = Wording(name=name, **own)
    _check_places(wording, where)
    return wording


_KINDS = {str: "a text in quotation marks", int: "a whole number", bool: "true or false"}


def _check_places(wording: Wording, where: str) -> None:
    for field, allowed in _PLACES.items():
        found = _PLACE.findall(getattr(wording, field) or "")
        for place in found:
            if place not in allowed:
                listed = ", ".join(f"{{{name}}}" for name in sorted(allowed))
                raise InputError(f"{where}: {field}: {{{place}}} has no meaning here (there are {listed})")
        for place in _NEEDED.get(field, ()):
            if found.count(place) != 1:
                count = "no place" if place not in found else f"{found.count(place)} places"
                raise InputError(f"{where}: {field}: it has {count} {{{place}}} and needs one, for {_MEANING[place]}")
    for instruction in (wording.instruction, wording.instruction_with_hints or wording.instruction):
        asked = instruction + wording.text + wording.answer
        if "{target}" not in asked and "{target_code}" not in asked:
            raise InputError(f"{where}: it does not say which language to write: put {{target}} into the instruction")
    if not 0 <= wording.examples <= len(_table()["examples"]):
        raise InputError(f"{where}: examples: there are {len(_table()['examples'])}")
    name_in_code = wording.names
    if not re.fullmatch(r"[a-z]{2,3}(-\w+)*", name_in_code):
        raise InputError(f"{where}: names: {name_in_code!r} is no language code: write en or zh")


_MEANING = {
    "text": "the segment",
    "hints": "the glossary's hints, one a line",
    "term": "a glossary's term",
    "rendering": "its translation",
    "context": "the text before the segment",
    "note": "what the file says of the text",
}


def to_toml(wording: Wording) -> str:
    """Write a wording as a file for `read_wording`; fields that are as usual are left out."""
    usual = asdict(Wording(name="", instruction=""))
    lines = []
    for field, value in asdict(wording).items():
        if field == "name" or value != usual[field]:
            lines.append(f"{field} = {_toml(list(value) if isinstance(value, tuple) else value)}")
    return "\n".join(lines) + "\n"


def _toml(value: str | int | bool | Sequence[str]) -> str:
    import json

    # A JSON string is a basic string of TOML, except for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
