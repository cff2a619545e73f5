"""Machine translation that searches while it decodes.

    model = mtreason.load_model()
    translator = mtreason.Translator(model, "zh", "en", budget=8)
    for translation in translator.translate(["这双鞋的踩屎感太强了"]):
        print(translation.text)

The names here are the public interface; each is loaded at its first use. Everything else may change.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mtreason.errors import InterruptedRunError as InterruptedRunError
    from mtreason.errors import MtreasonError as MtreasonError
    from mtreason.models.load import load_model as load_model
    from mtreason.models.loaded import LoadedModel as LoadedModel
    from mtreason.runs.document import translate_document as translate_document
    from mtreason.runs.job import DocumentReport as DocumentReport
    from mtreason.runs.project import Project as Project
    from mtreason.runs.settings import Settings as Settings
    from mtreason.runs.translation import Translation as Translation
    from mtreason.runs.translator import Translator as Translator

__version__ = "0.1.0"

_PUBLIC = {
    "DocumentReport": "mtreason.runs.job",
    "InterruptedRunError": "mtreason.errors",
    "LoadedModel": "mtreason.models.loaded",
    "MtreasonError": "mtreason.errors",
    "Project": "mtreason.runs.project",
    "Settings": "mtreason.runs.settings",
    "Translation": "mtreason.runs.translation",
    "Translator": "mtreason.runs.translator",
    "load_model": "mtreason.models.load",
    "translate_document": "mtreason.runs.document",
}
"""Name -> module."""

__all__ = [
    "DocumentReport",
    "InterruptedRunError",
    "LoadedModel",
    "MtreasonError",
    "Project",
    "Settings",
    "Translation",
    "Translator",
    "__version__",
    "load_model",
    "translate_document",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever has this name
    """Load a public name at its first use, so that `import mtreason` costs nothing."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
