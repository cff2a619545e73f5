"""Words of a text in a language that separates them: where they are, and what is joined to them by spelling alone.

An elided word is a word of its own (*l'eau* is *le* and *eau*), and a contraction is the words that it is made of
(*du* is *de* and *le*), so that *prendre soin de* is found in *elle prend soin des enfants*.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from mtreason.glossary.words.fold import fold, is_unspaced

STOP = "."
"""The text of a token that ends a sentence."""

# Letters with their accents, and the Indic blocks whole, since `\w` leaves their vowel signs out.
_LETTER = r"[^\W_]|[\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff]"
_TOKEN = re.compile(rf"(?:{_LETTER})+(?:'(?:{_LETTER})+)*'?|[.!?;。।]+|[^\w\s]")
_SENTENCE_ENDS = frozenset(".!?;。।")
_PUNCTUATION_WITH_MEANING = frozenset("#%&/@")
_JOINS = frozenset("-'*")
"""Punctuation that does not part clauses."""
_ELLIPSIS = re.compile(r"\.{3,}")

_FRENCH = "jusqu lorsqu puisqu quoiqu presqu qu l d c n s m j t"
_ITALIAN = "quest quell dell nell sull coll dall all un l d c s m t v bell sant quant tutt mezz senz anch"
_ELIDED = {
    "fr": {word: f"{word}e" for word in _FRENCH.split()} | {"jusqu": "jusque"},
    "it": dict.fromkeys(_ITALIAN.split(), "") | {"d": "di", "l": "il", "un": "uno"},
    "ca": {"l": "el", "d": "de", "s": "es", "m": "em", "n": "en", "t": "et"},
    "oc": {"l": "lo", "d": "de", "s": "se", "m": "me", "n": "ne", "t": "te", "qu": "que"},
}
"""Language -> a word that has lost its last vowel before an apostrophe -> the whole word; "" is that word as it is."""

_CONTRACTED = {
    "fr": "au=à le,aux=à le,du=de le,des=de le,auquel=à lequel,duquel=de lequel",
    "es": "al=a el,del=de el",
    "it": (
        "al=a il,allo=a il,all=a il,alla=a il,ai=a il,agli=a il,alle=a il,"
        "del=di il,dello=di il,dell=di il,della=di il,dei=di il,degli=di il,delle=di il,"
        "dal=da il,dallo=da il,dall=da il,dalla=da il,dai=da il,dagli=da il,dalle=da il,"
        "nel=in il,nello=in il,nell=in il,nella=in il,nei=in il,negli=in il,nelle=in il,"
        "sul=su il,sullo=su il,sull=su il,sulla=su il,sui=su il,sugli=su il,sulle=su il,col=con il,coi=con il"
    ),
    "pt": (
        "ao=a o,à=a o,aos=a o,às=a o,do=de o,da=de o,dos=de o,das=de o,no=em o,na=em o,nos=em o,nas=em o,"
        "pelo=por o,pela=por o,pelos=por o,pelas=por o,num=em um,numa=em um,dum=de um,duma=de um,"
        "dele=de ele,dela=de ele,nele=em ele,nela=em ele,deste=de este,desta=de este,neste=em este,nesta=em este"
    ),
    "gl": "ao=a o,á=a o,aos=a o,ás=a o,do=de o,da=de o,dos=de o,das=de o,no=en o,na=en o,nos=en o,nas=en o",
    "ca": "al=a el,als=a el,del=de el,dels=de el,pel=per el,pels=per el",
    "de": "zum=zu der,zur=zu der,im=in der,ins=in der,am=an der,ans=an der,beim=bei der,vom=von der,aufs=auf der",
}
"""Language -> contractions and the words that each is made of, articles as the masculine singular."""
_ARTICLES = {
    "fr": ("le", "la les"),
    "es": ("el", "la los las"),
    "it": ("il", "lo la i gli le"),
    "pt": ("o", "a os as"),
    "gl": ("o", "a os as"),
    "ca": ("el", "la els les"),
    "de": ("der", "die das den dem des"),
}
"""Language -> an article, and its other forms, which count as the same word."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a symbol or the end of a sentence: `text` is folded, `start` and `end` are its place in the text.

    Two words that are contracted to one have the place of that one.
    """

    text: str
    start: int
    end: int
    closes: bool = False
    """Whether a comma or other punctuation follows, or the text ends: a clause may end here."""

    @property
    def stops(self) -> bool:
        """Whether it ends a sentence."""
        return self.text == STOP


@lru_cache(maxsize=64)
def tokens(text: str, primary: str) -> tuple[Token, ...]:
    """Return the words, symbols and sentence ends (as `STOP`) of a text; other punctuation is left out."""
    folded = fold(unicodedata.normalize("NFKC", text), "und")
    return tuple(read(folded, primary))


def read(folded: str, primary: str) -> Iterator[Token]:
    """Yield the tokens of a text that is folded already."""
    held: list[Token] = []
    for found in _TOKEN.finditer(folded):
        word, start, end = found[0], found.start(), found.end()
        if word[0] in _SENTENCE_ENDS:
            if not _ELLIPSIS.fullmatch(word):  # a pause is no end
                yield from _closed(held)
                held = [Token(STOP, start, end)]
        elif word in _PUNCTUATION_WITH_MEANING or not unicodedata.category(word[0]).startswith("P"):
            yield from held
            held = list(_parts(word, start, end, primary))
        elif word not in _JOINS:
            held = list(_closed(held))
    yield from _closed(held)


def _closed(held: list[Token]) -> Iterator[Token]:
    yield from held[:-1]
    for last in held[-1:]:
        yield Token(last.text, last.start, last.end, closes=True)


def _parts(word: str, start: int, end: int, primary: str) -> Iterator[Token]:
    """Yield a word, or the words that elision or contraction made one."""
    if not word.isascii() and any(map(is_unspaced, word)):
        for _, run in itertools.groupby(enumerate(word), lambda place: is_unspaced(place[1])):
            places = list(run)
            yield Token("".join(char for _, char in places), start + places[0][0], start + places[-1][0] + 1)
        return
    elided, _, rest = word.partition("'")
    whole = _ELIDED.get(primary, {}).get(elided) if rest else None
    if whole is not None:
        cut = start + len(elided) + 1
        for part in _written_out(whole or elided, primary):
            yield Token(part, start, cut)
        yield from _parts(rest, cut, end, primary)
        return
    for part in _written_out(word, primary):
        yield Token(part, start, end)


def _written_out(word: str, primary: str) -> tuple[str, ...]:
    return _table(primary).get(word, (word,))


@lru_cache(maxsize=64)
def _table(primary: str) -> Mapping[str, tuple[str, ...]]:
    """Return the contractions and articles of a language."""
    table: dict[str, tuple[str, ...]] = {}
    article, others = _ARTICLES.get(primary, ("", ""))
    for other in others.split():
        table[other] = (article,)
    for pair in filter(None, _CONTRACTED.get(primary, "").split(",")):
        word, _, parts = pair.partition("=")
        table[word] = tuple(parts.split())
    return table
