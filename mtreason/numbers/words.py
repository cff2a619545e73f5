"""What numbers are called in languages with spaces; `spoken.py` puts the words together."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from mtreason.numbers.mention import HALF, Value

QUARTER: tuple[Value, ...] = (Fraction(1, 4), Fraction(25), Fraction(15), Fraction(3), Fraction(4), Fraction(45))
"""A quarter of something: as a share, in percent, of an hour, of a year; and an hour without one."""


@dataclass(frozen=True)
class Words:
    """Number words of a language, case-folded."""

    values: Mapping[str, int]
    """Below a thousand."""
    hundreds: frozenset[str] = frozenset()
    magnitudes: Mapping[str, int] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)
    """Fractions -> what they divide by."""
    joins: frozenset[str] = frozenset()
    """Words such as "and" inside of numbers."""
    others: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    """Words that account for a number in the other text, and are never missed."""
    ordinary: frozenset[int] = frozenset()
    """Values that are said of something else, such as two weeks as fifteen days in French."""
    joint: str = ""
    """What joins thousands and the rest in one word."""

    def value(self, word: str) -> int | None:
        """Return the value of a word below a million; None for what has none, or is a unit."""
        if word in self.values:
            return self.values[word]
        head, found, tail = word.partition(self.joint) if self.joint else ("", "", "")
        if found and (head or tail) and (not head or head in self.values):
            tail = tail.removeprefix("und")
            if not tail or tail in self.values:
                return self.values.get(head, 1) * 1000 + self.values.get(tail, 0)
        return None

    def counts(self, word: str) -> bool:
        """Whether a word is a part of numbers."""
        if word in self.hundreds or word in self.magnitudes or word in self.parts:
            return True
        return self.value(word) is not None


def _table(text: str, start: int = 0, step: int = 1) -> dict[str, int]:
    """Return number words in order; several for one value have "/" between them."""
    return {w: start + i * step for i, words in enumerate(text.split()) for w in words.split("/")}


def _powers(text: str) -> dict[str, int]:
    """Return words for powers of ten: words with "/" between them, and the power."""
    own = (entry.split(":") for entry in text.split())
    return {word: 10 ** int(power) for words, power in own for word in words.split("/")}


def _fractions(**values: float) -> dict[str, tuple[Value, ...]]:
    return {name: (Fraction(value),) for name, value in values.items()}


def _english() -> Words:
    values = _table("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen")
    values |= _table("sixteen seventeen eighteen nineteen", 16)
    tens = _table("twenty thirty forty/fourty fifty sixty seventy eighty ninety", 20, 10)
    order = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth"
    ordinals = _table(f"{order} fifteenth sixteenth seventeenth eighteenth nineteenth", 1)
    ordinals |= {t[:-1] + "ieth": v for t, v in tens.items()}
    parts = {w + s: v for w, v in ordinals.items() if 3 <= v <= 20 for s in ("", "s")}
    others = _fractions(
        both=2, couple=2, pair=2, pairs=2, twice=2, double=2, doubled=2, doubles=2, doubling=2, twofold=2, twin=2,
        twins=2, thrice=3, triple=3, tripled=3, triples=3, threefold=3, trio=3, tripling=3, quadruple=4, quadrupled=4,
        quadrupling=4, fourfold=4, fivefold=5, tenfold=10, dozen=12, dozens=12, score=20, decade=10, decades=10,
        century=100, centuries=100, week=7, weeks=7, weekly=7, noon=12, midday=12, nil=0, quarterly=3, quartet=4,
        quintet=5, million=10**6, daily=24, triangle=3, duo=2, hundredth=100, centennial=100, centenary=100,
        bicentennial=200, quarterfinal=0.25, quarterfinals=0.25, semifinal=0.5, semifinals=0.5,
    )  # fmt: skip
    others |= {"half": HALF, "halves": HALF, "midnight": (Fraction(0), Fraction(12), Fraction(24))}
    others |= {"fortnight": (Fraction(14), Fraction(2), Fraction(15)), "quarter": QUARTER, "quarters": QUARTER}
    decades = {t[:-1] + "ies": v for t, v in tens.items()}
    magnitudes = _powers("thousand/thousands:3 million/millions:6 billion/billions:9 trillion:12 lakh:5 crore:7")
    magnitudes["dozen"] = 12
    parts |= {"half": 2, "halves": 2, "quarter": 4, "quarters": 4}
    hundreds = frozenset({"hundred", "hundreds"})
    return Words(values | tens | ordinals | decades, hundreds, magnitudes, parts, frozenset({"and"}), others)


def _german() -> Words:
    units = _table("ein/eins zwei/zwo drei vier fünf sechs sieben acht neun", 1)
    below = {k: v for k, v in units.items() if k != "eins"}
    values = {"null": 0, **units, **_table("zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn", 10)}
    values |= _table("achtzehn neunzehn", 18)
    tens = _table("zwanzig dreissig vierzig fünfzig sechzig siebzig achtzig neunzig", 20, 10)
    values |= tens | {f"{u}und{t}": v + n for (u, v), (t, n) in itertools.product(below.items(), tens.items())}
    small = dict(values)
    for head, n in [("", 1), *((h, n) for h, n in small.items() if 1 <= n <= 19)]:
        values |= {f"{head}hundert{tail}": 100 * n + v for tail, v in [("", 0), *small.items()]}
        values |= {f"{head}hundertund{tail}": 100 * n + v for tail, v in small.items()}
    odd = _table("erste zweite dritte vierte fünfte sechste siebte achte neunte zehnte elfte zwölfte", 1)
    values |= {w + e: v for w, v in odd.items() for e in ("", "r", "s", "n", "m")}
    values |= {w + f"te{e}": v for w, v in small.items() if 13 <= v <= 19 for e in ("", "r", "s", "n", "m")}
    values |= {w + f"ste{e}": v for w, v in small.items() if v >= 20 for e in ("", "r", "s", "n", "m")}
    values |= {w + e: v for w, v in small.items() if v <= 12 for e in ("mal", "fach", "fache", "fachen", "er")}
    parts = _table("drittel viertel fünftel sechstel siebtel achtel neuntel zehntel", 3)
    parts |= {"hälfte": 2, "halb": 2, "halbe": 2, "halben": 2, "halbes": 2, "halber": 2}
    others = {w: HALF for w, v in parts.items() if v == 2} | {
        "viertel": QUARTER,
        "dreiviertel": (Fraction(3, 4), Fraction(45), Fraction(75)),
    }
    others |= _fractions(
        beide=2, beiden=2, beider=2, paar=2, doppelt=2, doppelte=2, doppelten=2, dutzend=12, dutzende=12, jahrzehnt=10,
        jahrzehnte=10, jahrzehnten=10, jahrhundert=100, jahrhunderte=100, mittag=12, mitternacht=0, woche=7, wochen=7,
        anderthalb=1.5, zwilling=2, zwillinge=2, verdoppelt=2, verdoppeln=2, verdreifacht=3, quartal=3,
    )  # fmt: skip
    others |= {f"{w}einhalb": (Fraction(v) + Fraction(1, 2),) for w, v in small.items() if v <= 12}
    magnitudes = _powers("hunderte:2 tausend/tausende:3 million/millionen/mio:6 milliarde/milliarden/mrd:9")
    magnitudes |= {"dutzend": 12, **_powers("billion/billionen:12")}
    return Words(values, frozenset(), magnitudes, parts, frozenset({"und"}), others, frozenset({14}), "tausend")


def _french() -> Words:
    values = _table("zéro un/une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize")
    values |= _table("vingt/vingts trente quarante cinquante soixante septante huitante/octante nonante", 20, 10)
    values |= _table("premier/première deuxième/second troisième quatrième cinquième sixième septième huitième", 1)
    values |= _table("neuvième dixième onzième douzième treizième quatorzième quinzième seizième", 9)
    values |= {"vingtième": 20, "dizaine": 10, "quinzaine": 15, "vingtaine": 20, "trentaine": 30, "cinquantaine": 50}
    parts = {"demi": 2, "demie": 2, "moitié": 2, "tiers": 3, "quart": 4, "quarts": 4}
    parts |= {w + s: v for w, v in values.items() if w.endswith("ième") for s in ("", "s")}
    others = dict.fromkeys(("demi", "demie", "moitié"), HALF) | {"quart": QUARTER, "trimestre": (Fraction(3),)}
    others |= _fractions(
        double=2, doublé=2, doubler=2, deuxièmement=2, triple=3, triplé=3, quadruple=4, douzaine=12, douzaines=12,
        siècle=100, siècles=100, décennie=10, décennies=10, midi=12, minuit=0, semaine=7, semaines=7, jumeaux=2,
        centaine=100, centaines=100, millier=1000, milliers=1000, couple=2, paire=2,
    )  # fmt: skip
    magnitudes = _powers("centaines:2 mille/mil/milliers:3 million/millions:6 milliard/milliards:9 dizaines:1")
    magnitudes |= {"douzaine": 12, "douzaines": 12}
    hundreds = frozenset({"cent", "cents"})
    return Words(values, hundreds, magnitudes, parts, frozenset({"et"}), others, frozenset({15, 20, 30}))


def _spanish() -> Words:
    values = _table("cero un/uno/una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince")
    values |= _table("dieciséis diecisiete dieciocho diecinueve veinte veintiuno/veintiún/veintiuna veintidós", 16)
    values |= _table("veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve", 23)
    values |= _table("treinta cuarenta cincuenta sesenta setenta ochenta noventa", 30, 10)
    heads = _table("cien/ciento doscient trescient cuatrocient quinient seiscient setecient ochocient novecient", 1)
    for head, n in heads.items():
        values |= {head + e: 100 * n for e in (("",) if n == 1 else ("os", "as"))}
    values |= _table("primero/primera/primer segundo/segunda tercero/tercera/tercer cuarto/cuarta quinto/quinta", 1)
    values |= _table("sexto/sexta séptimo/séptima octavo/octava noveno/novena décimo/décima", 6)
    parts = {w + s: v for w, v in values.items() if 4 <= v <= 10 and w[-1] in "oa" for s in ("", "s")}
    parts |= {"medio": 2, "media": 2, "mitad": 2, "tercio": 3, "tercios": 3, "tercera": 3}
    others = dict.fromkeys(("medio", "media", "mitad"), HALF) | {"cuarto": QUARTER, "trimestre": (Fraction(3),)}
    others |= _fractions(
        ambos=2, ambas=2, doble=2, par=2, triple=3, docena=12, docenas=12, siglo=100, siglos=100, década=10, décadas=10,
        mediodía=12, medianoche=0, semana=7, semanas=7, centenar=100, centenares=100, millar=1000, millares=1000,
    )  # fmt: skip
    magnitudes = _powers("mil/miles:3 millón/millones:6 billón/billones:12")
    magnitudes |= {"docena": 12, "docenas": 12}
    return Words(values, frozenset(), magnitudes, parts, frozenset({"y"}), others, frozenset({15}))


def _italian() -> Words:
    units = _table("uno due tre quattro cinque sei sette otto nove", 1)
    values = {"zero": 0, "un": 1, "una": 1, **units}
    values |= _table("dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove", 10)
    for ten, n in _table("venti trenta quaranta cinquanta sessanta settanta ottanta novanta", 20, 10).items():
        values |= {ten: n, f"{ten}tré": n + 3}
        values |= {(ten[:-1] if unit[0] in "uo" else ten) + unit: n + v for unit, v in units.items()}
    small = dict(values)
    for head, n in [("", 1), *((u, v) for u, v in units.items() if v > 1)]:
        values |= {f"{head}cento{tail}": 100 * n + v for tail, v in [("", 0), *small.items()]}
    values |= _table("primo/prima secondo/seconda terzo/terza quarto/quarta quinto/quinta sesto/sesta", 1)
    values |= _table("settimo/settima ottavo/ottava nono/nona decimo/decima", 7)
    parts = {"mezzo": 2, "mezza": 2, "metà": 2, "terzo": 3, "terzi": 3, "quarto": 4, "quarti": 4, "quinto": 5}
    parts |= {"quinti": 5, "decimo": 10, "decimi": 10, "ottavi": 8, "sesti": 6}
    others = dict.fromkeys(("mezzo", "mezza", "metà"), HALF) | {"quarto": QUARTER, "trimestre": (Fraction(3),)}
    others |= _fractions(
        entrambi=2, entrambe=2, doppio=2, doppia=2, paio=2, coppia=2, triplo=3, dozzina=12, dozzine=12, secolo=100,
        secoli=100, decennio=10, decenni=10, mezzogiorno=12, mezzanotte=0, settimana=7, settimane=7, centinaio=100,
        centinaia=100, migliaio=1000, migliaia=1000, decina=10, decine=10, ventina=20, trentina=30,
    )  # fmt: skip
    magnitudes = _powers("mille/mila:3 milione/milioni:6 miliardo/miliardi:9")
    magnitudes |= {"dozzina": 12, "dozzine": 12}
    return Words(values, frozenset(), magnitudes, parts, frozenset({"e"}), others, frozenset({15}), "mila")


_MAKERS = {"en": _english, "de": _german, "fr": _french, "es": _spanish, "it": _italian}
HAN = frozenset({"zh", "ja", "yue", "wuu", "nan", "lzh", "hak", "gan"})
"""Languages whose numbers are written in Chinese characters."""
LANGUAGES = frozenset({*_MAKERS, *HAN})
"""Languages whose numbers in words are known here."""


@functools.lru_cache(maxsize=16)
def words_of(primary: str) -> Words | None:
    """Return the number words of a language; None where they are not known."""
    return _MAKERS[primary]() if primary in _MAKERS else None
