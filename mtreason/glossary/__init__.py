"""Glossaries: what terms such as slang mean, where they occur in a text, and whether a translation follows them."""

from mtreason.glossary.check import Judgement, Verdict, follows, judge_term, undecided, written, written_forms
from mtreason.glossary.load import load_glossaries, load_glossary, shipped_glossaries
from mtreason.glossary.match import Find, Hit, Matcher
from mtreason.glossary.term import Sense, Term
from mtreason.glossary.terms import Terms, digests

__all__ = [
    "Find", "Hit", "Judgement", "Matcher", "Sense", "Term", "Terms", "Verdict", "digests", "follows", "judge_term",
    "load_glossaries", "load_glossary", "shipped_glossaries", "undecided", "written", "written_forms",
]  # fmt: skip
