"""Documents: how text is read, cut into segments, and put together again."""

from mtreason.documents.text import Line, check_text, join_line, open_text, parse_line, read_lines

__all__ = ["Line", "check_text", "join_line", "open_text", "parse_line", "read_lines"]
