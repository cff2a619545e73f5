"""Units of inline Markdown: from signs to a text with codes. Code spans are shown as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mtreason.characters import LETTER
from mtreason.documents.coded import TAG, Coder
from mtreason.documents.markdown.inline import BREAK, CLOSE, OPEN, SOFT, SPAN, TEXT, Sign
from mtreason.documents.markdown.writing import SHOWN_SPAN, Place, Writer
from mtreason.documents.spans import Span


@dataclass(frozen=True, slots=True)
class InlineSpan(Span):
    """A unit of inline Markdown."""

    writer: Writer = field(kw_only=True)

    def written(self, text: str) -> str:
        """See `Span.written`."""
        return self.writer.written(text)


def inline_span(signs: Sequence[Sign], place: Place, where: str) -> InlineSpan | None:
    """Return the unit that signs make; None where there is nothing to translate."""
    content = place.block.content
    words = "".join(s.raw for s in signs if s.kind == TEXT)
    if not LETTER.search(words):
        return None
    coder = Coder()
    added: list[Sign | None] = []
    breaks: list[Sign] = []
    spans: list[Sign] = []
    habits: dict[str, str] = {}
    numbers: list[int] = []
    waiting: list[str] = []

    def flush() -> None:
        text = "".join(waiting)
        waiting.clear()
        added.extend([None] * len(TAG.findall(text)))
        coder.text(text)

    for i, sign in enumerate(signs):
        shown = sign.kind == SPAN and "`" not in words and SHOWN_SPAN.fullmatch(sign.raw) and not TAG.search(sign.raw)
        if sign.kind == TEXT:
            waiting.append(sign.raw)
            own = content[sign.start : sign.end] if sign.start >= 0 else ""
            if len(sign.raw) == 1 and own != sign.raw and own:
                habits.setdefault(sign.raw, own)
        elif sign.kind == SOFT:
            waiting.append(_soft(signs, i))
        elif sign.kind == BREAK:
            waiting.append("\n")
            breaks.append(sign)
        elif shown:
            waiting.append(sign.raw)
            spans.append(sign)
        else:
            flush()
            added.append(sign)
            if sign.kind == OPEN:
                numbers.append(coder.open(sign.raw))
            elif sign.kind == CLOSE:
                coder.close(numbers.pop(), sign.raw)
            else:
                coder.alone(sign.raw, said=sign.said)
    flush()
    coded = coder.coded()
    tags = {tag: sign for tag, sign in zip(coded.codes, added, strict=True) if sign is not None}
    start, end = place.file(0), place.file(len(content) - 1) + 1
    writer = Writer(place, tags, breaks, spans, habits)
    return InlineSpan(start, end, where, coded.text, codes=coded.codes, writer=writer)


def _soft(signs: Sequence[Sign], at: int) -> str:
    """Return what a line break in a sentence stands for: a blank, and none between Chinese or Japanese."""
    before = signs[at - 1].raw[-1:] if at else ""
    after = signs[at + 1].raw[:1] if at + 1 < len(signs) else ""
    return "" if _wide(before) and _wide(after) else " "


def _wide(char: str) -> bool:
    """Whether a character is of a script that has no blanks, or of its punctuation."""
    return "\u2e80" <= char <= "\ua4cf" or "\uf900" <= char <= "\ufaff" or "\uff00" <= char <= "\uff60"
