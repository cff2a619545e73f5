"""Glossaries: what slang and terms mean, where they occur in a text, and whether a translation honours them."""

from mtreason.glossary.check import avoided, follows, honoured, written
from mtreason.glossary.entry import Entry
from mtreason.glossary.load import load_glossary, shipped_glossaries
from mtreason.glossary.match import Find, Hit, Matcher

__all__ = [
    "Entry", "Find", "Hit", "Matcher", "avoided", "follows", "honoured", "load_glossary", "shipped_glossaries",
    "written",
]  # fmt: skip
