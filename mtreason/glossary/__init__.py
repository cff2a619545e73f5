"""Glossaries: what slang and terms mean, where they occur in a text, and whether a translation honours them."""

from mtreason.glossary.check import honoured
from mtreason.glossary.load import Entry, load_glossary, shipped_glossaries
from mtreason.glossary.match import Hit, Matcher

__all__ = ["Entry", "Hit", "Matcher", "honoured", "load_glossary", "shipped_glossaries"]
