"""Where translations are kept once they were paid for."""

from mtreason.storage.journal import Journal
from mtreason.storage.memory import Memory
from mtreason.storage.protocol import Kept, Store
from mtreason.storage.tmx import read_tmx, tmx_bytes

__all__ = ["Journal", "Kept", "Memory", "Store", "read_tmx", "tmx_bytes"]
