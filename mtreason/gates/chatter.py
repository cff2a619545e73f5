"""What models write around a translation: labels, notes, quotation marks, talk of their task.

A draft may have of each what its source has; `KINDS` says how both are known, in many languages.
"""

from __future__ import annotations

from mtreason.gates.counterpart import Kind, expression, found
from mtreason.gates.form import has_words, single_spaced
from mtreason.gates.pair import Pair
from mtreason.gates.words import in_any

_PAIRS = (
    *('""', "''", "＂＂", "“”", "„“", "„”", "””", "‘’", "‚‘", "‚’", "«»", "»«", "‹›", "›‹"),
    *("「」", "『』", "｢｣", "〝〞", "〝〟"),
)
_MARKS = "".join(_PAIRS) + "`´《》〈〉"
_QUOTED = (rf"^{pair[0]}([^{pair[0]}]+){pair[1]}$" for pair in _PAIRS)  # “a” and “b” are two quotations

_SURE = r"^\s*(?:(?:sure|certainly|of course)\b[,.!]?\s*)?"
_LABELS = (
    r"here(?:['’]s| is)\b[^:：]{0,30}\b(?:translat\w+|version|text|sentence|English|Chinese)\b[^:：]{0,40}",
    r"translate\b[^:：]{1,30}\b(?:in)?to \w+(?: as follows)?",
    r"th(?:e|is) (?:\w+ )?(?:text|sentence) (?:translates|reads|means)[^:：]{0,40}",
)
_WITHIN = r"[^:：.!?。！？\n]"
_NAMED = rf"^\W*(?:\w+[.!。！]\s*)?{_WITHIN}{{0,60}}?(?:{in_any('translation')}){_WITHIN}{{0,40}}[:：][*_]*\s*"
_LANGUAGE = rf"^\W*(?:{in_any('language-name')})[*_]*\s*[:：][*_]*\s*"
_FENCED = r"^\s*```[\w-]*\n((?s:.+?))\n?```\s*$"
_LABEL = rf"{_SURE}(?:{'|'.join(_LABELS)})\s*[:：]\s*"
_QUOTING_LABEL = r"^\s*th(?:e|is) (?:\w+ )?(?:text|sentence) translates [^:：\x22“]{0,40}(?=[\x22“])"
_LABELLED = rf"^[^:：]{{0,60}}(?:{in_any('translating')}|{in_any('edition')})[^:：]{{0,60}}[:：]"

_TRANSLATING = rf"(?:\w+\W+){{0,4}}(?:informal|{in_any('literally')}|{in_any('translating')})"
_NOTE, _WARNING = in_any("note"), in_any("warning")
_BRACKETED = r"\s*[(\[（【]\s*(?:{})[^)\]）】]*[)\]）】]?\s*$"
# A text may begin with "Note:", or contain "please note: …"; a remark comes after a finished sentence.
_ADDED = r"(?<=[.!?…。！？\x22”’)\n])[\s*_]*(?:{})[\s*_]*[:：]{}(?s:.*)$"
_NOTED = (
    rf"(?:{_NOTE}|{_WARNING})\s*[:：!！—–-]",
    rf"[(\[（【〔]\s*(?:{_NOTE}|{_WARNING})",
    in_any("noting"),
)

_TEXT = in_any("text")
_HANDED = (
    "poem|haiku|story|joke|essay|code|program|script|query|function|example|list|summary|sentence|translation|version|"
    "answer|response"
)

KINDS = (
    Kind("it stands in a fence of code", expression(_FENCED), expression("```"), cut=True),
    Kind("it stands in marks of emphasis", expression(r"^\*\*([^*]+)\*\*$"), expression(r"\*"), cut=True),
    Kind("it begins with a label", expression(_LABEL, _QUOTING_LABEL), expression(_LABELLED), cut=True),
    Kind("it is named a translation", expression(_NAMED), expression(_LABELLED, in_any("homonym")), cut=True),
    Kind(
        "it begins with the name of its language",
        expression(_LANGUAGE),
        expression(r"^[^:：]{0,60}[:：]", in_any("edition"), in_any("language-name")),
        cut=True,
    ),
    Kind(
        "it ends with a note in brackets",
        expression(_BRACKETED.format(rf"(?:{_NOTE})\b|{_TRANSLATING}")),
        expression(*_NOTED, r"[)\]）】〕]\W{0,8}$"),
        cut=True,
    ),
    Kind("it ends with a note", expression(_ADDED.format(_NOTE, "")), expression(*_NOTED), cut=True),
    Kind(
        "it ends with a note about the translation",
        expression(
            _BRACKETED.format(rf"(?:{_NOTE})\s*[:：]\s*{_TRANSLATING}"),
            _ADDED.format(_NOTE, rf"\s*{_TRANSLATING}"),
        ),
        expression(in_any("translating")),
        cut=True,
    ),
    Kind(
        "it stands in quotation marks",
        expression(*_QUOTED),
        # What is said may begin with a dash instead.
        expression(rf"^\W{{0,8}}[{_MARKS}]", rf"[{_MARKS}]\W{{0,8}}$", r"^\s*[—―–]"),
        cut=True,
    ),
    Kind(
        "it speaks of translating",
        expression(
            r"\bthese translations\b|^\W*(?:this|the) translat(?:ion|es)\b",
            rf"(?:{_TEXT})[^.!?。！？]{{0,80}}(?:\btranslat|übersetz|traduc|tradui|перев(?:од|ед)|翻译|翻譯|翻訳|번역)",
            rf"(?:\btranslat\w+ |übersetz\w+ |翻译|翻譯|翻訳)[^.!?。！？]{{0,40}}(?:{_TEXT})",
        ),
        expression(in_any("translating")),
    ),
    Kind(
        "it hands something over",
        expression(rf"{_SURE}here(?:['’]s| is| are) (?:\S+ ){{1,4}}?(?:{_HANDED})s?\b"),
        expression(in_any("handing")),
    ),
)


def strip_chatter(text: str, source: str) -> str:
    """Cut off what stands around a translation without a counterpart in the source; never all of its words."""
    before = None
    while text != before:
        before = text
        for kind in KINDS:
            text = _without(kind, text, source)
        text = single_spaced(text)  # not before: some notes are known by the line break in front of them
    return text


def _without(kind: Kind, text: str, source: str) -> str:
    match = kind.shape.search(text) if kind.cut and not kind.has_counterpart(source) else None
    if match is None:
        return text
    kept = next((group for group in match.groups() if group), "")
    rest = text[: match.start()] + kept + text[match.end() :]
    return rest if has_words(rest) else text


def talks_of_itself(pair: Pair) -> tuple[str, ...]:
    """Find a draft from which chatter was cut off, or that has more of it."""
    said = ("there was chatter around it",) if pair.stripped else ()
    return said + found(KINDS, pair.source, pair.text)
