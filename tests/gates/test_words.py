"""The lists of words can be used, and take time in proportion to a text."""

import re
import time
import tomllib
from importlib import resources

import pytest

from mtreason.gates import GATES, Pair, strip_chatter
from mtreason.languages import Direction, parse_language

LISTS = tomllib.loads(resources.files("mtreason.gates").joinpath("words.toml").read_text("utf-8"))
WORDS = [(name, tag) for name, words in LISTS.items() for tag in words]


@pytest.mark.parametrize(("name", "tag"), WORDS, ids=[f"{name} {tag}" for name, tag in WORDS])
def test_each_is_an_expression_of_a_language(name, tag) -> None:
    assert parse_language(tag).tag == tag
    assert not re.compile(LISTS[name][tag], re.IGNORECASE).search(""), "it would be found everywhere"


@pytest.mark.parametrize(
    "piece", ["(", "“", "Note: ", "translate ", "sentence ", "sorry ", "? ", "kann ", "a ", "注", "nicht "]
)
def test_the_gates_do_not_grow_faster_than_a_text(piece) -> None:
    both = Direction(parse_language("zh"), parse_language("en"))

    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        start = time.process_time()
        for source, draft in ((text, "Hello."), ("你好。", text)):
            strip_chatter(draft, source)
            for name in ("chatter", "refusal", "answer", "copy", "loop", "short", "script"):
                GATES[name].finds(Pair(source, draft, both))
        return time.process_time() - start

    assert seconds(8_000) < 12 * seconds(2_000) + 0.2
