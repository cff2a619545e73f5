"""A chat template that does not come to an end is cut off, in one line."""

import sys

import pytest
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from mtreason.errors import ModelError, SettingError
from mtreason.models import templates
from mtreason.models.text import Codec, LibraryTokenizer

CHAT = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}<assistant>"


def codec(template):
    words = Tokenizer(models.WordLevel({"a": 0, "[UNK]": 1, "<e>": 2}, "[UNK]"))
    library = PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="<e>", unk_token="[UNK]", chat_template=template
    )
    return Codec(LibraryTokenizer(library), frozenset())


ENDLESS = [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
    "{% for a in range(99999) %}{% set y = range(99999)|list|sort %}{% endfor %}",
    "{% set n = namespace(s='aaaaaaaa') %}{% for i in range(60) %}{% set n.s = n.s + n.s %}{% endfor %}{{ n.s }}",
    "{{ 10**10**10 }}",
    "{{ 'a' * 10000000000 }}",
    "{{ 'a' * 0xFFFFFFFFFF }}",
    "{{ '%s' * 999999 }}{{ 'b' * 999999 }}",
]


@pytest.mark.parametrize("what", ENDLESS)
@pytest.mark.parametrize("system", [None, "be brief"])
def test_it_is_cut_off(what, system, monkeypatch) -> None:
    monkeypatch.setattr(templates, "SECONDS", 0.3)
    monkeypatch.setattr(templates, "MEGABYTES", 64)
    before = sys.gettrace()
    with pytest.raises(ModelError, match="chat template") as error:
        codec(CHAT + what).frame(system)
    assert "\n" not in str(error.value)
    assert sys.gettrace() is before


@pytest.mark.parametrize("what", ["{{ '**bold** 10**10' }}", "**bold**", "{{ 1000 * 3 }}", "{# 2**9 99999999 #}"])
def test_what_ends_is_filled_in(what) -> None:
    frame = codec(CHAT + what).frame("be brief")
    assert frame.head
    assert frame.tail


@pytest.mark.parametrize("what", ["{{ raise_exception('never') }}", "{% if %}", "{{ 1 / 0 }}", "{{ x.y.z }}"])
def test_what_refuses_is_said_in_one_line(what) -> None:
    with pytest.raises(SettingError, match="chat template refuses") as error:
        codec(CHAT + what).frame("be brief")
    assert "\n" not in str(error.value)
