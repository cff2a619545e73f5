"""Forms of verbs that no table of lemmas has: with pronouns joined, in two parts, and those that are nouns too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from mtreason.glossary.words.lemma import is_known, lemma

# Verbs with pronouns joined to them: dámelo, dirglielo.

_PRONOUNS = {
    "es": "selo sela selos selas melo mela telo tela noslo nos les las los me te se le la lo os",
    "gl": "llelo nolo lles lle nos vos me te se as os lo la",
    "it": (
        "glielo gliela glieli gliele gliene melo mela meli mele mene telo tela teli tele tene selo sela sene "
        "celo cela celi cene velo vela veli vene gli mi ti ci vi si lo la li le ne"
    ),
    "ca": "nos les los me te se la lo li ho hi ne",
}
_IMPERATIVES = {
    "es": {"di": "decir", "da": "dar", "ve": "ir", "pon": "poner", "sal": "salir", "ten": "tener", "haz": "hacer"},
    "it": {"di": "dire", "da": "dare", "fa": "fare", "sta": "stare", "va": "andare"},
}
_INFINITIVES = {"es": ("ar", "er", "ir"), "gl": ("ar", "er", "ir"), "ca": ("ar", "er", "re", "ir")}
_ACUTE = str.maketrans("áéíóúàèìòù", "aeiouaeiou")


def joined_verbs(word: str, primary: str) -> Iterator[str]:
    """Yield the verbs of which a word is a form with pronouns joined to it."""
    for pronoun in _PRONOUNS.get(primary, "").split():
        rest = word.removesuffix(pronoun)
        if rest != word and len(rest) >= 2:
            yield from _verbs(rest.translate(_ACUTE), pronoun, primary)


def _verbs(rest: str, pronoun: str, primary: str) -> Iterator[str]:
    """Yield the infinitives of a verb's form that stands before a pronoun, without its accent."""
    short = _IMPERATIVES.get(primary, {})
    doubled = rest[:-1] if rest[-1] == pronoun[0] else ""  # dammelo is da' and melo
    for form in filter(None, (rest, doubled)):
        if form in short:
            yield short[form]
    if primary == "it":
        yield from (
            v for v in (f"{rest}e", f"{rest}re") if is_known(v, "it") and v.endswith(("are", "ere", "ire", "rre"))
        )
        base = lemma(rest, "it") if is_known(rest, "it") else rest
        if base.endswith(("are", "ere", "ire")):
            yield base
        return
    if rest.endswith(("ando", "iendo", "endo", "yendo", "indo")):
        yield lemma(rest, primary)
    ends = _INFINITIVES[primary]
    if rest.endswith(ends):
        yield rest
    stems = [rest[:-1]] if rest[-1] in "aeno" else []
    stems += [s.replace("ie", "e") for s in stems if "ie" in s] + [s.replace("ue", "o") for s in stems if "ue" in s]
    stems += [s[: -len(a)] + b for s in stems for a, b in (("gu", "g"), ("qu", "c"), ("c", "z")) if s.endswith(a)]
    yield from (stem + end for stem in stems for end in ends if is_known(stem + end, primary))


# Verbs whose first part stands apart: hochladen, opbellen.

_SEPARABLE = {
    "de": (
        "ab an auf aus bei ein fest fort frei heim her herab heran herauf heraus herbei herein herum herunter "
        "hervor hin hinab hinauf hinaus hinein hinunter hinzu hoch los mit nach nieder rein raus runter rauf statt "
        "teil um vor voran voraus vorbei vorüber weg weiter wieder zu zurück zusammen kennen fern gut klar dar dran "
        "fertig bereit sicher still bekannt voll kaputt spazieren stehen acht"
    ),
    "nl": (
        "aan achter af bij binnen door in langs los mee mis na neer om omver onder op open over plaats samen "
        "tegen terug toe uit vast voor voorbij vooruit weg weer deel klaar kennis goed "
        "schoon kwijt stuk vrij lief gelijk dicht rond"
    ),
}
SEPARABLE = {language: frozenset(parts.split()) for language, parts in _SEPARABLE.items()}
"""Languages with such verbs, and their first parts."""
_PARTICIPLE_MARKS = {"de": ("ge", "zu", ""), "nl": ("ge", "te", "")}


