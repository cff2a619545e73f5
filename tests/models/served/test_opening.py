"""Servers that describe themselves wrongly: one line each, whatever they say."""

import threading
import time
from http.server import ThreadingHTTPServer

import pytest
from attack.servers import Numbers
from support.scripted_served import always, by_path
from support.served import listening, vllm

from mtreason.errors import ModelError, ServerGoneError
from mtreason.models.protocol import ROOT
from mtreason.models.served import open_served, opening
from mtreason.models.served.dialects import Vllm
from mtreason.models.served.model import ServedModel
from mtreason.models.served.opening import Place, Served, digest_of, parse_place

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

LISTED = "answers GET /v1/models with something else"


def refused(handler, name="") -> str:
    with listening(handler) as url, pytest.raises(ModelError) as error:
        open_served(url + name, None, lambda *_: None)
    line = str(error.value)
    assert "\n" not in line
    assert len(line) < 2000
    return line


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([], LISTED),
        (None, LISTED),
        ({"data": {}}, LISTED),
        ({"data": [None]}, LISTED),
        ({"data": [{}]}, LISTED),
        ({"data": [{"id": 7}]}, LISTED),
        ({"data": [{"id": ""}]}, "a model without a name"),
        ({"data": [{"id": "\ud800"}]}, "half a surrogate pair"),
        ({"data": [{"id": "x" * 5000}]}, LISTED),
        ({"data": [{"id": "x", "aliases": 5}]}, LISTED),
        ({"data": [{"id": "x", "aliases": [[]]}]}, LISTED),
        ({"data": [{"id": "x", "owned_by": {"a": 1}}]}, LISTED),
        ({"data": [{"id": "x", "owned_by": "vllm", "root": 5}]}, LISTED),
        ({"data": [{"id": "x", "owned_by": "vllm", "max_model_len": "2048"}]}, LISTED),
        ({"data": [{"id": "x", "owned_by": "vllm", "max_model_len": -1}]}, LISTED),
        ({"data": [{"id": "x", "owned_by": "llamacpp"}]}, "HTTP 404"),
        ({"data": [{"id": "x", "owned_by": "llamacpp", "meta": 5}]}, LISTED),
        ({"data": [{"id": "x", "owned_by": "llamacpp", "meta": {"n_vocab": 10**15}}]}, LISTED),
        ({"data": [{"id": f"x{i}"} for i in range(20_000)]}, LISTED),
        ({"data": [{"id": f"x{i}"} for i in range(500)]}, "and 490 more: name one"),
    ],
)
def test_lists_of_models(content, says) -> None:
    line = refused(by_path(models=content) if content is not None else always(content))
    assert says in line


def test_a_name_among_many_is_compared_in_time() -> None:
    start = time.monotonic()
    line = refused(by_path(models={"data": [{"id": "ab" * 300 + str(i)} for i in range(5000)]}), "#" + "ba" * 400)
    assert "does not serve" in line
    assert time.monotonic() - start < 10


LLAMA = {"data": [{"id": "x.gguf", "owned_by": "llamacpp", "meta": {"n_vocab": 64}}]}


@pytest.mark.parametrize(
    ("props", "says"),
    [
        ([], "expected an object"),
        ({}, "names no vocabulary"),
        ({"eos_token": 5}, "eos_token: expected a text"),
        ({"eos_token": "</s>", "total_slots": -1}, "total_slots: -1"),
        ({"eos_token": "</s>", "total_slots": 10**9}, "total_slots"),
        ({"eos_token": "</s>", "default_generation_settings": 5}, "expected an object"),
        ({"eos_token": "</s>", "default_generation_settings": {"n_ctx": "9"}}, "n_ctx: expected an integer"),
    ],
)
def test_properties_of_llama_cpp(props, says) -> None:
    assert says in refused(by_path(models=LLAMA, props=props))


@pytest.mark.parametrize("tokens", [None, [], [64], [-1], ["1"], [True], [1.0], [[1]], [1] * 100])
def test_tokens_of_llama_cpp(tokens) -> None:
    line = refused(by_path(models=LLAMA, props={"eos_token": "</s>"}, tokenize={"tokens": tokens}))
    assert "wrong answer from /tokenize" in line


