"""Numbers in words of languages with spaces: what each language calls them, and how they are put together."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from mtreason.numbers.han import LEAST_WORD
from mtreason.numbers.mention import Mention, Value, is_small

HALF: tuple[Value, ...] = (Fraction(1, 2), Fraction(3, 2), Fraction(50), Fraction(30), Fraction(6))
"""Half of something, one and a half, half in percent, of an hour in minutes, of a year in months."""
_BETWEEN = 4
"""How many words may stand from a number to "and a half"."""
QUARTER: tuple[Value, ...] = (Fraction(1, 4), Fraction(25), Fraction(15), Fraction(3), Fraction(4), Fraction(45))
_WORD = re.compile(r"[^\W\d_]+")
_NEAR = 2
_SPANS = {
    "decade": 10, "decades": 10, "century": 100, "centuries": 100, "jahrzehnte": 10, "jahrzehnten": 10,
    "jahrhunderte": 100, "jahrhunderten": 100, "décennies": 10, "siècles": 100, "décadas": 10, "siglos": 100,
    "decenni": 10, "secoli": 100,
}  # fmt: skip
"""Spans of years, of which there may be several."""
_MOST_WORDS = 40
"""A longer row of number words is read in parts."""


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
    return Words(values, frozenset(), magnitudes, parts, frozenset({"und"}), others, frozenset({14}))


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
    return Words(values, frozenset(), magnitudes, parts, frozenset({"e"}), others, frozenset({15}))


_MAKERS = {"en": _english, "de": _german, "fr": _french, "es": _spanish, "it": _italian}
LANGUAGES = frozenset({*_MAKERS, "zh", "ja"})
"""Languages whose numbers in words are known here."""
_COMPOUNDS = {"de": "tausend", "it": "mila"}
"""What joins thousands and the rest in one word."""


@functools.lru_cache(maxsize=16)
def words_of(primary: str) -> Words | None:
    """Return the number words of a language; None where they are not known."""
    return _MAKERS[primary]() if primary in _MAKERS else None


def word_mentions(text: str, primary: str) -> Iterator[Mention]:
    """Yield the numbers in words of a text; `text` has blanks for what was read in digits."""
    words = words_of(primary)
    if words is None:
        return
    row: list[str] = []
    end = 0
    recent: tuple[int, int] | None = None
    share = -_BETWEEN, Fraction(1)
    for place, found in enumerate(_WORD.finditer(text)):
        word = found[0].casefold()
        beside = not text[end : found.start()].strip(" -‐‑\u00a0") and end < found.start()
        known = _value(word, words, primary) is not None or _is_unit(word, words) or word in words.parts
        if row and not (beside and (known or word in words.joins) and len(row) < _MOST_WORDS):
            yield from _read(row, words, primary)
            row = []
        if known or (row and word in words.joins):
            row.append(word)
        if word in words.others:
            yield Mention(found[0], (frozenset(),), frozenset(words.others[word]), sure=False)
        if recent is not None and words.parts.get(word) == 2 and place - recent[0] <= _BETWEEN:
            yield Mention(found[0], (frozenset(),), frozenset({recent[1] + Fraction(1, 2)}), sure=False)
        if word in words.magnitudes and place - share[0] < _BETWEEN:  # half a million
            yield Mention(found[0], (frozenset(),), frozenset({words.magnitudes[word] * share[1]}), sure=False)
        if recent is not None and word in _SPANS and place - recent[0] <= _NEAR:  # two decades
            yield Mention(found[0], (frozenset(),), frozenset({Fraction(recent[1] * _SPANS[word])}), sure=False)
        if word in words.parts:
            share = place, Fraction(1, words.parts[word])
        elif len(own := words.others.get(word, ())) == 1 and isinstance(own[0], Fraction) and own[0].denominator == 2:
            share = place, own[0]  # zweieinhalb Millionen
        if word in words.values:
            recent = place, words.values[word]
        end = found.end()
    yield from _read(row, words, primary)


def _is_unit(word: str, words: Words) -> bool:
    return word in words.hundreds or word in words.magnitudes


def _value(word: str, words: Words, primary: str) -> int | None:
    """Return the value of a word below a million."""
    if word in words.values:
        return words.values[word]
    joint = _COMPOUNDS.get(primary, "")
    head, found, tail = word.partition(joint) if joint else ("", "", "")
    if found and (head or tail) and (not head or head in words.values):
        tail = tail.removeprefix("und")
        if not tail or tail in words.values:
            return words.values.get(head, 1) * 1000 + words.values.get(tail, 0)
    return None


def _read(row: list[str], words: Words, primary: str) -> Iterator[Mention]:
    """Yield the numbers of a row of number words."""
    at = 0
    last: Fraction | None = None
    while at < len(row):
        if row[at] in words.joins:
            at += 1
            continue
        value, end = _longest(row, at, words, primary)
        if end == at:  # a fraction alone
            yield _part(row[at], last, words)
            last, at = None, at + 1
            continue
        text = " ".join(row[at:end])
        also = {value + 1900, value + 2000} if value < 100 else set()
        if last is not None and 10 <= last < 100 and 0 < value < 100:
            also.add(last * 100 + value)  # nineteen eighty-four
        power = not str(value.numerator).strip("0").removeprefix("1")
        paired = value < 100 and (last or any(_value(word, words, primary) is not None for word in row[end : end + 1]))
        sure = value >= LEAST_WORD and value not in words.ordinary and not power and not paired
        also |= {Fraction(1, words.parts[w]) for w in row[at:end] if w in words.parts}
        yield Mention(
            text, (frozenset({Fraction(value)}),), frozenset(map(Fraction, also)), sure and not is_small(value)
        )
        last, at = value, end


def _part(word: str, before: Fraction | None, words: Words) -> Mention:
    share = Fraction(1, words.parts[word])
    also = {share, Fraction(words.parts[word])} | ({before * share} if before is not None else set())
    return Mention(word, (frozenset(),), frozenset(also), sure=False)


def _longest(row: list[str], at: int, words: Words, primary: str) -> tuple[Fraction, int]:
    """Return the number that begins at a place of a row, and its end; the place itself where none begins."""
    total = group = 0
    last_magnitude = 10**15
    i = at
    while i < len(row):
        word = row[i]
        value = _value(word, words, primary)
        if word in words.joins:
            if i == at or i + 1 >= len(row) or not _goes_on(row[i + 1], group, total, words, primary):
                break
        elif value is not None and not (i > at and word in words.parts and value < 10 and group % 100 == 0 and group):
            if i > at and not _fits(value, group, total, primary):
                if value == 20 and group % 100 == 4 and primary == "fr":  # quatre-vingts
                    group += 76
                    i += 1
                    continue
                break
            group += value
        elif word in words.hundreds and 0 <= group < 100:
            group = max(group, 1) * 100
        elif word in words.magnitudes and words.magnitudes[word] >= 1000:
            power = words.magnitudes[word]
            if power > last_magnitude:
                total = (total + group) * power
            elif power == last_magnitude:
                break
            else:
                total += max(group, 1) * power
            group, last_magnitude = 0, power
        elif word in words.magnitudes and not total:
            group = max(group, 1) * words.magnitudes[word]
        else:
            break
        i += 1
    return Fraction(total + group), i


def _fits(value: int, group: int, total: int, primary: str) -> bool:
    """Whether a value can be added to what was said before it."""
    rest = group % 100
    if group == 0:
        return total > 0
    if value >= 100:
        return False
    if rest == 0:
        return True
    if rest == 10 and primary == "fr":  # dix-huit
        return 7 <= value <= 9
    return (20 <= rest < 100 and rest % 10 == 0 and value < 10) or (rest in {60, 80} and 10 <= value < 20)


def _goes_on(word: str, group: int, total: int, words: Words, primary: str) -> bool:
    value = _value(word, words, primary)
    rest = group % 100
    if value is None or not _fits(value, group, total, primary):
        return False
    # "and" stands after hundreds in English, and after tens in the languages of the south.
    return rest == 0 if primary == "en" else True
