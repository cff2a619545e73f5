"""Terms in text that does not separate words, as regular expressions: Chinese, Japanese, Korean, Thai and others.

Verbs and adjectives of Japanese and Korean are given in the dictionary form and matched in every form that their
class has; two-character verbs of Chinese may be parted (帮忙, 帮了我的忙).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from mtreason.glossary.words.fold import (
    CHINESE,
    fold,
    hangul_letters,
    is_bounded,
    is_unspaced,
    len_alike,
    primary_language,
)

# Korean has spaces, but its particles are joined to the noun, so that whole words would never agree.
UNSPACED_LANGUAGES = CHINESE | {"ja", "ko", "th", "lo", "my", "km", "bo", "dz"}

_ELLIPSIS = re.compile(r"\.{3,}")
_GAP = "[^。.!?;\n]{0,12}?"


def normal(text: str, language: str) -> str:
    """Return a text as it is searched: folded, width and accents composed; Korean syllables as their letters."""
    folded = fold(unicodedata.normalize("NFKC", text), language)
    return hangul_letters(folded) if primary_language(language) == "ko" else folded


def occurs(rendering: str, text: str, language: str) -> bool:
    """Return whether a rendering, in any form, occurs in a text; it has something besides gaps."""
    searched = _normal(text, language)
    # The lookahead makes the search try every start, also inside an earlier match that was not bounded.
    return any(is_bounded(searched, *found.span(1)) for found in _pattern(rendering, language).finditer(searched))


def is_empty(rendering: str) -> bool:
    """Return whether a rendering has nothing but gaps."""
    return not any(run.strip() for run in _ELLIPSIS.split(unicodedata.normalize("NFKC", rendering)))


_normal = lru_cache(maxsize=64)(normal)


@lru_cache(maxsize=4096)
def _pattern(rendering: str, language: str) -> re.Pattern[str]:
    pieces = _ELLIPSIS.split(unicodedata.normalize("NFKC", rendering))
    runs = [fold(run.strip(), language) for run in pieces if run.strip()]
    return re.compile("(?=(" + _GAP.join(run_regex(run, primary_language(language)) for run in runs) + "))")


def run_regex(run: str, primary: str) -> str:
    """Return a regular expression for the forms of a folded run of text, for a text as `normal` returns it."""
    if primary == "ja":
        return _japanese(run)
    if primary == "ko":
        return _korean(run)
    return f"(?:{_spaces_free(run)}|{_parted(run)})" if primary in CHINESE and len(run) == 2 else _spaces_free(run)


def anchors(run: str, primary: str) -> tuple[str, ...]:
    """Return texts with one of which every form of a folded run of text begins, spaces inside words left aside."""
    if primary == "ko":
        return _korean_anchors(run)
    if primary not in UNSPACED_LANGUAGES:
        return (run,)
    stem = _japanese_stem(run)[0] if primary == "ja" else run
    return (_before_border(stem),) if stem else ("す", "し", "さ")


def _before_border(stem: str) -> str:
    """Return what stands before the first place where a space is optional or a long vowel may be left out."""
    first = stem[: len_alike(stem)]
    return first[:1] + first[1:].partition(" ")[0].partition("ー")[0]


def _spaces_free(run: str) -> str:
    """Return a regular expression for the run: its spaces are optional, as are spaces beside unspaced characters."""
    regex = ""
    for before, char in pairwise(" " + " ".join(run.split())):
        if char == " ":
            regex += r"\s*"
        elif before != " " and (is_unspaced(before) or is_unspaced(char)):
            regex += r"\s*" + re.escape(char)
        else:
            regex += re.escape(char)
    return regex


# Chinese.

_ASPECT = "[了过着完]"
_PARTED_BY = "(?:[我你您他她它咱]们?的|一?个|一?次|一?下|一|不[了成上]|得[了成上])"
_AFTER = "(?![^\\W\\d_a-z])|(?=[了过吗呢吧啊的就才都也还后之时和并然再来去])"
"""What may follow a verb that was parted: punctuation, or a word that is none of its object's."""


def _parted(run: str) -> str:
    """Return a regular expression for a verb and its object with something between: 帮了他的忙, 见见面."""
    verb, thing = map(re.escape, run)
    between = f"{_ASPECT}[^\\W_]{{0,8}}?|{_PARTED_BY}[^\\W_]{{0,2}}?|[一了]?{verb}"
    return f"{verb}(?:{between}){thing}(?:{_AFTER})"


# Japanese: the last sign of the dictionary form says which signs may follow the stem.

