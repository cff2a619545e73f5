"""Proposes terms for the glossary of a document: names, terms that recur, words that no table knows.

`names.py` and `terms.py` find candidates where words are separated (`clauses.py`), `unspaced.py` where they are not,
with what is marked (`marked.py`) and signs that keep together (`signs.py`). `propose.py` counts them and leaves out
what a glossary has, `memory.py` finds renderings in what people translated, `sheet.py` is the file to accept them in.
"""

from mtreason.glossary.proposals.memory import renderings_in
from mtreason.glossary.proposals.proposal import KINDS, Proposal, Proposals, Rendering
from mtreason.glossary.proposals.propose import propose
from mtreason.glossary.proposals.sheet import Sheet, open_sheet

__all__ = ["KINDS", "Proposal", "Proposals", "Rendering", "Sheet", "open_sheet", "propose", "renderings_in"]
