"""The numbers of a text: found in any script, and compared across languages by their values.

`mention.py` is what one number of a text may mean; `find.py` finds them, kind by kind: `clock.py` times, `han.py`
Chinese characters and Korean units, `digits.py` digits with the separators of a `locale.py`, `words.py` number words.
`compare.py` holds those of two texts against one another.
"""

from mtreason.numbers.compare import differing, values_in

__all__ = ["differing", "values_in"]