def separable_forms(word: str, primary: str) -> Iterator[str]:
    """Yield separable verbs of which a word is a form that the table lacks: hochlädt, uitgenodigd."""
    for part in SEPARABLE.get(primary, ()):
        if not word.startswith(part) or len(word) < len(part) + 3:
            continue
        for mark in _PARTICIPLE_MARKS[primary]:
            rest = word[len(part) :]
            if rest.startswith(mark) and is_known(rest, primary):
                verb = lemma(rest, primary)
                if verb.endswith("n"):
                    yield part + verb
            elif mark and rest.startswith(mark) and is_known(rest[len(mark) :], primary):
                yield part + lemma(rest[len(mark) :], primary)


@lru_cache(maxsize=4096)
def separated(word: str, primary: str) -> tuple[str, str] | None:
    """Return the first part of a separable verb in the infinitive, and its verb; None for other words."""
    for part in sorted(SEPARABLE.get(primary, ()), key=len, reverse=True):
        verb = word.removeprefix(part)
        if verb != word and len(verb) > 3 and verb.endswith("n") and is_known(verb, primary):
            return part, verb
    return None


# Forms of Romance verbs that are also nouns: cuenta, acuerdo, porte.

_CONJUGATED = {
    "es": {
        "ar": "o as a amos áis an é aste ó asteis aron aba abas ábamos aban aré ará arás arán aría e es emos en ando",
        "er": "o es e emos éis en í iste ió imos ieron ía ías íamos ían eré erá a as amos an iendo",
        "ir": "o es e imos ís en í iste ió ieron ía ías íamos ían iré irá a as amos an iendo",
    },
    "pt": {
        "ar": "o as a amos ais am ei aste ou ámos aram ava avas ávamos avam arei ará e es emos em ando ado ada",
        "er": "o es e emos em i este eu eram ia ias íamos iam erei erá a as amos am endo ido ida",
        "ir": "o es e imos em i iste iu iram ia ias íamos iam irei irá a as amos am indo ido ida",
    },
    "it": {
        "are": "o i a iamo ate ano ai asti ò ammo arono avo avi ava avamo avano erò erà ino ando ato ata ati ate",
        "ere": "o i e iamo ete ono ei esti é ettero evo evi eva evamo evano erò erà a ano endo uto uta uti ute",
        "ire": "o i e iamo ite ono ii isti ì irono ivo ivi iva ivamo ivano irò irà a ano endo ito ita iti ite",
    },
    "fr": {
        "er": "e es ons ez ent ai as a âmes èrent ais ait ions iez aient erai era erons erez eront ant é ée és ées",
        "ir": "is it issons issez issent issais issait issaient irai ira irons iront issant i ie is ies",
        "re": "s ons ez ent ais ait aient rai ra rons ront ant u ue us ues is it",
    },
}
_STEM_CHANGES = {"es": (("e", "ie"), ("o", "ue"), ("u", "ue"), ("e", "i")), "fr": (("e", "è"), ("é", "è"))}


def not_reflexive(word: str, primary: str) -> str:
    """Return a verb in the infinitive without the pronoun that is joined to it: *acordarse*, *alzarsi*."""
    if primary in {"es", "pt", "gl"}:
        return re.sub("(?<=[aei]r)se$", "", word)
    return re.sub("(?<=[aei]r)si$", "e", word) if primary == "it" else word


def conjugates(word: str, token: str, primary: str) -> bool:
    """Whether a token is a regular form of a Romance verb, given its infinitive, whatever else the token may be."""
    bare = not_reflexive(word, primary)
    for ending, own in _CONJUGATED.get(primary, {}).items():
        stem = bare.removesuffix(ending)
        if stem == bare or len(stem) < 2 or not is_known(bare, primary):
            continue
        if any(token == s + e for s in _stems(stem, primary) for e in own.split()):
            return True
    return False


def _stems(stem: str, primary: str) -> Iterator[str]:
    yield stem
    for vowel, changed in _STEM_CHANGES.get(primary, ()):
        head, found, tail = stem.rpartition(vowel)
        if found:
            yield head + changed + tail
