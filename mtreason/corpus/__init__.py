"""Corpora: rows of Parquet and JSON lines in, the same rows with translations out, on one machine or on many.

`plan.py` reads the input once and divides it into parts by position; `batches.py` translates texts, here or in
workers of Ray Data (`cluster.py`); `run.py` writes what comes back into part files, which are the checkpoint: a part
that is there is finished. What a row gets depends on nothing but its text, so that a part that is made again has the
same bytes.
"""

DEFAULT_ROWS = 1000
"""Rows a part: what a run that is killed may have to do again."""
DEFAULT_BATCH = 64
"""Rows that a worker is given at a time."""
