"""The numbers of a text: found in any script, and compared across languages by their values."""

from mtreason.numbers.compare import differing

__all__ = ["differing"]
