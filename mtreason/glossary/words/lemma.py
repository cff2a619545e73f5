"""The dictionary forms of a word: simplemma's tables, which ship in its wheel, and what they lack.

A table has one lemma for each form, so that a form of two words is known as one of them only: *hecho* is a fact, and
what was done. `_ALSO` has the most frequent of these forms. A table is loaded on first use. The English one, in which
large glossaries are looked up, takes about 0.2 s and 35 MB; the others are kept packed, so that those of languages with
many forms take 1.3 s and 56 MB (Finnish, Polish) instead of 5 s and 430 MB, and 8 microseconds for a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

_ENGLISH = {
    "bent": "bend", "bit": "bite", "broke": "break", "felt": "feel", "left": "leave", "rose": "rise", "shook": "shake",
    "shot": "shoot", "swore": "swear", "thought": "think", "won": "win", "playing": "play",
    "during": "during", "evening": "evening", "morning": "morning",
}  # fmt: skip
"""Forms that the table wrongly takes for other words, and words in -ing that are not forms of verbs."""

_ALSO = {
    "en": (
        "thieves=thief writing=write leaves=leaf lives=life knives=knife wives=wife loaves=loaf halves=half "
        "shelves=shelf wolves=wolf calves=calf ground=grind bound=bind wound=wind gone=go "
        "rung=ring drunk=drink born=bear"
    ),
    "es": (
        "hecho=hacer dicho=decir visto=ver puesto=poner escrito=escribir muerto=morir roto=romper cubierto=cubrir "
        "satisfecho=satisfacer frito=freír impreso=imprimir fui=ir fue=ir fuiste=ir fueron=ir fuera=ir fuimos=ser "
        "di=decir ve=ver ve=ir da=dar pon=poner sal=salir ten=tener ven=venir haz=hacer sé=ser sé=saber vamos=ir"
    ),
    "pt": (
        "feito=fazer dito=dizer visto=ver posto=pôr escrito=escrever aberto=abrir coberto=cobrir ganho=ganhar "
        "pago=pagar gasto=gastar foi=ir fui=ser foram=ir fomos=ir morto=morrer vindo=vir"
    ),
    "it": (
        "detto=dire scritto=scrivere aperto=aprire corso=correre fatto=fare letto=leggere rotto=rompere posto=porre "
        "coperto=coprire offerto=offrire scoperto=scoprire perso=perdere tradotto=tradurre prodotto=produrre "
        "pianto=piangere cotto=cuocere espresso=esprimere concesso=concedere speso=spendere"
    ),
    "fr": (
        "écrit=écrire ouvert=ouvrir mort=mourir vécu=vivre couvert=couvrir offert=offrir souffert=souffrir fait=faire "
        "suis=suivre bu=boire pu=pouvoir plu=plaire plu=pleuvoir cru=croire découvert=découvrir permis=permettre "
        "couru=courir rendu=rendre suivi=suivre parti=partir fini=finir produit=produire joint=joindre résolu=résoudre "
        "acquis=acquérir assis=asseoir assise=asseoir inclus=inclure vit=voir lut=lire but=boire sort=sortir "
        "part=partir sens=sentir vis=vivre lis=lire bois=boire mets=mettre ris=rire cours=courir fond=fondre"
    ),
    "de": (
        "entschieden=entscheiden verloren=verlieren geboten=bieten gefahren=fahren gegessen=essen befohlen=befehlen "
        "gestanden=stehen gefallen=fallen geraten=raten gefangen=fangen gebissen=beißen erschienen=erscheinen "
        "gefroren=frieren gegossen=gießen gedacht=denken stand=stehen brach=brechen riss=reißen floss=fließen "
        "goss=gießen"
    ),
    "nl": (
        "gedragen=dragen gestaan=staan gesneden=snijden geleden=lijden geboden=bieden geroken=ruiken geweten=weten "
        "las=lezen at=eten reed=rijden boog=buigen loog=liegen rook=ruiken lagen=liggen gaven=geven"
    ),
    "pl": "braciom=brat braćmi=brat bracia=brat braci=brat",
}  # fmt: skip
"""Forms of two words, and that one of them which the table does not have."""

_TABLES = {"hr": "hbs", "sr": "hbs", "bs": "hbs", "cnr": "hbs", "sh": "hbs", "no": "nb", "fil": "tl", "iw": "he"}
"""Primary code -> the code of the table, where it is another."""


@cache
def lemma_languages() -> frozenset[str]:
    """Return the languages whose words have lemmas here, by their primary codes."""
    from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES

    return frozenset(SUPPORTED_LANGUAGES) | _TABLES.keys()


@lru_cache(maxsize=65536)
def lemma(word: str, language: str) -> str:
    """Return the lemma of a word in lower case; `language` is a primary code in `lemma_languages`."""
    if language != "en":
        import simplemma

        found: str = simplemma.lemmatize(word, lang=_TABLES.get(language, language), low_memory=True)
        return found.lower().replace("_", "")
    if word in _ENGLISH:
        return _ENGLISH[word]
    # The same as the library does for a word without accents, four times as fast.
    plain = word.isascii() and word.isalpha()
    table = _english()
    known = (table.get(word) or table.get(word.capitalize())) if plain else None
    if known and (low := known.lower()) != word:
        return low
    import simplemma

    found = (known or simplemma.lemmatize(word, lang="en")).lower()
    if found == word:
        # The table lists gerunds as nouns of their own, and does not list new words such as "influencers" at all.
        found = next((stem for stem in _regular_stems(word) if simplemma.is_known(stem, lang="en")), found)
        if found == word and len(word) > 3 and word.endswith("s") and not simplemma.is_known(word, lang="en"):
            found = word[:-1]
    return found


def table(language: str) -> Mapping[str, str]:
    """Return the table of a language, from forms to lemmas; `language` as for `lemma`."""
    if language == "en":
        return _english()
    from simplemma.strategies.dictionaries import LOW_MEMORY_DICTIONARY_FACTORY

    found: Mapping[str, str] = LOW_MEMORY_DICTIONARY_FACTORY.get_dictionary(_TABLES.get(language, language))
    return found


@cache
def _english() -> Mapping[str, str]:
    from simplemma.strategies import DEFAULT_DICTIONARY_FACTORY

    return DEFAULT_DICTIONARY_FACTORY.get_dictionary("en")


@lru_cache(maxsize=65536)
def is_known(word: str, language: str) -> bool:
    """Return whether a word, in any form, is in the table of a language; `language` as for `lemma`."""
    import simplemma

    return bool(word) and simplemma.is_known(word, lang=_TABLES.get(language, language), low_memory=language != "en")


@lru_cache(maxsize=65536)
def is_listed(word: str, language: str) -> bool:
    """Return whether a word is in the table of a language as it is written: *home* and *Norton*, not *Home*.

    Where there is no table, it is in none.
    """
    if language not in lemma_languages():
        return False
    from simplemma.strategies import DEFAULT_DICTIONARY_FACTORY, LOW_MEMORY_DICTIONARY_FACTORY, DictionaryLookupStrategy

    # The same tables as elsewhere in this module: another form of one would be loaded beside it.
    factory = DEFAULT_DICTIONARY_FACTORY if language == "en" else LOW_MEMORY_DICTIONARY_FACTORY
    found = DictionaryLookupStrategy(factory).exact_lemma(word, _TABLES.get(language, language))
    return found is not None


def is_ordinary(word: str, language: str) -> bool:
    """Return whether the table of a language has a word in small letters only, so that a capital shows a name."""
    return is_listed(word.lower(), language) and not is_listed(word, language)


def other_lemmas(word: str, language: str) -> tuple[str, ...]:
    """Return lemmas of a form that is a form of several words, besides that of `lemma`."""
    return _also(language).get(word, ())


@cache
def _also(language: str) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for pair in _ALSO.get(language, "").split():
        form, _, base = pair.partition("=")
        found[form] = (*found.get(form, ()), base)
    return found


def _regular_stems(word: str) -> Iterator[str]:
    """Yield the possible base forms of an English verb, given its form in -ing."""
    stem = word.removesuffix("ing")
    if stem == word or len(stem) < 3:
        return
    if stem[-1] == stem[-2] and stem[-1] not in "ls":
        yield stem[:-1]
    yield stem
    yield f"{stem}e"
