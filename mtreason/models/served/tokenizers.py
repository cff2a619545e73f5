"""The tokenizer of a served model, where it comes from the transformers library.

What a person names is loaded, downloaded where it has to be. What only a server names is a claim of somebody else: it
can lead to files that are on this machine anyway, and in no case to a download, to code, or to a question on the
terminal.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mtreason.errors import ModelError
from mtreason.models.served.answers import MOST_VOCABULARY

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_HUB_ID = re.compile(r"\w[\w.-]{0,95}/\w[\w.-]{0,95}", re.ASCII)
_NEEDED = ("config.json", "tokenizer_config.json")
"""Files of every directory with a tokenizer that can be used."""
MOST_SHOWN = 300
"""Characters of a path or of a library's reason in a message."""
_READ = ("tokenizer.json", "chat_template.jinja", "special_tokens_map.json", "added_tokens.json", *_NEEDED)
"""Files that the library may read there."""


def library_tokenizer(
    urls: Sequence[str], model: str, told: str, named: str | None
) -> tuple[PreTrainedTokenizerBase, int]:
    """Return a tokenizer and the size of its model's output; raises `ModelError`.

    `told` is the directory or hub id that the server names, `named` the one that a person does.
    """
    source = named or told
    shown = source[:MOST_SHOWN]
    try:
        place = _named(source) if named else _told(source, urls)
        library, size = _load(place)
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:MOST_SHOWN]
        raise ModelError(
            f"no tokenizer for {model}, which is {shown} to its server ({reason}): name the model's directory or hub "
            "id with --tokenizer"
        ) from error
    if library.chat_template is None or library.eos_token_id is None:
        raise ModelError(f"the tokenizer of {shown} has no chat template: name that of an instruction-tuned model")
    return library, size


def _named(source: str) -> str:
    path = Path(source).expanduser()
    return str(path) if path.is_dir() else source


def _told(source: str, urls: Sequence[str]) -> str:
    """Return a directory of this machine for what a server names; raises `LookupError` where there is none to use."""
    path = Path(source)
    if path.is_absolute():
        if not all(_is_here(url) for url in urls):
            raise LookupError("a directory here is not read because a server elsewhere names it")
        if not path.is_dir():
            raise LookupError("no such directory here")
        return str(_ordinary(path))
    if not _HUB_ID.fullmatch(source):
        raise LookupError("neither a directory nor the name of a model on a hub")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return snapshot_download(source, local_files_only=True)
    except LocalEntryNotFoundError:
        raise LookupError("not downloaded yet, and nothing is downloaded because a server names it") from None


def _ordinary(path: Path) -> Path:
    """Check that a directory holds a tokenizer, in ordinary files: a pipe would be waited for."""
    for name in _NEEDED:
        if not (path / name).is_file():
            raise LookupError(f"there is no {name}")
    for name in _READ:
        if (path / name).exists() and not (path / name).is_file():
            raise LookupError(f"{name} is no file")
    return path


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _load(place: str) -> tuple[PreTrainedTokenizerBase, int]:
    from transformers import AutoConfig, AutoTokenizer

    from mtreason.models.engine.load import quiet_libraries

    # Without the argument, the library asks on standard input whether to run a model's own code.
    with quiet_libraries():
        library: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(place, trust_remote_code=False)
        size = AutoConfig.from_pretrained(place, trust_remote_code=False).get_text_config().vocab_size
    if type(size) is not int or not 0 < size <= MOST_VOCABULARY:
        raise LookupError(f"a vocabulary of {size!r} tokens")
    return library, size
