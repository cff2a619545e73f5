"""The error tree. Libraries raise these; only ``mtreason.cli`` turns them into exit codes.

Every message is one line that names the place (file, line), what was found, what was expected and the next step.
"""


class MtreasonError(Exception):
    """Root of every error that mtreason raises on purpose: the run failed."""

    exit_code = 1


class InputError(MtreasonError):
    """An argument or an input file that cannot be used as given."""

    exit_code = 2


class InterruptedRunError(MtreasonError):
    """Stopped by the user before the end; what was finished is written."""

    exit_code = 130


class DocumentError(InputError):
    """A document that cannot be read or written as it should: missing, not UTF-8, a directory."""


class GlossaryError(InputError):
    """A glossary file with a line that cannot be understood."""


class LanguageError(InputError):
    """A language code that is malformed or that the tool does not know."""


class ModelError(InputError):
    """A model that is unknown, not installed, corrupt, or lacks something that was asked of it."""
