"""Where finished translations are kept."""

from mtreason.storage.journal import Journal
from mtreason.storage.memory import BestEffortStore, Memory
from mtreason.storage.protocol import Store, StoredTranslation
from mtreason.storage.tmx import read_tmx, tmx_bytes

__all__ = ["BestEffortStore", "Journal", "Memory", "Store", "StoredTranslation", "read_tmx", "tmx_bytes"]
