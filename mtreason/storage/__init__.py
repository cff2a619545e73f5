"""Where translations are kept once they were paid for."""

from mtreason.storage.journal import Journal
from mtreason.storage.memory import Memory, Spare
from mtreason.storage.protocol import Kept, Store
from mtreason.storage.tmx import read_tmx, tmx_bytes

__all__ = ["Journal", "Kept", "Memory", "Spare", "Store", "read_tmx", "tmx_bytes"]
