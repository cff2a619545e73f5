"""The error tree. Libraries raise these; only ``mtreason.cli`` turns them into exit codes.

Every message is one line that names the place (file, line), what was found, what was expected and the next step.
"""

import difflib
import re
from collections.abc import Collection, Sequence


class MtreasonError(Exception):
    """Root of every error that mtreason raises on purpose: the run failed."""

    exit_code = 1

    def __init__(self, message: object = "") -> None:
        # Quotations from a file or a library may contain line breaks.
        super().__init__(" ".join(str(message).splitlines()))


class InputError(MtreasonError):
    """An argument or an input file that cannot be used as given."""

    exit_code = 2


class SettingError(InputError):
    """A setting that does not exist, or has a value that it cannot have.

    Settings stand in backquotes in the message, which serves the Python interface and the command line alike.
    """

    @property
    def as_options(self) -> str:
        """The message with the settings as options of the command line: `beam_width` is --beam-width."""
        return re.sub(r"`(\w+)`", lambda found: "--" + found[1].replace("_", "-"), str(self))


class InterruptedRunError(MtreasonError):
    """The user, or a limit that the user set, stopped the run before its end; finished work is written."""

    exit_code = 130


class ServerGoneError(MtreasonError):
    """A model server disappeared during a run and did not come back; finished work is kept."""

    exit_code = 3


class DocumentError(InputError):
    """A document that cannot be read or written as it should: missing, not UTF-8, a directory."""


class GlossaryError(InputError):
    """A glossary file with a line that cannot be understood."""


class LanguageError(InputError):
    """A language code that is malformed or that the tool does not know."""


class ModelError(InputError):
    """A model that is unknown, not installed, corrupt, or lacks something that was requested."""


def near(name: str, known: Collection[str]) -> str:
    """Return ", did you mean 'x'?" where a name is close to a known one, else ""."""
    found = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f", did you mean {found[0]!r}?" if found else ""


def check_names(option: str, names: Sequence[str], what: str, known: Collection[str]) -> list[str]:
    """Return the names without duplicates; raises `InputError` with the nearest known name for an unknown one."""
    for name in names:
        if name not in known:
            raise InputError(f"{option} {name!r}: no such {what}{near(name, known)} (there are {', '.join(known)})")
    return list(dict.fromkeys(names))
