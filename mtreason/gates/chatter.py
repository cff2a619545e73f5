"""What models write around a translation, or instead of one: labels, notes, talk of their task."""

from __future__ import annotations

import re

from mtreason.gates.form import single_spaced
from mtreason.gates.pair import Pair

_LABEL = re.compile(
    r"^\s*(?:sure[,.!]?\s*|certainly[,.!]?\s*)?"
    r"(?:here(?:'s| is)\b[^:：]{0,30}\b(?:translat\w+|version|text|sentence|English|Chinese)\b[^:：]{0,40}"
    r"|(?:the\s+)?(?:\w+\s+)?translat(?:ion|ed|es)[^:：]{0,40}"
    r"|th(?:e|is) (?:\w+ )?(?:text|sentence) (?:translates|reads|means)[^:：]{0,40}"
    r"|翻译|译文|翻译结果|翻訳|번역)\s*[:：]\s*"
    r"|^\s*th(?:e|is) (?:\w+ )?(?:text|sentence) translates [^:：\x22“]{0,40}(?=[\x22“])",
    re.IGNORECASE,
)
# "Note:" is a remark only after a finished sentence: a text may begin with it, or contain "please note: …".
_NOTE = re.compile(
    r"\s*(?:[(\[（【]\s*(?:note|translat\w+|注|译注|注意|注释)\b[^)\]）】]*[)\]）】]?"
    r"|(?<=[.!?…。！？\x22”’)\n])\s*note\s*[:：].*)\s*$",
    re.IGNORECASE,
)
_OF_ITSELF = re.compile(
    r"\bthese translations\b|^\W*(?:this|the) translat(?:ion|es)\b"
    r"|\b(?:text|sentence|phrase|passage)\b[^.!?]{0,80}\btranslat"
    r"|\btranslat\w+ [^.!?]{0,40}\b(?:text|sentence|phrase|passage)\b",
    re.IGNORECASE,
)
"""What small models write about their task, in words of the prompt."""
_OF_TRANSLATION = re.compile("译|譯|訳|번역|translat|tradu|übersetz|перев|tłumacz|vertal|dịch|แปล|ترجم", re.IGNORECASE)
_QUOTES = {'"': '"', "“": "”", "「": "」", "'": "'", "‘": "’", "«": "»"}


def strip_chatter(text: str, source: str) -> str:
    """Remove what models write around a translation: labels, notes, quotation marks that the source does not have."""
    text = text.strip()
    if not _LABEL.match(source):
        text = _LABEL.sub("", text, count=1)
    if not _NOTE.search(source):
        text = _NOTE.sub("", text, count=1)
    closing = _QUOTES.get(text[:1])
    quoted_within = text.count(text[:1]) > 1 + (closing == text[:1])  # “a” and “b” are two quotations
    if closing and text.endswith(closing) and len(text) > 1 and source[:1] not in _QUOTES and not quoted_within:
        text = text[1:-1]
    return single_spaced(text)


def talks_of_itself(pair: Pair) -> tuple[str, ...]:
    """Find a draft from which chatter was cut off, or that talks of translating where the source does not."""
    if pair.stripped or (_OF_ITSELF.search(pair.text) and not _OF_TRANSLATION.search(pair.source)):
        return ("it has remarks about the translation",)
    return ()