@pytest.mark.parametrize("info", [{"tokenizer_path": 5}, {"tokenizer_path": ["a"]}, {"model_path": "x" * 5000}, [1]])
def test_paths_of_sglang(info) -> None:
    listed = {"data": [{"id": "x", "owned_by": "sglang"}]}
    assert "/get_model_info" in refused(by_path(models=listed, get_model_info=info))


@pytest.mark.parametrize(
    "address", ["http://ho\x00st/v1", "http://a\nb/v1", "http://[::1/v1", "http://h:99999", "http://"]
)
def test_addresses_that_are_none(address) -> None:
    with pytest.raises(ModelError, match=r"expected http\(s\)://HOST:PORT/v1"):
        parse_place(address)


class Chat:
    """As much of a tokenizer as its identity needs."""

    chat = True

    def __init__(self, template, first) -> None:
        self.template, self.first = template, first

    def render(self, turns):
        return self.template.format(turns[0]["content"])

    def encode(self, text, *, control):
        return (self.first, len(text), control)


def test_what_identifies_a_served_model() -> None:
    """Its address does not; its names, its tokens and its chat template do."""

    def served(url="http://a", model="m", source="/models/x/m-7b", vocabulary=64):
        return Served(Place((url,), None), Vllm(model), model, 0, 0, vocabulary, "", source)

    chat = Chat("<{}>", 1)
    own = digest_of(served(), chat)
    assert digest_of(served("http://b"), chat) == own
    assert digest_of(served(source="/elsewhere/m-7b"), chat) == own
    others = [
        digest_of(served(model="n"), chat),
        digest_of(served(source="/models/x/m-8b"), chat),
        digest_of(served(vocabulary=65), chat),
        digest_of(served(), Chat("[{}]", 1)),
        digest_of(served(), Chat("<{}>", 2)),
    ]
    assert len({own, *others}) == 6


def test_names_of_one_model(monkeypatch) -> None:
    """vLLM answers by the first of the names that it was given, whichever was asked for."""

    names = {"first": "/same", "second": "/same", "other": "/else"}
    listed = {"data": [{"id": name, "owned_by": "vllm", "root": root} for name, root in names.items()]}

    class Named(vllm(Numbers(512), "/same")):
        def answer(self, content, *args, **more) -> None:
            content = {**content, "model": self.server.says} if "choices" in content else listed
            super().answer(content, *args, **more)

    with listening(Named) as url:
        client = opening.connect(parse_place(f"{url}#second"), None)
        try:
            for says, works in (("first", True), ("second", True), ("other", False)):
                monkeypatch.setattr(ThreadingHTTPServer, "says", says, raising=False)
                if works:
                    assert opening.examine(client, parse_place(f"{url}#second")).model == "second"
                    continue
                with pytest.raises(ModelError, match="it is from the model 'other', not 'second'"):
                    opening.examine(client, parse_place(f"{url}#second"))
        finally:
            client.close()


@pytest.mark.parametrize("change", [{"id": "other"}, {"root": "/other"}, {"owned_by": "sglang"}, {}])
def test_a_server_that_comes_back_with_another_model(change) -> None:
    """It answers as before, and nothing in its answers would show it."""
    entry = {"id": "tiny", "owned_by": "vllm", "root": "/model"}
    going, away = threading.Event(), threading.Event()

    class Restarted(vllm(Numbers(512), "")):
        def answer(self, content, *args, **more) -> None:
            if self.command == "GET":
                content = {"data": [entry | (change if away.is_set() else {}), {"id": "more", "owned_by": "x"}]}
            elif going.is_set():
                going.clear()
                away.set()
                self.close_connection = True
                return
            super().answer(content, *args, **more)

    with listening(Restarted) as url:
        client = opening.connect(parse_place(f"{url}#tiny"), None)
        try:
            dialect = opening.examine(client, parse_place(f"{url}#tiny")).dialect
            model = ServedModel(client, dialect, 512)
            [prefix] = model.extend([ROOT], [(5, 6, 7)])
            before = model.score([prefix], [(8, 9)])[0].tolist()
            going.set()
            if change:
                with pytest.raises(ServerGoneError, match="was away and serves another model now"):
                    model.score([prefix], [(8, 9)])
            else:
                assert model.score([prefix], [(8, 9)])[0].tolist() == before
            assert away.is_set()
        finally:
            client.close()