_RU_ALONE = "[るたてなまよれろちさずせ、。]|られ|らる"
_RU = "[るられりろ]|っ[たてちぱ]"
_JAPANESE = {
    "う": "[うわいえお]|っ[たてちぱ]",
    "く": "[くかきけこ]|い[たてち]",
    "ぐ": "[ぐがぎげご]|い[だでじ]",
    "す": "[すさしせそ]",
    "つ": "[つたちてと]|っ[たてちぱ]",
    "ぬ": "[ぬなにねの]|ん[だでじ]",
    "ぶ": "[ぶばびべぼ]|ん[だでじ]",
    "む": "[むまみめも]|ん[だでじ]",
    "る": f"{_RU_ALONE}|{_RU}",
    "い": "[いくさみ]|か[っろ]|け[れりば]|そう|すぎ",
}
_STEM_OF_E_OR_I = frozenset("いきしちにひみりぎじびぴえけせてねへめれげぜでべぺ")
_DONE = "を?(?:[しさすせ]|でき|いた|なさ|くださ|下さ)"
_COMES = "[るたてなまれらよい]"
_GOES = "[くかきけこ]|っ[たてち]"
_KATAKANA = "\u30a1-\u30fa"
_LONG = re.compile(rf"(?<=[{_KATAKANA}])(?:\\s\*)?ー(?![{_KATAKANA}ー\\])")


def _japanese(run: str) -> str:
    stem, endings = _japanese_stem(run)
    return f"{_written(stem)}(?:{endings})" if endings else _written(stem)


def _japanese_stem(run: str) -> tuple[str, str]:
    """Return what all forms of a word begin with, and a regular expression of their endings; "" for no endings."""
    stem, last = run[:-1], run[-1:]
    if run.endswith("する") and len(run) > 2:
        return run[:-2], _DONE
    if run == "する":
        return "", "する|すれ|し[たてまよな]|さ[れせ]"
    if last in "なだ" and len(stem) > 1 and (stem.endswith("か") or stem[-1] >= "\u3400"):
        return stem, "[なにだでさ]|じゃ|そう|$"
    if run.endswith("来る"):
        return stem, _COMES
    if run.endswith("行く"):
        return stem, _GOES
    if last == "る" and stem[-1:] in _STEM_OF_E_OR_I:
        return (stem, _RU_ALONE) if len(stem) > 1 else (run, "")
    if last in _JAPANESE and stem and (len(stem) > 1 or not "\u3040" <= stem <= "\u30ff"):
        return stem, _JAPANESE[last]
    return run, ""


def _written(run: str) -> str:
    """Return a run as a regular expression; a long vowel that ends a foreign word may be left out."""
    return _LONG.sub(f"(?:ー|(?![{_KATAKANA}]))", _spaces_free(run))


# Korean, by letters: a syllable is a consonant, a vowel, and often a consonant that closes it.

_KOREAN_SYLLABLE = "\u1100-\u11ff"
_OPEN_SYLLABLE = "(?![\u1160-\u11ff])"
_NOT = f"(?:(?:{unicodedata.normalize('NFD', '못')}|{unicodedata.normalize('NFD', '안')})\\s*)?"
_WORD_START = f"(?<![{_KOREAN_SYLLABLE}])"
_ADVERBIAL = "에서 에게 에 한테 께서 께 으로 로 까지 부터 처럼 보다 마다 만 조차 밖에 뿐 하고 와 과 랑 이랑 들"
_FINAL = "은 는 도 만 의 이나 나 이 가 을 를 로 야"
_COPULA = "입니 이다 이에 예요 였 이었 이고 이며 이지 이라 라고 인데 인지 일까 임"
_ANY_ENDINGS = "고 지 게 거 겠 던 더 든 기 긴 네 는 느 니 냐 나 자 도 다 소 습 잖 죠 군 구"
_CLOSED_ENDINGS = f"{_ANY_ENDINGS} 은 을 음 으 아 어 았 었"
_OPEN_ENDINGS = f"{_ANY_ENDINGS} 시 세 셔 셨 신 실 십 요 라 려 러 면 며 므 서 아 어 여 였 야"
_CLOSINGS = "[\u11ab\u11af\u11b7\u11b8\u11bb]"
"""The consonants that close an open stem as endings: ㄴ, ㄹ, ㅁ, ㅂ, ㅆ."""
_MERGED = {"\u1169": "\u116a", "\u116e": "\u116f", "\u1175": "\u1167", "\u116c": "\u116b", "\u1173": "[\u1161\u1165]"}
"""A stem's last vowel -> that vowel together with 아 or 어."""
_MERGED_END = "(?:\u11bb|(?![\u11a8-\u11ff]))"
"""What closes such a syllable: ㅆ, or nothing."""
_NOUNS_IN_DA = "바다 소다 판다 캐나다 르완다 우간다 어젠다 아젠다 베란다 사이다 잔다"
_FREE_SPACES = 4
"""Korean compounds of so many syllables are written with and without spaces."""


