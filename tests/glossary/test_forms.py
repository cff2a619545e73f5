"""Which words of a translation are forms of a rendering, in more languages than the samples of the benchmark have."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtreason.glossary import Sense, Term, undecided, written, written_forms
from mtreason.glossary.check import contains, honoured, judge_term
from mtreason.glossary.words.inflect import inflections
from mtreason.glossary.words.tokens import STOP, read, tokens
from mtreason.glossary.words.unspaced import UNSPACED_LANGUAGES

FOLLOWED = [
    ("fr", "arbre", "Il dort près de l’arbre."),
    ("fr", "aujourd'hui", "C'est pour aujourd’hui."),
    ("fr", "se souvenir de", "Je me souviens du jour."),
    ("fr", "pomme de terre", "Deux pommes de terre."),
    ("it", "albero", "L’ombra dell'albero"),
    ("it", "fine settimana", "nel fine settimana"),
    ("it", "parlare", "Non voglio parlartene."),
    ("it", "fare", "Fammi un favore."),
    ("ca", "aigua", "Vull l'aigua freda."),
    ("es", "cambiar de", "Cambió del tren al autobús."),
    ("es", "traer", "Tráigamelo, por favor."),
    ("es", "jugar", "No juego más."),
    ("pt", "gostar de", "Gosto da praia."),
    ("de", "anrufen", "Ruf mich morgen an!"),
    ("de", "anrufen", "Sie rief ihn, weil es spät war, nicht mehr an."),
    ("de", "sich entscheiden", "Er hat sich gestern entschieden."),
    ("de", "in Kauf nehmen", "Wir nehmen das Risiko gern in Kauf."),
    ("de", "Kunde", "unsere Großkunden"),
    ("de", "Sprache", "ein Sprachkurs"),
    ("nl", "schoonmaken", "Maak de keuken schoon."),
    ("nl", "aanvragen", "Hij vergat een visum aan te vragen."),
    ("sv", "skola", "De går i grundskolan."),
    ("da", "bog", "Jeg købte en kogebog."),
    ("hu", "ház", "A házakban laktak."),
    ("hu", "város", "Sok városban jártam."),
    ("cs", "kniha", "Četl o tom v knihách."),
    ("uk", "місто", "Ми живемо в містах."),
    ("hr", "knjiga", "Volim knjige."),
    ("el", "πόλη", "οι πόλεις"),
    ("ro", "carte", "cărțile mele"),
    ("tr", "Ankara", "Ankara’da oturuyor."),
    ("ar", "كتاب", "قرأت الكتاب"),
    ("hi", "किताब", "दो किताबें"),
    ("kk", "қала", "қалада тұрамын"),
    ("ru", "чёрный", "на черном столе"),
    ("ja", "飲む", "水を飲んだ。"),
    ("ja", "行く", "学校へ行って"),
    ("ja", "勉強する", "勉強をしています"),
    ("ja", "ユーザー", "ﾕｰｻﾞｰの声"),
    ("ko", "하다", "숙제를 했다"),
    ("ko", "날씨가 좋다", "오늘은 날씨가 좋았어요."),
    ("ko", "산", "산을 넘었다."),
    ("th", "น้ำ", "ดื่มน้ำ"),
    ("km", "ទឹក", "ខ្ញុំផឹកទឹក"),
    ("zh", "洗澡", "他洗了个澡。"),
    ("zh", "散步", "我们去散散步吧"),
    ("en", "turn off", "Turn the light off, please."),
    ("en", "give back", "She gave it back to me."),
    ("en", "l’été", "a film called l'été"),
]  # fmt: skip
MISSED = [
    ("fr", "eau", "un beau bureau"),
    ("fr", "porte", "il rapporte cela"),
    ("it", "ora", "Lavora qui."),
    ("es", "cuento", "la cuenta"),
    ("de", "anrufen", "Sie rief ihn an das Fenster."),
    ("de", "anrufen", "Ruf mich morgen. Er kam an."),
    ("de", "Rat", "eine große Ratte"),
    ("de", "Ei", "drei Eimer"),
    ("de", "Rat", "Er beging Verrat."),
    ("nl", "ei", "een klein eiland"),
    ("fi", "kala", "vanha kalenteri"),
    ("cs", "ruka", "bílý rukáv"),
    ("ru", "рот", "рота солдат"),
    ("tr", "at", "ata binmedi, atlas okudu"),
    ("kk", "бала", "балмұздақ жедік"),
    ("ja", "見る", "彼を見つけた"),
    ("ja", "安い", "安心した"),
    ("ko", "물", "선물을 받았다"),
    ("ko", "크다", "컴퓨터를 켰다"),
    ("ko", "바다", "바지를 샀다"),
    ("th", "สัญญา", "สัญญาณไฟ"),
    ("th", "ตา", "เตารีด"),
    ("zh", "机场", "他忘了机器，然后上场"),
    ("en", "take on", "He took the book on the table."),
    ("en", "turn off", "She turned. He went off."),
    ("xx", "abcd", "abcdefghij"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "rendering", "translation"), FOLLOWED)
def test_followed(language, rendering, translation) -> None:
    assert contains(rendering, translation, language)


@pytest.mark.parametrize(("language", "rendering", "translation"), MISSED)
def test_missed(language, rendering, translation) -> None:
    assert not contains(rendering, translation, language)


def test_any_of_the_forms_that_an_entry_gives_is_honoured() -> None:
    term = Term("踩雷", ("bad buy", "buy badly", "get burned"), "", "", "t.tsv", 1)
    for text in ("It was a bad buy.", "I bought badly again.", "We got burned!"):
        assert honoured(term, text, "en")


def test_a_forbidden_reading_is_found_in_all_its_forms() -> None:
    term = Term("upload", ("hochladen",), "", "", "t.tsv", 1, forbidden=("aufladen",))
    assert judge_term(term, "Laden Sie die Datei auf.", "de").reading == "aufladen"


def test_elision_and_contraction_are_words_of_their_own() -> None:
    assert [t.text for t in tokens("L’eau du puits, jusqu'à l'été.", "fr")] == [
        "le", "eau", "de", "le", "puits", "jusque", "à", "le", "été", STOP,
    ]  # fmt: skip
    assert [t.text for t in tokens("All'inizio dell’anno", "it")] == ["a", "il", "inizio", "di", "il", "anno"]


LANGUAGES = ["en", "fr", "it", "es", "pt", "de", "nl", "tr", "ja", "ko", "th", "zh", "ar", "xx"]
TEXT = st.text(st.sampled_from("aeLl'’ud-.,! \nßéน้ำ食べるる먹다了") | st.characters(), max_size=30)


@given(TEXT, st.sampled_from(["fr", "it", "de", "en", "xx"]))
@settings(deadline=None)
def test_tokens_are_in_order_and_inside_the_text(text, primary) -> None:
    at = 0
    for token in read(text, primary):
        assert 0 <= token.start < token.end <= len(text)
        assert token.start >= at
        at = token.start


@given(TEXT, TEXT, st.sampled_from(LANGUAGES))
@settings(deadline=None, max_examples=60)
def test_any_text_can_be_compared(rendering, translation, language) -> None:
    assert contains(rendering, translation, language) in {True, False}


@given(st.text(st.characters(categories=["Lo", "Ll"]), min_size=1, max_size=8), st.sampled_from(LANGUAGES))
@settings(deadline=None, max_examples=60)
def test_a_word_honours_itself(word, language) -> None:
    spaced = language not in UNSPACED_LANGUAGES
    assert contains(word, f"1 {word} 2" if spaced else word, language)


@pytest.mark.parametrize(
    ("language", "word", "some"),
    [
        ("en", "buy", {"buys", "bought", "buying"}),
        ("en", "flop", {"flops", "flopped", "flopping"}),
        ("en", "take", {"takes", "took", "taken", "taking"}),
        ("en", "bought", set()),
        ("de", "Kauf", {"Kaufs"}),
        ("fr", "acheter", {"achète", "acheté"}),
        ("pl", "zakup", {"zakupu", "zakupem"}),
        ("zh", "买", set()),
        ("en", "踩雷", set()),
    ],
)
def test_the_forms_of_a_word(language, word, some) -> None:
    found = inflections(word, language)
    assert some <= set(found)
    assert bool(found) == bool(some)
    assert word not in found
    assert list(found) == sorted(found, key=len)


def test_what_is_written_for_a_term() -> None:
    plain = Term("词", ("stand sb up", "bad buy", "get burned"), "", "", "t.tsv", 1)
    assert written(plain) == ("bad buy",)
    forms = written_forms(plain, "en", 8)
    assert forms[:2] == ("bad buy", "get burned")
    assert {"bad buys", "gets burned"} < set(forms)
    assert len(forms) == 8
    assert written_forms(plain, "en", 1) == ("bad buy",)
    senses = (Sense(("Bank", "Geldhaus"), ""), Sense(("Ufer",), ""))
    bank = Term("bank", ("Bank", "Geldhaus", "Ufer"), "", "", "t.tsv", 1, senses=senses)
    assert written(bank) == ("Bank", "Ufer")
    assert written_forms(bank, "de", 8)[:3] == ("Bank", "Ufer", "Geldhaus")
    kept = Term("App", (), "", "", "t.tsv", 1)
    assert written(kept) == written_forms(kept, "de", 8) == ("App",), "what is kept has no forms"


@given(
    st.lists(
        st.sampled_from(["get", "burned", "bad", "buy", "let", "of", "leggings", "IT", "sb", "one's", "be", "Apple"]),
        min_size=1,
    )
)
@settings(deadline=None, max_examples=60)
def test_every_form_that_is_written_honours_the_term(words) -> None:
    own = Term("词", (" ".join(words), "dud"), "", "", "t.tsv", 1)
    assert all(honoured(own, form, "en") for form in written_forms(own, "en", 8))


@pytest.mark.parametrize(
    ("translation", "times", "said"),
    [
        ("Die Bank am Fluss.", 1, False),
        ("Eine Bank oder ein Ufer", 1, True),
        ("Die Bank steht am Ufer.", 2, False),
        ("Beide Ufer", 1, False),
        ("Das Geldhaus und die Bank", 1, False),
        ("Nichts", 1, False),
    ],
)
def test_a_translation_that_says_all_senses_decides_nothing(translation, times, said) -> None:
    senses = (Sense(("Bank", "Geldhaus"), ""), Sense(("Ufer",), ""))
    bank = Term("bank", ("Bank", "Geldhaus", "Ufer"), "", "", "t.tsv", 1, senses=senses)
    assert bool(undecided([bank] * times, translation, "de")) == said


def test_a_rendering_inside_another_is_no_second_sense() -> None:
    senses = (Sense(("apple",), ""), Sense(("Apple Inc.",), ""))
    apple = Term("苹果", ("apple", "Apple Inc."), "", "", "t.tsv", 1, senses=senses)
    assert not undecided([apple], "Apple Inc. and the like", "en")
    assert not undecided([apple], "An apple", "en")
    assert not undecided([apple], "", "en")
