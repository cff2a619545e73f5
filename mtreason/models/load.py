"""From the name that a user gives a model to a model that is ready to run, on this machine or on a server."""

from __future__ import annotations

from collections.abc import Callable

from mtreason.errors import SettingError
from mtreason.models.files.cache import Report
from mtreason.models.loaded import LoadedModel

DTYPES = ("auto", "int8", "bf16", "fp16", "fp32")


def check_dtype(dtype: str) -> None:
    """Raise `SettingError` for a number format that does not exist."""
    if dtype not in DTYPES:
        raise SettingError(f"`dtype` {dtype!r}: expected one of {', '.join(DTYPES)}")


def load_model(
    name: str | None = None,
    *,
    dtype: str = "auto",
    tokenizer: str | None = None,
    trust_remote_code: bool = False,
    report: Report = lambda _stage, _fraction: None,
    note: Callable[[str], None] = lambda _message: None,
) -> LoadedModel:
    """Load a model: an embedded one's alias, a directory, FILE.gguf, a hub id, or the address of a server.

    None takes the best embedded model that is installed. `dtype` is the number format of the linear layers; auto is
    int8 on a CPU. `tokenizer` is for servers that do not name theirs. `report` is called with each stage and its
    progress, `note` with what is good to know about the model. Raises `ModelError`, with the next step, for a name that
    leads to no model, and `SettingError` for settings that do not fit together.
    """
    from mtreason.models.served import is_served, open_served

    if name is not None and not isinstance(name, str):
        raise SettingError(f"model {name!r}: expected its name, found {type(name).__name__}")
    check_dtype(dtype)
    if is_served(name):
        return open_served(str(name), tokenizer, report)
    if tokenizer is not None:
        raise SettingError("`tokenizer` is for a model on a server (`model` http://…): leave it out")
    from mtreason.models.engine.load import load_directory
    from mtreason.models.files.resolve import resolve_model

    resolved = resolve_model(name, report)
    report(f"loading {resolved.name}", 0.0)
    loaded = load_directory(resolved.path, dtype=dtype, trust_remote_code=trust_remote_code, note=note)
    loaded.name, loaded.digest = resolved.name, resolved.digest
    return loaded