def _one_of(endings: str) -> str:
    return "(?:" + "|".join(hangul_letters(ending) for ending in endings.split()) + ")" + _OPEN_SYLLABLE


def _korean(run: str) -> str:
    first, stem = _korean_verb(run)
    if not stem:
        return _noun(run)
    before = f"{_noun(first, ends=False)}\\s*" if first else ""
    if stem.endswith("하") and len(stem) > 1:
        object_marks = f"(?:{hangul_letters('을')}|{hangul_letters('를')})?"
        return f"{before}{_noun(stem[:-1], ends=False)}{object_marks}\\s*{_NOT}(?:{_verb('하')})"
    start = _WORD_START if len(stem) == 1 and not before else ""
    return f"{start}{before}(?:{_verb(stem)})"


def _korean_verb(run: str) -> tuple[str, str]:
    """Return the words before a verb or adjective, and its stem; "" and "" where the last word is none."""
    first, _, last = run.rpartition(" ")
    verb = last.endswith("다") and len(last) > 1 and last not in _NOUNS_IN_DA.split() and is_unspaced(last[-2])
    return (first, last[:-1]) if verb else ("", "")


def _korean_anchors(run: str) -> tuple[str, ...]:
    first, stem = _korean_verb(run)
    if not stem or first:
        return (hangul_letters(run.partition(" ")[0][:1] if is_unspaced(run[0]) else run.partition(" ")[0]),)
    if stem.endswith("하") and len(stem) > 1:
        return (hangul_letters(stem[0]),)
    own = hangul_letters(stem)
    head, last = own[:-1], own[-1]
    if last >= "\u11a8":
        return (head, f"{head[:-1]}\u1162") if last == "\u11c2" else (head,)
    merged = [f"{head}{vowel}" for vowel in _MERGED.get(last, "").strip("[]")]
    doubled = [f"{hangul_letters(stem[:-1])}\u11af"] if stem.endswith("르") and len(stem) > 1 else []
    return (own, *merged, *doubled)


def _noun(run: str, *, ends: bool = True) -> str:
    """Return a regular expression for a noun; one of one syllable has to be a word, with or without a particle."""
    if len(run) == 1 and is_unspaced(run) and ends:
        after = f"(?:{_one_of(_ADVERBIAL)})?(?:{_one_of(_FINAL)})?(?![{_KOREAN_SYLLABLE}])|{_one_of(_COPULA)}"
        return f"{_WORD_START}{hangul_letters(run)}(?={after})"
    free = len(run) >= _FREE_SPACES and all(map(is_unspaced, run))
    syllables = [r"\s*" if char == " " else re.escape(hangul_letters(char)) for char in run]
    return (r"\s?" if free else "").join(syllables) + (_OPEN_SYLLABLE if ends else "")


def _verb(stem: str) -> str:
    """Return a regular expression for the forms of a verb or adjective, given its dictionary form without 다."""
    own = hangul_letters(stem)
    head, last = own[:-1], own[-1]
    if last >= "\u11a8":
        return "|".join([f"{own}{_one_of(_CLOSED_ENDINGS)}", *_irregular(head, last)])
    found = [f"{own}(?:{_CLOSINGS}|{_one_of(_OPEN_ENDINGS)})"]
    if stem.endswith("하"):
        found.append(f"{head}\u1162{_MERGED_END}")  # 해
    elif last in _MERGED:
        found.append(f"{head}{_MERGED[last]}{_MERGED_END}")
    if stem.endswith("르") and len(stem) > 1:
        found.append(f"{hangul_letters(stem[:-1])}\u11af\u1105[\u1161\u1165]{_MERGED_END}")
    return "|".join(found)


def _irregular(head: str, last: str) -> list[str]:
    """Return the forms of a stem whose last consonant changes before some endings; many stems have none of them."""
    vowels = _one_of("어 아 었 았 으 은 을 음")
    match last:
        case "\u11b8":  # ㅂ: 춥다, 추워
            return [f"{head}{_one_of('우 운 울 움 워 웠 와 왔')}"]
        case "\u11ae":  # ㄷ: 듣다, 들어
            return [f"{head}\u11af{vowels}"]
        case "\u11ba":  # ㅅ: 짓다, 지어
            return [f"{head}{vowels}"]
        case "\u11af":  # ㄹ: 알다, 압니다
            return [f"{head}(?:[\u11ab\u11b8]|{_one_of('시 세 셨 십 니 는 네 나 오')})"]
        case "\u11c2":  # ㅎ: 빨갛다, 빨간
            return [f"{head}(?:[\u11ab\u11af\u11b7]|{_one_of('면 니')})", f"{head[:-1]}\u1162{_MERGED_END}"]
    return []
