"""What models write around a translation: labels, notes, quotation marks, talk of their task.

A draft may have of each what its source has; `KINDS` says how both are known, in many languages.
"""

from __future__ import annotations

from mtreason.gates.counterpart import Kind, expression, found
from mtreason.gates.form import has_words, single_spaced
from mtreason.gates.pair import Pair
from mtreason.gates.words import EDITION, HANDING, NOTE, NOTING, TEXT, TRANSLATING, WARNING

_PAIRS = (
    '""',
    "“”",
    "„“",
    "„”",
    "””",
    "''",
    "‘’",
    "‚‘",
    "‚’",
    "«»",
    "»«",
    "‹›",
    "›‹",
    "「」",
    "『』",
    "〝〞",
    "〝〟",
    "｢｣",
    "＂＂",
)
_MARKS = "".join(sorted({mark for pair in _PAIRS for mark in pair} | set("`´《》〈〉")))
_QUOTED = (rf"^{a}([^{a}]+){b}$" for a, b in _PAIRS)  # “a” and “b” are two quotations, and no text in marks
_LABEL = (
    r"^\s*(?:(?:sure|certainly|of course)[,.!]?\s*)?(?:"
    r"here(?:'s| is)\b[^:：]{0,30}\b(?:translat\w+|version|text|sentence|English|Chinese)\b[^:：]{0,40}"
    r"|(?:the\s+)?(?:\w+\s+)?translat(?:ion|ed|es)[^:：]{0,40}"
    r"|translate\b[^:：]{1,30}\b(?:in)?to \w+(?: as follows)?"
    r"|th(?:e|is) (?:\w+ )?(?:text|sentence) (?:translates|reads|means)[^:：]{0,40}"
    r"|(?:\w+\s+)?übersetzung|traduction|traducci[oó]n|traduzione|tradução|vertaling|tłumaczenie|перевод|переклад|"
    r"çeviri|terjemahan|bản dịch|คำแปล|الترجمة|अनुवाद|(?:中文|英文|汉语|英语)?(?:翻译|译文|翻譯|譯文)(?:结果|版本|如下)?|翻訳(?:文)?|번역"
    r")\s*[:：]\s*",
    r"^\s*th(?:e|is) (?:\w+ )?(?:text|sentence) translates [^:：\x22“]{0,40}(?=[\x22“])",
)
_BRACKETED = r"\s*[(\[（【]\s*(?:{})[^)\]）】]*[)\]）】]?\s*$"
_AFTER = r"(?<=[.!?…。！？\x22”’)\n])\s*(?:{})\s*[:：](?s:.*)$"
"""A text may begin with "Note:", or contain "please note: …"; a remark stands after a finished sentence."""
_OF_TRANSLATION = rf"(?:\w+\W+){{0,2}}(?:literal(?:ly)?|informal|{TRANSLATING})"
_NOTED = rf"(?:{NOTE}|{WARNING})\s*[:：!！—–-]", rf"[(\[（【〔]\s*(?:{NOTE}|{WARNING})", NOTING
_HEAD = rf"^[^:：]{{0,60}}(?:{TRANSLATING}|{EDITION})[^:：]{{0,60}}[:：]"

KINDS = (
    Kind("it begins with a label", expression(*_LABEL), expression(_HEAD), cut=True),
    Kind(
        "it ends with a note in brackets",
        expression(_BRACKETED.format(rf"(?:{NOTE})\b|{_OF_TRANSLATION}")),
        expression(*_NOTED, r"[)\]）】〕]\W{0,8}$"),
        cut=True,
    ),
    Kind("it ends with a note", expression(_AFTER.format(NOTE)), expression(*_NOTED), cut=True),
    Kind(
        "it ends with a note about the translation",
        expression(
            _BRACKETED.format(rf"(?:{NOTE})\s*[:：]\s*{_OF_TRANSLATION}"),
            _AFTER.format(NOTE).replace("(?s:.*)", rf"\s*{_OF_TRANSLATION}(?s:.*)"),
        ),
        expression(TRANSLATING),
        cut=True,
    ),
    Kind(
        "it stands in quotation marks",
        expression(*_QUOTED),
        expression(rf"^\W{{0,8}}[{_MARKS}]", rf"[{_MARKS}]\W{{0,8}}$", r"^\s*[—―–]"),  # a dash is said, too
        cut=True,
    ),
    Kind(
        "it speaks of translating",
        expression(
            r"\bthese translations\b|^\W*(?:this|the) translat(?:ion|es)\b",
            rf"(?:{TEXT})[^.!?。！？]{{0,80}}(?:\btranslat|übersetz|翻译|翻譯|翻訳|번역)",
            rf"(?:\btranslat\w+ |übersetz\w+ |翻译|翻譯|翻訳)[^.!?。！？]{{0,40}}(?:{TEXT})",
        ),
        expression(TRANSLATING),
    ),
    Kind(
        "it hands something over",
        expression(
            r"^\W*(?:(?:sure|certainly|of course)\b[,.!]?\s*)?here(?:'s|’s| is| are) (?:\S+ ){1,4}?"
            r"(?:poem|haiku|story|joke|essay|code|program|script|query|function|example|list|summary|"
            r"sentence|translation|version|answer|response)s?\b"
        ),
        expression(HANDING),
    ),
)


def strip_chatter(text: str, source: str) -> str:
    """Cut off what stands around a translation without a counterpart in the source; never all of its words."""
    before = None
    while text != before:
        before = text
        for kind in KINDS:
            text = _without(kind, text, source)
        text = single_spaced(text)  # a note after a line break is known by it, so this comes later
    return text


def _without(kind: Kind, text: str, source: str) -> str:
    match = kind.shape.search(text) if kind.cut and not kind.counterpart.search(source) else None
    if match is None:
        return text
    kept = next((group for group in match.groups() if group), "")
    rest = text[: match.start()] + kept + text[match.end() :]
    return rest if has_words(rest) else text


def talks_of_itself(pair: Pair) -> tuple[str, ...]:
    """Find a draft from which chatter was cut off, or that has more of it."""
    said = ("there was chatter around it",) if pair.stripped else ()
    return said + found(KINDS, pair.source, pair.text)
