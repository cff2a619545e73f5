"""A translation under review: what a person sees of it on a page, what they pick there, and what becomes of that.

`document.py` joins a document, its translation and its trace, `page.py` makes the page (its template, style and script
are with those of other pages, in `report/templates`), `picks.py` reads what leaves it, and `outcome.py` makes of that
a corrected document, a memory, ratings and pairs.
"""

from mtreason.review.document import Alternative, Passage, Review, open_review
from mtreason.review.outcome import Outcome, Places, apply_picks
from mtreason.review.page import review_page
from mtreason.review.picks import Picked, read_picks

__all__ = [
    "Alternative", "Outcome", "Passage", "Picked", "Places", "Review", "apply_picks", "open_review", "read_picks",
    "review_page",
]  # fmt: skip
