"""The numbers of a text: found in any script, and compared across languages by their values.

`mention.py` is what one number of a text may mean. `find.py` finds them, kind by kind: `clock.py` times, `dates.py`
months and years of other calendars, `han.py` and `east.py` what Chinese, Japanese and Korean have, `digits.py` digits
with the separators of a language (`locale.py`), `spoken.py` the number words of `words.py`. `compare.py` holds the
numbers of two texts against one another.
"""

from mtreason.numbers.compare import differing, numbers_in, values_in

__all__ = ["differing", "numbers_in", "values_in"]
