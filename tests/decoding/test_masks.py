"""Which tokens a translation may hold."""

import pytest
from support.common import EN, ZH

from mtreason.decoding.masks import allow_also, build_mask


def test_script_guard() -> None:
    words = ["hello", " café", "你好", "ひ", "привет", "한", "😀", "123", "\n", "a\nb", "", "…", "。", "é"]
    heads = ["你".encode()[:1], "你".encode()[:2], "😀".encode()[:2], "é".encode()[:1], "п".encode()[:1]]
    pieces = [w.encode() for w in words] + heads + [b"<end>", b"<pad>"]
    stop, pad = len(pieces) - 2, len(pieces) - 1
    mask = build_mask(pieces, EN, frozenset({stop}), [stop, pad])
    usable = {p for p, banned in zip(pieces, mask.banned, strict=True) if not banned}
    wanted = {w.encode() for w in ["hello", " café", "😀", "123", "…", "。", "é"]} | {heads[2], heads[3], b"<end>"}
    assert usable == wanted
    chinese = build_mask(pieces, ZH, frozenset({stop}), [stop, pad])
    assert not chinese.banned[[2, 0, 6, 14, 15]].any()
    assert chinese.banned[[3, 4, 5, 8]].all()
    freed = allow_also(mask, [2])
    assert not freed.banned[2]
    assert mask.banned[2]


@pytest.mark.parametrize("char", "你龥ひカпЖ한กع")
def test_beginnings_of_foreign_letters_are_banned(char) -> None:
    """Byte-level vocabularies spell a letter in up to three tokens: it is the first that has to go."""
    whole = char.encode()
    pieces = [whole, b" " + whole, b"ab" + whole, *(whole[:n] for n in range(1, len(whole)))]
    mask = build_mask([*pieces, b"\x80", b"ok", b""], EN, frozenset(), [])
    english = mask.banned[: len(pieces)].tolist()
    assert english[:3] == [True] * 3
    assert english[-1], "the last byte alone would complete the letter"
    assert not mask.banned[-2]
    assert not mask.banned[-3], "the ends of emoji are spelled so"
    assert mask.banned[-1]


def test_emoji_can_be_spelled_byte_by_byte() -> None:
    pieces = [bytes([b]) for b in "😀".encode()] + ["😀".encode()[:n] for n in (2, 3)]
    assert not build_mask(pieces, EN, frozenset(), []).banned.any()
    assert not build_mask(pieces, ZH, frozenset(), []).banned.any()
