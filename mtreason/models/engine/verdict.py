"""What the probe of the engine found for a converted model, kept beside it: asking again takes seconds at every start.

A verdict holds for the same code of this package's engine, the same releases of torch and transformers and the same
arithmetic; anything else asks anew.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path

import torch

from mtreason.errors import MtreasonError
from mtreason.files import write_text
from mtreason.models.files.cache import cached_digests, is_cached

FILE = "probe.json"


def _conditions(path: Path, arithmetic: str) -> str:
    import transformers

    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    digest.update(json.dumps(sorted(cached_digests(path).items())).encode())
    return f"{digest.hexdigest()} torch {torch.__version__} transformers {transformers.__version__} {arithmetic}"


def recall(path: Path, arithmetic: str) -> bool | None:
    """Whether the token tree gives what the library's own pass gives for the model in `path`; None if unknown."""
    if not is_cached(path):
        return None
    try:
        kept = json.loads((path / FILE).read_text("utf-8"))
        return bool(kept["shares"]) if kept["conditions"] == _conditions(path, arithmetic) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(path: Path, arithmetic: str, *, shares: bool) -> None:
    """Keep a verdict; a cache that cannot be written to goes without."""
    if not is_cached(path):
        return
    with suppress(OSError, MtreasonError):
        write_text(path / FILE, json.dumps({"conditions": _conditions(path, arithmetic), "shares": shares}))
