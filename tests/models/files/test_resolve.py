"""What is known of a model by its name, before it is loaded."""

import json

import pytest

from mtreason.models.files.resolve import known_chat


def test_whether_there_is_a_chat_template_is_known_without_loading(tiny_model, write_gguf, tmp_path) -> None:
    from transformers import AutoTokenizer

    assert known_chat("qwen2.5-coder-0.5b") is True
    assert known_chat("org/somewhere-on-a-hub") is None
    assert known_chat(str(write_gguf())) is True
    for number, template in enumerate((AutoTokenizer.from_pretrained(tiny_model).chat_template, None)):
        path = tmp_path / str(number)
        tokenizer = AutoTokenizer.from_pretrained(tiny_model)
        tokenizer.chat_template = template
        tokenizer.save_pretrained(path)
        assert known_chat(str(path)) is (template is not None)


@pytest.mark.parametrize("name", ["chat_template.jinja", "tokenizer_config.json"])
def test_wherever_the_template_is(tmp_path, name) -> None:
    content = json.dumps({"chat_template": "{{ messages }}"}) if name.endswith("json") else "{{ messages }}"
    (tmp_path / name).write_text(content, "utf-8")
    assert known_chat(str(tmp_path)) is True
