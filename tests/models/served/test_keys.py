"""The key: refused by name where it cannot be sent, and in no message, not even in parts."""

import pytest
from support.commands import run_inside
from support.scripted_served import always
from support.served import listening

from mtreason.errors import ModelError
from mtreason.models.served import open_served
from mtreason.models.served.client import Client
from mtreason.models.served.keys import HIDDEN, KEY_VARIABLE, check_key, hide_key

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

KEY = "sk-very-secret-0123456789"


@pytest.mark.parametrize(
    ("key", "what"),
    [
        (f"{KEY}\n", "its character 26 is a line break"),
        (f"{KEY}\r\nX-Other: 1", "its character 26 is a line break"),
        (f"Bearer {KEY}", "its character 7 is a space"),
        (f"{KEY}é", "its character 26 is not an ASCII letter"),
        (f"“{KEY}”", "its character 1 is not an ASCII letter"),
        (f"{KEY}\udcff", "its character 26 is not an ASCII letter"),
        (f"\x00{KEY}", "its character 1 is a control character"),
        (KEY * 400, "longer than 8192 characters"),
    ],
)
def test_keys_that_cannot_be_sent(key, what) -> None:
    with pytest.raises(ModelError, match=what) as error:
        Client(["http://127.0.0.1:9"], key, limit=1)
    assert KEY_VARIABLE in str(error.value)
    assert KEY not in str(error.value)


def test_keys_that_can_be_sent() -> None:
    for key in (None, KEY, "a", "!~"):
        check_key(key)


def test_the_command_names_the_variable(tmp_path, monkeypatch, capfd) -> None:
    source = tmp_path / "in.txt"
    source.write_text("你好\n", "utf-8")
    monkeypatch.setenv(KEY_VARIABLE, f"{KEY}\n")
    handler = always({})
    with listening(handler) as url:
        for args in (
            ["translate", source, "--from", "zh", "--to", "en", "--model", url, "-q"],
            ["models", "--model", url],
            ["serve", "--model", "none"],
        ):
            code, out, err = run_inside(args, monkeypatch, capfd)
            assert (code, out) == (2, "")
            assert err == (
                f"mtreason: the key in {KEY_VARIABLE} cannot be sent: its character 26 is a line break: "
                "set it without that\n"
            )
    assert handler.seen == []


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"wrong key {KEY}!", f"wrong key {HIDDEN}!"),
        (f"wrong key {KEY[:9]}***", f"wrong key {HIDDEN}***"),
        (f"…{KEY[-7:].upper()} is unknown", f"…{HIDDEN} is unknown"),
        (f"{KEY}{KEY}", HIDDEN),
        ("nothing of it", "nothing of it"),
        ("", ""),
    ],
)
def test_parts_of_the_key_are_hidden(said, shown) -> None:
    assert hide_key(said, KEY) == shown
    assert hide_key(said, None) == said


def test_a_short_key_is_hidden_too() -> None:
    assert hide_key("key abc is wrong", "abc") == f"key {HIDDEN} is wrong"


def test_a_message_is_not_cut_in_the_middle_of_a_key(monkeypatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    refusing = always({"error": {"message": "x" * 190 + KEY}}, 400)
    with listening(refusing) as url, pytest.raises(ModelError, match="HTTP 400") as error:
        open_served(url, None, lambda *_: None)
    assert KEY[:6] not in str(error.value)


@pytest.mark.parametrize("field", ["id", "root"])
def test_a_model_that_is_named_by_the_key(field, monkeypatch) -> None:
    """Names of models are shown, and written into traces and journals."""
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    echoing = always({"data": [{"id": "tiny", "owned_by": "vllm", "root": "tiny"} | {field: f"of {KEY}"}]})
    with listening(echoing) as url, pytest.raises(ModelError, match="names its model by the key") as error:
        open_served(url, None, lambda *_: None)
    assert KEY not in str(error.value)
