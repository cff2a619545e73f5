"""A translator without fault for strings of programs, and files read and written without a model."""

import re

from mtreason.documents import FORMATS, Reading
from mtreason.languages import parse_language

RUSSIAN, JAPANESE = parse_language("ru"), parse_language("ja")
KEPT = re.compile(r"</?\d+/?>|\$t\([^()]*\)|%[#\d$.]*[@a-z]+|%?\{[^{}]*\}|(?<!\w):[a-z]+|https?://\S+")


def swapped(text):
    """A translation without fault: the case of letters changes, but not what a program reads."""
    at, parts = 0, []
    for found in KEPT.finditer(text):
        parts += [text[at : found.start()].swapcase(), found[0]]
        at = found.end()
    return "".join([*parts, text[at:].swapcase()])


class Perfect:
    def translate(self, texts):
        return [swapped(text) for text in texts]


def read(form, data, target=RUSSIAN, columns=("text",), name=None):
    columns = columns if FORMATS[form].columns and form not in {"json", "yaml"} else ()
    data = data if isinstance(data, bytes) else data.encode()
    return FORMATS[form].read(data, name or f"file.{form}", Reading(columns, target))


def texts(form, data, **more):
    return [unit.text for unit in read(form, data, **more).units]


def translated(form, data, translate=swapped, **more):
    document = read(form, data, **more)
    return b"".join(document.render([translate(unit.text) for unit in document.units])).decode()
