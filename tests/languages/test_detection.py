"""What language a document has to be translated from: asked about where that cannot be told, never passed in error."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtreason.errors import LanguageError
from mtreason.languages import (
    already_in,
    detect,
    detect_language,
    find_origin,
    in_other_language,
    is_clearly_other,
    parse_language,
    scripts_of,
)
from mtreason.runs import document
from mtreason.runs.document import SAMPLE_UNITS, DocumentRun
from mtreason.runs.job import DocumentJob

CASES = Path(__file__).parents[3] / "shared" / "cases" / "language"
PASSED, ASKED = "passed", "asked"
LONG = "This is a perfectly ordinary English sentence, and it goes on for a while."


class BegunError(Exception):
    """Ends a run where a model would be loaded."""


class Said:
    """What a run says."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.warnings: list[str] = []

    def note(self, message):
        self.notes.append(message)

    def warn(self, message):
        self.warnings.append(message)

    def stop(self):
        pass


def decided(text, to, tmp_path, said=None):
    """PASSED, ASKED, or the tag of the language that is translated from."""
    source, out = tmp_path / "a.txt", tmp_path / "b.txt"
    source.write_text(text, "utf-8")
    found = []

    def make(direction):
        found.append(direction)
        raise BegunError

    run = DocumentRun(DocumentJob(str(source), out), said or Said())
    try:
        run.translate_into(parse_language(to), None, make)
    except BegunError:
        return found[0].source.tag
    except LanguageError as error:
        return ASKED if str(error).startswith(f"{source}: ") and "--from" in str(error) else str(error)
    assert out.read_text("utf-8") == text
    return PASSED


@pytest.mark.parametrize(
    ("text", "to", "expected"),
    [
        # Letters that the target does not use are never in it, whatever names and messages stand beside them.
        ("Windows 11 蓝屏了 CRITICAL_PROCESS_DIED", "en", "zh"),
        ("Permission denied: could not open the lock file 怎么办", "en", "zh"),
        ("MacBook Pro не включается", "en", "ru"),
        ("Galaxy S25 Ultra 후기", "en", "ko"),
        ("Nintendo Switch が起動しない", "en", "ja"),
        ("Louis Vuitton包包真假鉴别", "en", "zh"),
        ("本项目采用 MIT License 授权", "en", "zh"),
        ("#OOTD# #fashionblogger 今天穿的是 Uniqlo", "en", "zh"),
        ("见 https://example.org/this/is/an/english/address 吧", "en", "zh"),
        ("运行 `git commit --amend --no-edit` 即可", "en", "zh"),
        ("The city of Xi'an (西安) is more than three thousand years old.", "en", "zh"),
        # What is carried into a text does not make it another language.
        ("我买了一台 MacBook Air，用 VS Code 写 Python。", "zh", PASSED),
        ("他说了 OK 就走了。", "zh", PASSED),
        ("The angle π/2 and 5 μm are large enough for this experiment.", "en", PASSED),
        ("학교(學校)는 집에서 멉니다. 그래서 버스를 탑니다.", "ko", PASSED),
        # Long enough, or too short.
        (LONG, "en", PASSED),
        (LONG, "zh", "en"),
        (LONG, "de", "en"),
        ("Das Paket kam zwei Tage zu spät an.", "en", "de"),
        ("Вечером мы пойдём в кино с друзьями.", "en", "ru"),
        ("Hotel", "en", ASKED),
        ("OK", "zh", ASKED),
        ("No", "en", ASKED),
        ("iPhone 15 Pro Max", "zh", ASKED),
        ("Anna Karenina", "en", ASKED),
        ("La cena está lista", "en", ASKED),
        ("会議", "ja", ASKED),
        # Nothing to translate.
        ("12:30 😀\n\n---\n", "en", PASSED),
        ("", "en", PASSED),
        # The rest of a document settles what is short.
        (f"OK\n{LONG}\n", "de", "en"),
        ("Datei\nBearbeiten\nAnsicht\nEinstellungen\nAbmelden\nHilfe\n", "en", "de"),
        # Mixed documents.
        (f"{LONG}\nDer Wind kam von Norden und brachte den ersten Schnee.\n{LONG}", "en", "de"),
        ("Lisa: shall we meet at noon in the lobby?\n小陈：我晚点到。\nLisa: no problem, see you there", "en", "zh"),
        ("他说了一句话就走了。\nNever mind, it happens to all of us sometimes.\n大家都笑了。", "zh", "en"),
        ("这款耳机音质很好，戴着也舒服，可以用一整天。\nIl fait froid ce matin, prends un manteau.", "en", "zh"),
        # Variants are languages of their own.
        ("我们打算去海边玩。", "zh-Hant", "zh-Hans"),
        ("我们打算去海边玩。", "zh-TW", "zh-Hans"),
        ("我們打算去海邊玩。", "zh", "zh-Hant"),
        ("我們打算去海邊玩。", "zh-CN", "zh-Hant"),
        ("我們打算去海邊玩。", "zh-HK", "zh-Hant"),
        ("我们打算去海边玩。", "zh-CN", PASSED),
        ("我們打算去海邊玩。", "zh-Hant", PASSED),
        ("我們打算去海邊玩。\n我们下周再去。", "zh-Hant", "zh-Hans"),
        ("Град ће следеће недеље поправљати главни пут.", "sr-Latn", "sr-Cyrl"),
        ("Por favor, desligue a impressora antes de sair do escritório.", "pt-BR", "pt"),
        ("Por favor, desligue a impressora antes de sair do escritório.", "pt-PT", "pt"),
        (LONG, "en-GB", "en"),
        # Related languages are not taken for each other in silence.
        ("Kerajaan akan membaiki jalan utama mulai minggu hadapan.", "id", ASKED),
        ("Gradska uprava će od sledeće nedelje popravljati glavni put.", "hr", ASKED),
    ],
)
def test_decisions(text, to, expected, tmp_path) -> None:
    assert decided(text, to, tmp_path) == expected


