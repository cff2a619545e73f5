"""Drafts that answer the source, or do what it asks for, instead of saying it in another language.

Both are seen by what is missing: a translated question asks, and a translated order names what is to be done.
"""

from __future__ import annotations

from mtreason.gates.counterpart import expression
from mtreason.gates.pair import Pair
from mtreason.gates.words import by_language, in_any

LONGEST = 160
"""Bytes of UTF-8, so about as much in any script. In a longer text a question is one thought of many, and people put
it in other words."""
# Two marks and more, or one of them with another, are an exclamation as often as a question.
_QUESTION = expression(r"\w[^\w?？؟!！]{0,4}[?？؟](?![\w?？؟!！])", "[՞፧]")
_UNMARKED_QUESTION = {tag: expression(words) for tag, words in by_language("question-in-a-source").items()}
_MARK = expression(r"[?？؟⸮¿՞፧⁇⁈⁉‽]")
_GREEK_MARK = expression(r"[;\u037e](?!\w)")
_ASKS = expression(rf"^\W*(?:\w+\W+)?(?:{in_any('question')})", in_any("asking"))
_ASKS_WITHOUT_MARK = {tag: expression(words) for tag, words in by_language("question-without-mark").items()}

_CLAUSE = (
    r"(?:^\W*|[,.;:!?，。；：！？、،؛؟—–-]\s*|请你?|請|现在|只|直接|不要|别|然后|لا\s|"
    r"\b(?:please|now|just|only|then|and|don['’]?t|do not|bitte|jetzt|nur|und|ne|n['’]|et|y|no|e|non|não|не|и)\s)"
)
_ORDER = expression(rf"{_CLAUSE}(?:{in_any('order')})", in_any("order-at-the-end"))
_TELLS = {tag: expression(words) for tag, words in by_language("telling").items()}


def answered(pair: Pair) -> tuple[str, ...]:
    """Find a draft that asks nothing where the source does, or that has left out what the source wants done."""
    if _is_question(pair.source, pair.direction.source.primary) and not _asks(pair):
        return ("the source is a question, and this is none",)
    tells = _TELLS.get(pair.direction.target.primary)
    if tells and _ORDER.search(pair.source) and not tells.search(pair.text):
        return ("the source asks for something, and this does not say so",)
    return ()


def _is_question(text: str, language: str) -> bool:
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST:
        return False
    if _QUESTION.search(text) or (language == "el" and _GREEK_MARK.search(text)):
        return True
    unmarked = _UNMARKED_QUESTION.get(language)
    return unmarked is not None and unmarked.search(text) is not None


def _asks(pair: Pair) -> bool:
    target = pair.direction.target.primary
    if _MARK.search(pair.text) or (target == "el" and _GREEK_MARK.search(pair.text)):
        return True
    return _ASKS_WITHOUT_MARK.get(target, _ASKS).search(pair.text) is not None
