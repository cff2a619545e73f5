"""One request and its answer: times, sizes, waits, proxies, and what does not travel."""

import gzip
import itertools
import json
import threading
import time
from email.utils import formatdate

import httpx
import pytest
from attack.servers import OK, hurried, wire
from support.commands import run_inside
from support.scripted_served import always, replying
from support.served import listening

from mtreason.errors import ModelError, ServerGoneError
from mtreason.models.served import client as client_module
from mtreason.models.served import exchange
from mtreason.models.served.client import Client
from mtreason.models.served.exchange import Reply, Request, read_json, retry_after
from mtreason.models.served.keys import KEY_VARIABLE

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

KEY = "sk-very-secret-0123456789"


def ask(url, request=None, *, key=None, patience=1.0, seconds=5.0):
    client = Client([url], key, limit=2, patience=patience, read_seconds=seconds)
    try:
        return client.begin(client.ask(request or Request("/x", b"{}"), lambda got: got["n"])).result(60)
    finally:
        client.close()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("2", 2),
        ("0.25", 0.25),
        ("-3", 0),
        ("9" * 300, float("9" * 300)),
        (formatdate(0, usegmt=True), 0),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0),
        *((value, None) for value in ("", "soon", "1_000", "٣", "1e3", "nan", "inf", "0x10", "1, 2", "9" * 301, "-")),
        *((value, None) for value in ("Fri, 99 Foo 99999 99:99:99 GMT", "Mon, 01 Jan 9999999999 00:00:00 GMT")),
    ],
)
def test_how_long_a_server_asks_to_wait(value, seconds) -> None:
    assert retry_after(Reply(429, httpx.Headers([(b"Retry-After", value.encode())]), b"")) == seconds


def test_a_server_that_asks_for_no_wait_is_not_pressed() -> None:
    handler = always({}, 429, Retry_After="0")
    with listening(handler) as url, pytest.raises(ServerGoneError, match="HTTP 429"):
        ask(url, patience=1.5)
    times = [at for at, *_ in handler.seen]
    waits = [b - a for a, b in itertools.pairwise(times)]
    assert min(waits) >= client_module.LEAST_WAIT
    assert len(times) < 15


@pytest.mark.parametrize("value", ["86400", "9" * 50, "Fri, 31 Dec 2999 23:59:59 GMT"])
def test_a_server_that_asks_for_a_day_gets_its_share_of_patience(value) -> None:
    handler = always({}, 503, Retry_After=value)
    start = time.monotonic()
    with listening(handler) as url, pytest.raises(ServerGoneError, match="HTTP 503"):
        ask(url, patience=0.6)
    assert time.monotonic() - start < 5
    assert len(handler.seen) == 2


def test_faulty_answers_are_asked_for_again_after_a_long_wait_too() -> None:
    """A first answer that came late must not be the last."""
    answers = iter([{"m": 1}, {"n": 7}])

    def reply(handler) -> None:
        time.sleep(0.4)
        handler.answer(next(answers))

    with listening(replying(reply)) as url:
        assert ask(url, patience=0.1) == 7


@pytest.mark.parametrize("encoding", ["gzip", "identity", ""])
def test_answers_may_be_packed(encoding) -> None:
    data = json.dumps({"n": 3}).encode()
    packed = gzip.compress(data) if encoding == "gzip" else data
    handler = always(packed, Content_Encoding=encoding)
    with listening(handler) as url:
        assert ask(url) == 3
    assert handler.seen[0][2]["Accept-Encoding"] == "gzip"


def test_how_long_an_answer_may_be_depends_on_what_was_asked() -> None:
    data = json.dumps({"n": 3, "more": "x" * 1000}).encode()
    with hurried(), listening(always(data)) as url:
        assert ask(url, Request("/x", b"{}", most=2000)) == 3
        with pytest.raises(ServerGoneError, match="an answer of more than 500 bytes, which was not asked for"):
            ask(url, Request("/x", b"{}", most=500))


def test_the_key_does_not_go_elsewhere() -> None:
    other = always({"n": 1})
    with listening(other) as elsewhere:
        handler = always(b"", 307, Location=f"{elsewhere}/x?again")
        with listening(handler) as url, pytest.raises(ModelError, match=r"leads to http://127\.0\.0\.1: name"):
            ask(url, key=KEY)
    assert handler.seen[0][2]["Authorization"] == f"Bearer {KEY}"
    assert other.seen == []


def test_cookies_are_not_kept() -> None:
    handler = always({"n": 1}, Set_Cookie="a=1; Path=/")
    with listening(handler) as url:
        client = Client([url], None, limit=1)
        for _ in range(2):
            client.ask_now(Request("/x"), lambda got: got["n"])
        client.close()
    assert "Cookie" not in handler.seen[1][2]


def test_this_machine_is_not_reached_through_a_proxy(monkeypatch) -> None:
    proxy = always({"n": 2})
    with listening(proxy) as through, listening(always({"n": 1})) as url:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, through)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        assert ask(url, key=KEY) == 1
        assert proxy.seen == []
        assert ask("http://model.invalid", key=KEY) == 2, "others are"


@pytest.mark.parametrize("proxy", ["gopher://user:hunter2@host", "socks5://user:hunter2@host", "http://[::1", "::"])
def test_proxies_that_are_none(proxy, monkeypatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy)
    before = threading.active_count()
    with pytest.raises(ModelError) as error:
        ask("http://model.invalid")
    assert "hunter2" not in str(error.value)
    assert threading.active_count() == before


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_certificates_that_are_none(content, tmp_path, monkeypatch) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with pytest.raises(ModelError, match="the certificates in SSL_CERT_FILE or SSL_CERT_DIR cannot be read"):
        ask("https://model.invalid")


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".org", "-\u3002\u3002"])
def test_hosts_that_are_none(host) -> None:
    with pytest.raises((ModelError, ServerGoneError)) as error:
        ask(f"http://{host}", patience=0.1)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b'{"a"', "character 5"),
        (b"\xff", "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"9" * 5000, "too many digits"),
    ],
)
def test_what_is_not_json(content, reason) -> None:
    with pytest.raises(ValueError, match=reason):
        read_json(content)
    assert read_json(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


# The command.


def test_a_server_that_drips_at_the_beginning(tmp_path, monkeypatch, capfd) -> None:
    monkeypatch.setattr(exchange, "LOOK_SECONDS", 1.0)
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    source = tmp_path / "in.txt"
    source.write_text("你好\n", "utf-8")
    drip = wire(OK + b"Content-Length: 9999\r\n\r\n", more=b" ", every=0.2)

    def reply(handler) -> None:
        with pytest.raises(OSError, match=r"\w"):
            drip(handler, None)

    start = time.monotonic()
    with listening(replying(reply)) as url:
        args = ["translate", source, "--from", "zh", "--to", "en", "--model", url, "-q"]
        code, out, err = run_inside(args, monkeypatch, capfd)
    assert (code, out) == (2, "")
    assert err == (
        f"mtreason: {url}: its answer did not end in time: is the server running, and is this its address?\n"
    )
    assert time.monotonic() - start < 20