@pytest.mark.parametrize(
    ("name", "to", "expected"),
    [
        ("detect-brand.zh.txt", "en", "zh"),
        ("detect-chat.zh.txt", "en", "zh"),
        ("detect-error.zh.txt", "en", "zh"),
        ("detect-product.zh.txt", "en", "zh"),
        ("detect-none.es.txt", "en", ASKED),
        ("detect-ok.en.txt", "zh", ASKED),
    ],
)
def test_cases(name, to, expected, tmp_path) -> None:
    if not (CASES / name).exists():
        pytest.skip("the cases are not here")
    assert decided((CASES / name).read_text("utf-8"), to, tmp_path) == expected


def test_what_comes_late_in_a_document_is_seen(tmp_path) -> None:
    lines = [LONG] * (3 * SAMPLE_UNITS) + ["我们明天再说。"]
    assert decided("\n".join(lines), "en", tmp_path) == "zh"
    assert decided(LONG * 200 + " 我们明天再说。", "en", tmp_path) == "zh"
    assert decided(LONG * 200 + "\n", "en", tmp_path) == PASSED


def test_lines_in_doubt_are_named_when_the_rest_is_passed_through(tmp_path) -> None:
    said = Said()
    assert decided(f"{LONG}\nNo lo sé\n{LONG}\n", "en", tmp_path, said) == PASSED
    [warning] = said.warnings
    assert "line 2" in warning
    assert "--from" in warning


def test_what_never_shows_a_language_is_not_held_for_ever(tmp_path, monkeypatch) -> None:
    """Standard input may never end; as many lines as are held anyway are passed through."""
    monkeypatch.setattr(document, "MOST_HELD", 300 * SAMPLE_UNITS)
    assert decided("1\n" * SAMPLE_UNITS, "en", tmp_path) == PASSED
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"1\n" * 10 * SAMPLE_UNITS), encoding="utf-8"))
    run = DocumentRun(DocumentJob("-"), Said())
    expected = f"standard input: no language shows until line {2 * SAMPLE_UNITS}: name it with --from"
    with pytest.raises(LanguageError, match=f"^{expected}$"):
        run.translate_into(parse_language("en"), None, lambda direction: None)


def test_the_error_names_what_it_may_be(tmp_path) -> None:
    source = tmp_path / "a.txt"
    source.write_text("La cena está lista\n", "utf-8")
    run = DocumentRun(DocumentJob(str(source), tmp_path / "b.txt"), Said())
    with pytest.raises(LanguageError, match=r"Spanish or Portuguese.*--from es or --from pt") as error:
        run.translate_into(parse_language("en"), None, lambda direction: None)
    assert error.value.exit_code == 2


