"""Documents: how files are read, divided into units and segments, and put together again."""

from mtreason.documents.formats import FORMATS, TEXT, Format, pick_format, read_document
from mtreason.documents.literals import Lost, literals, lost, placeholders, without_literals
from mtreason.documents.protocol import Document, Reading, Unit
from mtreason.documents.text import Line, TextDocument, check_text, join_line, open_text, parse_line

__all__ = [
    "FORMATS", "TEXT", "Document", "Format", "Line", "Lost", "Reading", "TextDocument", "Unit", "check_text",
    "join_line", "literals", "lost", "open_text", "parse_line", "pick_format", "placeholders", "read_document",
    "without_literals",
]  # fmt: skip
