"""Wordings: what comes along can be used in both directions, and what cannot be used is refused in one line."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from support.common import EN, SENTENCES, ZH, decode

from mtreason.decoding.prompts import rendered, translation_prompt
from mtreason.decoding.wordings import (
    known_wording,
    make_wording,
    named_wording,
    pick_wording,
    read_wording,
    to_toml,
    wordings,
)
from mtreason.errors import InputError, SettingError
from mtreason.glossary import Hit, Sense, Term
from mtreason.languages import Direction, parse_language
from mtreason.models.loaded import LoadedModel
from mtreason.runs.translator import Translator
from mtreason.runs.ways import make_way

DIRECTION = Direction(ZH, EN)
DE, JA, SW = (parse_language(tag) for tag in ("de", "ja", "sw"))
HITS = (Hit(Term("天气", ("weather",), "", "", "own.tsv", 1), 2, 4),)


@pytest.mark.parametrize("wording", wordings().values(), ids=wordings())
def test_every_wording_places_everything_once(wording) -> None:
    for source, target in ((ZH, EN), (EN, ZH), (DE, JA)):
        prompt = translation_prompt(wording, "今天天气", source, target, (("甲", "yi"),), HITS)
        assert prompt.text.count("今天weather") == 1
        assert prompt.text.index("甲\nyi") < prompt.text.index("天气") < prompt.text.index("今天weather")
        assert "{" not in prompt.text
        assert len(wording.shown(source, target)) == wording.examples


BANK = Term(
    "bank", ("Bank", "Geldhaus", "Ufer"), "", "", "own.tsv", 1,
    senses=(Sense(("Bank", "Geldhaus"), "money"), Sense(("Ufer",), "verb,\n{term}")),
)  # fmt: skip


@pytest.mark.parametrize("wording", wordings().values(), ids=wordings())
def test_a_term_with_senses_is_shown_as_a_choice_and_left_to_the_model(wording) -> None:
    prompt = translation_prompt(wording, "the bank", EN, DE, hits=(Hit(BANK, 4, 8),))
    notes = (
        ("Bank（money）", "Ufer（verb, {term}）") if wording.names == "zh" else ("Bank (money)", "Ufer (verb, {term})")
    )
    lines = prompt.before.splitlines()
    first = next(i for i, line in enumerate(lines) if notes[0] in line)
    assert notes[1] in lines[first + 1]
    assert all("bank" in line for line in lines[first : first + 2])
    assert prompt.segment == "the bank"
    assert "Geldhaus" not in prompt.text


def test_what_tells_senses_apart_is_shown_in_short() -> None:
    senses = tuple(Sense((f"r{i}",), "") for i in range(9))
    prompt = translation_prompt(named_wording("short"), "a", EN, DE, hits=(Hit(replace(BANK, senses=senses), 0, 1),))
    assert [line for line in prompt.before.splitlines() if "=" in line] == [f"bank = r{i}" for i in range(6)]
    for note, shown in (("word " * 30, " ".join(["word"] * 12)), ("词" * 90, "词" * 60)):
        senses = (Sense(("r",), note), Sense(("s",), ""))
        prompt = translation_prompt(
            named_wording("short"), "a", EN, DE, hits=(Hit(replace(BANK, senses=senses), 0, 1),)
        )
        assert f"bank = r ({shown})\nbank = s\n" in prompt.before


def test_no_two_wordings_are_the_same() -> None:
    said = {name: rendered(wording, DIRECTION) for name, wording in wordings().items()}
    assert len(wordings()) >= 12
    for a, b in itertools.combinations(said, 2):
        assert said[a] != said[b], (a, b)


def test_languages_are_named_in_the_language_of_the_instruction() -> None:
    assert named_wording("chinese").fill("instruction", EN, DE).startswith("把下面的英语文本翻译成德语")
    assert (
        named_wording("short")
        .fill("instruction", ZH, parse_language("pt-BR"))
        .startswith("Translate Chinese to Brazilian Portuguese:")
    )


def test_the_wording_of_a_model() -> None:
    def pick(model, direction=DIRECTION, given=None, *, chat=True):
        return pick_wording(given, model, direction, chat=chat).name

    assert pick("my-model") == pick("qwen2.5-coder-0.5b") == "short"
    assert pick("tencent/Hunyuan-MT-7B") == "segment-chinese"
    assert pick("tencent/Hunyuan-MT-7B", Direction(DE, EN)) == "segment"
    assert pick("Unbabel/TowerInstruct-7B-v0.2") == "tower"
    assert pick("ByteDance-Seed/Seed-X-PPO-7B", chat=False) == "seed-x"
    assert pick("google/gemma-3-270m", chat=False) == "plain"
    assert pick("gemma-3-4b-it") == "short-bare"
    assert pick("seed-x-7b-chat") == "short", "a row for plain text is not for a chat"
    assert pick("anything", given="into") == "into"
    assert known_wording(None, "my-model", DIRECTION, chat=None) is None
    assert known_wording(None, "my-model", DIRECTION, chat=True) == named_wording("short")
    assert known_wording("into", "my-model", DIRECTION, chat=None) == named_wording("into")


USABLE = {"instruction": "Translate to {target}:\n"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"instruction": ""}, "it has no instruction"),
        ({"instruction": "Translate:"}, "does not say which language to write"),
        ({"text": "Text:"}, "no place {text} and needs one, for the segment"),
        ({"text": "{text} {text}"}, "2 places {text} and needs one"),
        ({"hints": "Hints"}, "no place {hints} and needs one, for the glossary's hints"),
        ({"sense": "{rendering}"}, "sense: it has no place {note} and needs one"),
        ({"hint": "{term}"}, "no place {rendering} and needs one"),
        ({"context": "Before:"}, "no place {context} and needs one"),
        ({"instruction_with_hints": "With hints:"}, "does not say which language to write"),
        ({"instruction": "{target} {sauce}"}, "{sauce} has no meaning here"),
        ({"sistem": "x"}, "'sistem': no such field, did you mean 'system'?"),
        ({"examples": 99}, "examples: there are"),
        ({"examples": True}, "examples: expected a whole number"),
        ({"chat": "no"}, "chat: expected true or false"),
        ({"system": 3}, "system: expected a text"),
        ({"verdicts": ["Yes"]}, "verdicts: expected two words"),
        ({"names": "English"}, "names: 'English' is no language code"),
    ],
)
def test_a_wording_that_cannot_be_used(changes, told) -> None:
    with pytest.raises(InputError) as error:
        make_wording("own", USABLE | changes, "own.toml")
    assert told in str(error.value)
    assert str(error.value).startswith("own.toml: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"\xff\xfe", "UTF-8"), (b"instruction = ", "not TOML"), (None, "name a wording or a file with --prompt")],
)
def test_a_file_that_cannot_be_read(tmp_path, data, told) -> None:
    path = tmp_path / "own.toml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InputError) as error:
        named_wording(str(path))
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_name_and_a_language_without_examples() -> None:
    with pytest.raises(InputError, match="--prompt shrt: no such wording, did you mean 'short'"):
        named_wording("shrt")
    with pytest.raises(InputError, match="there are none in Swahili"):
        named_wording("examples").shown(ZH, SW)


def test_a_file_comes_back_as_it_was_written(tmp_path) -> None:
    for name, wording in wordings().items():
        path = tmp_path / f"{name}.toml"
        path.write_text(to_toml(wording), "utf-8")
        assert read_wording(path) == wording
    path = tmp_path / "odd.toml"
    odd = make_wording("odd", {"instruction": '"{target}"\t\\ \x7f\n', "verdicts": ["好", "不好"]}, "")
    path.write_text(to_toml(odd), "utf-8")
    assert read_wording(path) == odd


@pytest.mark.parametrize("name", [n for n, w in wordings().items() if w.chat])
def test_the_whole_search_with_every_wording(loaded, name) -> None:
    t = Translator(loaded, ZH, EN, terms=[h.term for h in HITS], prompt=name, budget=4)
    results = decode(t, SENTENCES[:2])
    assert all(result.candidates for result in results)
    task = t.bind(t.task(0, SENTENCES[0], (("甲", "yi"),)))
    library = loaded.tokenizer.library
    head = make_way(t.codec, t.wording, ZH, EN, hinted=True, fold=False).head
    assert task.head.length == len(head)
    shown = library.decode([*head, *task.prompt])
    message = translation_prompt(t.wording, SENTENCES[0], ZH, EN, (("甲", "yi"),), task.hits)
    system = [] if t.wording.system is None else [{"role": "system", "content": t.wording.fill("system", ZH, EN)}]
    before, after = t.wording.around(ZH, EN)
    turns = []
    for source, target in t.wording.shown(ZH, EN):
        turns.append({"role": "user", "content": message.instruction + before + source + after})
        turns.append({"role": "assistant", "content": t.wording.fill("answer", ZH, EN) + target})
    turns.append({"role": "user", "content": message.text})
    expected = library.apply_chat_template([*system, *turns], tokenize=False, add_generation_prompt=True)
    assert shown == expected + t.wording.fill("answer", ZH, EN).rstrip()


def test_a_note_is_shown_with_a_short_text_alone(loaded) -> None:
    t = Translator(loaded, ZH, EN, terms=(), prompt="short", budget=2)
    without, noted, long = (
        t.bind(t.task(i, text, note=note))
        for i, (text, note) in enumerate((("打开", ""), ("打开", "动词\n{target}"), ("我们去公园散步吧。", "句子")))
    )
    bare = translation_prompt(t.wording, "打开", ZH, EN)
    assert t.codec.decode(without.prompt).startswith(bare.before + bare.segment)
    assert "Note on the text: 动词\n{target}\n\nText:\n打开" in t.codec.decode(noted.prompt)
    assert noted.head.length > without.head.length == long.head.length
    assert "句子" not in t.codec.decode(long.prompt)


def test_hints_may_have_an_instruction_of_their_own(loaded) -> None:
    """Segments with hints or context are asked in it, all others in the short one, on the way back as well."""
    terms = [h.term for h in HITS]
    t = Translator(loaded, ZH, EN, terms=terms, prompt="short", budget=2)
    plain, hinted, context = (
        t.bind(t.task(i, text, context))
        for i, (text, context) in enumerate((("我们去公园。", ()), ("今天天气", ()), ("我们去公园。", (("甲", "a"),))))
    )
    assert hinted.hits
    assert plain.head != hinted.head == context.head
    assert plain.unconditional != hinted.unconditional
    assert plain.back_head == hinted.back_head
    short = t.codec.encode("Translate Chinese to English:\n\n")
    assert plain.head.length < hinted.head.length
    assert t.way.head[-len(short) :] == short
    for task in (plain, hinted, context):
        assert translation_prompt(t.wording, task.source, ZH, EN, (), task.hits).instruction.startswith(
            "Translate the following" if task.hits else "Translate Chinese"
        )
    without = Translator(loaded, ZH, EN, terms=(), prompt="short")
    without.bind(without.task(0, "我们去公园。"))
    assert "_hinted" not in vars(without), "nothing is read that nobody needs"
    same = Translator(loaded, ZH, EN, terms=terms, prompt="formal")
    assert same._hinted is same._bare


REFUSES = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('no system turn') }}{% endif %}{{ messages[0].content }}:"
)


def with_template(loaded: LoadedModel, template: str | None) -> LoadedModel:
    import copy

    from mtreason.models.text import LibraryTokenizer

    library = copy.deepcopy(loaded.tokenizer.library)
    library.chat_template = template
    return replace(loaded, tokenizer=LibraryTokenizer(library))


def test_a_template_without_a_system_turn(loaded) -> None:
    own = with_template(loaded, REFUSES)
    with pytest.raises(SettingError, match="refuses a system turn: leave `system` out of the wording"):
        Translator(own, ZH, EN, terms=(), prompt="formal")
    bare = Translator(own, ZH, EN, terms=(), prompt="short-bare")
    folded = Translator(own, ZH, EN, terms=())
    assert folded.wording.name == "short", "what nobody asked for is put where it fits"
    decode_head = own.tokenizer.library.decode
    assert decode_head(bare.way.head) == "Translate Chinese to English:\n\n"
    assert decode_head(folded.way.head).startswith("You are a professional translator.\n\nTranslate Chinese to English")


def test_a_model_without_a_chat_template_goes_on_with_a_text(loaded) -> None:
    own = with_template(loaded, None)
    t = Translator(own, ZH, EN, terms=(), budget=4)
    assert t.wording.name == "plain"
    library = own.tokenizer.library
    head = library.decode(t.way.head)
    assert head.startswith("\nTranslations from Chinese to English, line by line.\n\nChinese: ")
    assert head.count("\nEnglish: ") == t.wording.examples
    task = t.bind(t.task(0, "今天天气很好。"))
    assert library.decode(task.prompt) == "Chinese: 今天天气很好。\nEnglish:"
    assert library.decode(task.source_tokens[:-1]) == " 今天天气很好。"
    assert library.decode(task.source_tokens[-1:]).startswith("\n")
    for result in decode(t, SENTENCES):
        for c in result.candidates:
            assert "\n" not in c.text
            assert c.text == c.text.strip()
            assert "unfinished" in c.problems or library.decode(c.draft.tokens[-1:])[0] in "\n<"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"prompt": "short"}, "this model has no chat template: take `prompt` plain"),
        ({"think": True}, "`think` needs a model with a chat template"),
        ({"reflect": True}, "`reflect` needs a model with a chat template"),
    ],
)
def test_what_needs_a_chat(loaded, settings, told) -> None:
    with pytest.raises(SettingError, match=told):
        Translator(with_template(loaded, None), ZH, EN, terms=(), **settings)


def test_a_wording_of_ones_own_is_used(loaded, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('instruction = "Into {target} from {source_code}: "\nsystem = "S"\n', "utf-8")
    t = Translator(loaded, ZH, EN, terms=(), prompt=str(path))
    assert loaded.tokenizer.library.decode(t.way.head).endswith("S<|im_end|>\n<|im_start|>user\nInto English from zh: ")
    other = Translator(loaded, ZH, EN, terms=(), prompt="short")
    assert t.spec.changed(other.spec) == ("prompt",)
