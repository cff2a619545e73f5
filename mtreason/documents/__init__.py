"""Documents: how files are read, divided into units and segments, and put together again."""

from mtreason.documents.formats import FORMATS, TEXT, Format, pick_format, read_document
from mtreason.documents.placeholders import broken, placeholders
from mtreason.documents.protocol import Document, Unit
from mtreason.documents.text import Line, TextDocument, check_text, join_line, open_text, parse_line, read_lines

__all__ = [
    "FORMATS", "TEXT", "Document", "Format", "Line", "TextDocument", "Unit", "broken", "check_text", "join_line",
    "open_text", "parse_line", "pick_format", "placeholders", "read_document", "read_lines",
]  # fmt: skip
