"""Characters that UTF-8 cannot hold, or that act on a terminal."""

import json

from mtreason.characters import has_half_pair, utf8, visible, visible_lines


def test_halves_of_pairs() -> None:
    assert has_half_pair("a\ud800")
    assert has_half_pair("\udce9.txt")
    assert not has_half_pair("a\U0001f600é")
    assert utf8("é\ud800") == "é\\ud800".encode()
    assert json.loads(utf8(json.dumps("\udce9", ensure_ascii=False))) == "\udce9"


def test_what_acts_on_a_terminal() -> None:
    assert visible("a\x1b[2J\x07\n\u202e{b} [red]é") == "a\\x1b[2J\\x07\\n\\u202e{b} [red]é"
    assert visible_lines("a\tb\r\nc\rd\x1b\x9b\x00\x7f e\u200d") == "a\tb\r\nc\\rd\\x1b\\x9b\\x00\\x7f e\u200d"