def test_pieces() -> None:
    [latin, chinese] = detect("iPhone 15 Pro Max 真香")
    assert (latin.sure, chinese.sure) == (False, True)
    assert (chinese.code, chinese.script, chinese.words) == ("zh", "Han", "真香")
    assert detect("见面")[0].script == "Hans"
    assert detect("見面")[0].script == "Hant"
    assert not detect("123 :) 😀 https://example.org/words/in/it")
    assert detect_language("OK") is None


@pytest.mark.parametrize("text", ["See the GitHub page of Anna Karenina", "iPhone 15 Pro Max Ultra Titanium Edition"])
def test_names_are_not_clearly_another_language(text) -> None:
    assert not is_clearly_other(text, parse_language("en"))


def test_segments() -> None:
    zh, en, ja, hant = map(parse_language, ("zh", "en", "ja", "zh-Hant"))
    assert already_in("iPhone 15 Pro Max", zh, en)
    assert not already_in("Il fait froid ce matin, prends ton manteau et tes gants.", zh, en)
    assert not already_in("我们明天再说吧，今天太晚了。", en, hant)
    assert not already_in("我们明天再说吧，今天太晚了。", en, ja)
    assert already_in("我們明天再說吧。", parse_language("zh-Hans"), hant)
    assert not already_in("我们明天再说吧。", parse_language("zh-Hans"), hant)
    assert not already_in("我們明天再說吧。", parse_language("zh-Hans"), parse_language("zh-TW"))
    assert already_in("Данас је леп дан.", parse_language("sr-Latn"), parse_language("sr-Cyrl"))
    assert not already_in("Bom dia a todos os presentes", parse_language("pt-PT"), parse_language("pt-BR"))


def test_a_close_language_is_not_another_one() -> None:
    text = "Gradska uprava će od sledeće nedelje popravljati glavni put u gradu."
    assert in_other_language(text, ["sr"], parse_language("hr")) == ""
    assert in_other_language(LONG, ["en"], parse_language("hr")) == "English"
    assert in_other_language("OK, yes", ["en"], parse_language("hr")) == ""


LETTERS = st.text(st.sampled_from("aÄñ é真們ごカ한яΩاहिก 1😀\n.,'’-#@/:<>{}"), max_size=60)


@given(st.lists(LETTERS, max_size=4), st.sampled_from(["en", "zh", "zh-Hant", "ja", "ru", "sr-Latn", "pt-BR"]))
def test_any_text_is_decided(texts, tag) -> None:
    target = parse_language(tag)
    origin = find_origin(texts, target)
    assert origin.source is None or origin.source.tag != target.tag
    assert (origin.doubt > 0) == bool(origin.doubtful) == bool(origin.question)
    assert "\n" not in origin.question
    for text in texts:
        assert not already_in(text, parse_language("th"), target) or scripts_of(text) <= {*target.scripts}


@given(st.lists(LETTERS, max_size=4), LETTERS)
def test_letters_that_the_target_does_not_use_are_never_passed(texts, before) -> None:
    origin = find_origin([*texts, f"{before} 你们 "], parse_language("en"))
    assert origin.source is not None


@pytest.mark.parametrize(
    ("text", "to", "expected"),
    [
        # Letters that a language does not have rule it out, whatever the models of n-grams say.
        ("Привіт, як справи? Що ти робиш сьогодні ввечері?", "ru", "uk"),
        ("Želim vam ugodan dan.", "en", {"hr", ASKED}),
        ("Желим вам пријатан дан.", "en", {"sr", ASKED}),
        ("Dobrý deň, ako sa máte?", "en", {"sk", ASKED}),
        ("Dobrý den, jak se máte dnes večer?", "sk", {"cs", ASKED}),
        ("Децата си играят в градината.", "ru", "bg"),
        ("Балалар бақта ойнап жүр, олар өте қуанышты.", "ru", "kk"),
        # Names and loan words do not.
        ("The new Škoda was built in Kraków last summer.", "de", "en"),
        ("Jürgen went to the café with his fiancée yesterday.", "de", "en"),
        ("Der Präsident Erdoğan besuchte gestern die Hauptstadt.", "en", "de"),
    ],
)
def test_alphabets(text, to, expected, tmp_path) -> None:
    assert decided(text, to, tmp_path) in (expected if isinstance(expected, set) else {expected})
