"""Models on servers: the same as in this process, whatever happens on the way. Stand-ins (see served.py) answer."""

import asyncio
import json
import threading
import time

import numpy as np
import pytest
from support.commands import ROOT, refused, run, run_inside, start
from support.common import EN, SENTENCES, ZH, decode, summary
from support.served import MODEL, Faults, Oracle, Quiet, closing_clients, listening, ollama, proxy, sglang, vllm

from mtreason.errors import ModelError, ServerGoneError, SettingError
from mtreason.models.protocol import ROOT as EMPTY
from mtreason.models.protocol import Capability, Contrast, Draw, TopTokens
from mtreason.models.served import client as client_module
from mtreason.models.served import open_served
from mtreason.models.served.client import KEY_VARIABLE, Client, Request, Traffic
from mtreason.models.served.dialects import Sglang, Vllm
from mtreason.models.served.model import ServedModel, allow
from mtreason.models.served.opening import Place, parse_place
from mtreason.models.served.texts import Ollama, Spelling
from mtreason.models.text import LibraryTokenizer, turn_end
from mtreason.runs.settings import Settings
from mtreason.runs.translator import Translator

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

KEY = "sk-very-secret-0123456789"


def silent(_stage, _fraction):
    pass


@pytest.fixture(autouse=True)
def _closed(monkeypatch):
    with closing_clients(monkeypatch):
        yield


@pytest.fixture(scope="module")
def oracle(loaded):
    return Oracle(loaded)


@pytest.fixture(scope="module")
def vllm_url(oracle, tiny_model):
    with listening(vllm(oracle, tiny_model)) as url:
        yield url


@pytest.fixture(scope="module")
def sglang_url(oracle, tiny_model):
    with listening(sglang(oracle, tiny_model)) as url:
        yield url


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def broken(vllm_url, faults):
    """The address of a proxy before the stand-in for vLLM."""
    with listening(proxy(vllm_url, faults)) as url:
        yield url


@pytest.fixture(params=["vllm", "sglang"])
def exact(request, vllm_url, sglang_url):
    """A served model whose server gives the whole vocabulary as alternatives."""
    url, dialect = {
        "vllm": (vllm_url, Vllm(MODEL, alternatives=512)),
        "sglang": (sglang_url, Sglang(alternatives=512)),
    }[request.param]
    client = Client([url], None, limit=4)
    yield ServedModel(client, dialect)
    client.close()


def guard_of(loaded):
    return Translator(loaded, ZH, EN, Settings(), terms=()).mask


def prompts(model, loaded):
    texts = ["Translate: 今天天气很好。", "The weather is", "鞋"]
    return model.extend([EMPTY] * 3, [loaded.tokenizer.encode(text, control=False) for text in texts])


# The same as in this process.


def test_scores_are_those_of_the_engine(exact, loaded) -> None:
    targets = [(40, 41, 42), (7,), tuple(range(60, 80))]
    here = loaded.model.score(prompts(loaded.model, loaded), targets)
    there = exact.score(prompts(exact, loaded), targets)
    for a, b in zip(here, there, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-3)


def test_alternatives_are_those_of_the_engine(exact, loaded) -> None:
    mask = guard_of(loaded)
    here = loaded.model.top_k(prompts(loaded.model, loaded), mask, 20)
    there = exact.top_k(prompts(exact, loaded), mask, 20)
    for a, b in zip(here, there, strict=True):
        np.testing.assert_allclose(a.log_probs, b.log_probs, atol=2e-3)
        assert a.tokens[:3].tolist() == b.tokens[:3].tolist()
    before = exact.client.traffic.requests
    exact.top_k(prompts(exact, loaded), mask, 5)
    assert exact.client.traffic.requests == before, "known places are asked for once"


@pytest.mark.parametrize("contrast", [None, 0.2, 0.6])
@pytest.mark.parametrize("tried", [0, 1, 4])
def test_rollouts_are_those_of_the_engine(exact, loaded, contrast, tried) -> None:
    """Greedy ones, with tokens that may not come first, and contrasted: token for token, number for number."""
    mask = guard_of(loaded)
    results = []
    for model in (loaded.model, exact):
        starts = prompts(model, loaded)
        other = None if contrast is None else Contrast(starts[1], contrast)
        firsts = model.top_k(starts, mask, tried) if tried else []
        banned = [tuple(one.tokens.tolist()) for one in firsts] or [()] * 3
        draws = [Draw(p, i, 0.0, 12, banned[i], other) for i, p in enumerate(starts)]
        sampling = model.sampling(mask)
        sampling.add(draws)
        done = {}
        while sampling.rows:
            done |= dict(sampling.advance())
        results.append([done[i] for i in range(3)])
    for here, there in zip(*results, strict=True):
        assert here.tokens == there.tokens
        assert here.finished == there.finished
        np.testing.assert_allclose(here.log_probs, there.log_probs, atol=3e-3)
        np.testing.assert_allclose(here.top_log_probs, there.top_log_probs, atol=3e-3)
        assert exact.paths[there.prefix][-len(there.tokens) + 1 :] == there.tokens[:-1] or len(there.tokens) == 1
        assert (there.contrast is None) == (contrast is None)
        assert not mask.banned[list(there.tokens)].any()


def test_samples_of_one_prompt_are_one_request(exact, loaded) -> None:
    mask = guard_of(loaded)
    [start_, *_] = prompts(exact, loaded)
    sampling = exact.sampling(mask)
    before = exact.client.traffic.requests
    sampling.add([Draw(start_, seed, 0.7, 6) for seed in range(4)])
    done = {}
    while sampling.rows:
        done |= dict(sampling.advance())
    assert sorted(done) == [0, 1, 2, 3]
    assert len({one.tokens for one in done.values()}) > 1
    own = exact.client.traffic.requests - before
    assert own == (5 if exact.dialect.log_probs_at_temperature else 1), (
        "what is drawn with the temperature in it is read once more"
    )
    for one in done.values():
        [scored] = loaded.model.score(prompts(loaded.model, loaded)[:1], [one.tokens])
        # Over the tokens that the mask allows, so never below.
        assert (one.log_probs >= scored - 2e-3).all()


def test_allowed_tokens_share_the_mass_of_banned_ones(loaded) -> None:
    mask = guard_of(loaded)
    banned, free = int(np.flatnonzero(mask.banned)[0]), np.flatnonzero(~mask.banned)[:2]
    top = TopTokens(np.array([banned, *free]), np.log([0.5, 0.3, 0.1]))
    allowed = allow(top, mask)
    assert allowed.tokens.tolist() == free.tolist()
    np.testing.assert_allclose(np.exp(allowed.log_probs), [0.6, 0.2])


@pytest.mark.parametrize("decoder", ["greedy", "best-of-n", "mbr", "mcts", "beam"])
def test_every_decoder_runs_unchanged(vllm_url, decoder) -> None:
    served = open_served(vllm_url + "/v1", None, silent)
    t = Translator(served, ZH, EN, Settings(decoder=decoder, budget=2), terms=())
    results = decode(t, SENTENCES[:2])
    assert [r.index for r in results] == [0, 1]
    assert all(r.candidates for r in results)
    shared = {t._chat_head.id, t._bare.head.id, t._back_head.id, t._bare.unconditional.id, EMPTY.id}
    assert served.model.paths.held <= shared, "all handles are given back"
    served.close()


# Ollama, where prompts are text.


def test_a_server_that_takes_text(oracle, loaded, tiny_model, vllm_url) -> None:
    """What travels as text becomes the same tokens there, and what is drawn is what a server of tokens draws."""
    tokenizer = LibraryTokenizer(loaded.tokenizer.library, turn_end(loaded.tokenizer))
    with listening(ollama(oracle, tokenizer)) as url:
        served = open_served(url, str(tiny_model), silent)
        assert served.lacks == {Capability.PROMPT_LOG_PROBS, Capability.HIDDEN_STATES}
        t = Translator(served, ZH, EN, Settings(decoder="mcts", reward="consensus", budget=3), terms=())
        results = decode(t, SENTENCES)
        assert all(r.candidates for r in results)
        tokens = open_served(vllm_url + "/v1", None, silent)
        there = Translator(tokens, ZH, EN, Settings(decoder="greedy"), terms=())
        # Half a character cannot travel as text, so that its tokens are others there.
        whole = {own.index: own.text for own in decode(there, SENTENCES) if "\ufffd" not in own.candidates[0].text}
        assert whole
        for index, text in whole.items():
            assert text in {c.text for c in results[index].candidates}
        tokens.close()
        with pytest.raises(SettingError, match="`reward` mix needs prompt log-probabilities"):
            Translator(served, ZH, EN, Settings(), terms=())
        served.close()
        with pytest.raises(ModelError, match="Ollama tells no tokenizer of tiny:latest"):
            open_served(url, None, silent)


def test_text_that_becomes_other_tokens_is_not_sent(loaded) -> None:
    spelling = Spelling(loaded.tokenizer, loaded.vocabulary)
    whole = loaded.tokenizer.encode("The weather is nice today", control=False)
    assert spelling.text(whole) == "The weather is nice today"
    letters = tuple(t for c in "weather" for t in loaded.tokenizer.encode(c, control=False))
    assert len(letters) == 7
    assert spelling.text(letters) is None
    asked = []

    class Client:
        def __init__(self) -> None:
            self.traffic = Traffic()

        async def ask(self, *args) -> None:
            asked.append(args)

    model = ServedModel(Client(), Ollama("tiny", spelling))
    [prefix] = model.extend([EMPTY], [letters])
    row = model.row(Draw(prefix, 1, 0.0, 5))
    asyncio.run(model.draw_on(row, guard_of(loaded)))
    continuation = model.continuation(row)
    assert asked == []
    assert not continuation.finished, "it is not chosen"


# Faults: nothing lost, nothing doubled, in bounded time.


def through(url, read_seconds=None, patience=None, **options):
    """Translate through an address with a client that is quick to judge."""
    served = open_served(url + "/v1", None, silent)
    model = served.model
    model.client.patience = model.client.patience if patience is None else patience
    if read_seconds is not None:
        model.client._read_seconds = read_seconds
        model.client.widen(16)
    t = Translator(served, ZH, EN, Settings(**{"decoder": "best-of-n", "budget": 3} | options), terms=())
    start_ = time.monotonic()
    try:
        return summary(decode(t, SENTENCES[:3])), model.client.traffic, time.monotonic() - start_
    finally:
        model.close()


FAULTS = ["gone", 429, 500, 502, 503, 504, "cut", "half JSON", "other JSON", "missing"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_middle_changes_nothing(vllm_url, broken, faults, fault) -> None:
    expected, quiet, _ = through(vllm_url, reward="likelihood")
    # The first ones, two of one request, and then now and then.
    opened = through(broken, reward="likelihood")[1].requests
    assert opened == quiet.requests
    faults.plan(*[None] * 7, fault, fault, None, fault, None, None, fault)
    found, traffic, seconds = through(broken, reward="likelihood")
    assert faults.met.count(fault) >= 2
    assert found == expected
    assert traffic.retries == len(faults.met)
    assert traffic.requests == quiet.requests + len(faults.met)
    assert seconds < 30


def test_a_slow_server_is_asked_again(vllm_url, broken, faults) -> None:
    expected, _, _ = through(vllm_url, reward="likelihood")
    faults.plan(*[None] * 7, "slow")
    found, traffic, seconds = through(broken, read_seconds=1.0, reward="likelihood")
    assert found == expected
    assert traffic.retries >= 1
    assert seconds < 30


def test_fewer_than_were_asked_for(broken, faults) -> None:
    faults.plan(*[None] * 7, *["fewer"] * 40)
    results, _, _ = through(broken, reward="likelihood")
    assert faults.met
    assert [sum(count for _, _, count in candidates) for _, candidates, _ in results] >= [2, 2, 2]


def test_a_server_that_comes_back(vllm_url, broken, faults) -> None:
    expected, _, _ = through(vllm_url, reward="likelihood")
    faults.plan(*["gone"] * 0)

    def restart() -> None:
        time.sleep(0.2)
        faults.dead.set()
        time.sleep(1.5)
        faults.dead.clear()

    thread = threading.Thread(target=restart)
    thread.start()
    for _ in range(3):
        found, _, _ = through_patiently(broken)
        assert found == expected
    thread.join()


def through_patiently(url):
    """Opening waits for nobody, so it is tried again; the run itself waits."""
    for _ in range(50):
        try:
            return through(url, reward="likelihood")
        except ModelError:
            time.sleep(0.1)
    raise AssertionError("the proxy never came back")


def test_a_server_that_does_not_come_back(broken, faults) -> None:
    served = open_served(broken + "/v1", None, silent)
    served.model.client.patience = 1.0
    t = Translator(served, ZH, EN, Settings(decoder="greedy"), terms=())
    faults.dead.set()
    start_ = time.monotonic()
    with pytest.raises(ServerGoneError, match="the connection was cut: is the server running"):
        decode(t, SENTENCES[:3])
    assert time.monotonic() - start_ < 15
    served.close()


def test_an_answer_that_is_always_wrong_ends_the_run(broken, faults, monkeypatch) -> None:
    monkeypatch.setattr(client_module, "MOST_WAIT", 0.2)
    served = open_served(broken + "/v1", None, silent)
    t = Translator(served, ZH, EN, Settings(decoder="greedy"), terms=())
    faults.plan(*["missing"] * 100)
    with pytest.raises(ServerGoneError, match=r"wrong answer from /v1/completions \(a log-probability is missing"):
        decode(t, SENTENCES[:1])
    assert len(faults.met) == client_module.TRIES
    served.close()


def test_load_is_spread_and_one_address_may_fail(oracle, tiny_model, vllm_url, faults) -> None:
    expected, _, _ = through(vllm_url, reward="likelihood")
    with listening(vllm(oracle, tiny_model)) as other, listening(proxy(vllm_url, faults)) as first:
        found, traffic, _ = through(f"{first}/v1,{other}", reward="likelihood")
        assert found == expected
        assert min(traffic.per_address[first], traffic.per_address[other]) > 5
        faults.plan(*["gone"] * 100)
        found, traffic, seconds = through_both(first, other, faults)
        assert found == expected
        assert seconds < 30


def through_both(first, other, faults):
    waiting = faults.waiting
    faults.plan()
    served = open_served(f"{first}/v1,{other}/v1", None, silent)
    t = Translator(served, ZH, EN, Settings(decoder="best-of-n", budget=3, reward="likelihood"), terms=())
    client = served.model.client
    faults.plan(*waiting)
    start_ = time.monotonic()
    results = summary(decode(t, SENTENCES[:3]))
    served.close()
    return results, client.traffic, time.monotonic() - start_


def test_requests_in_flight_are_bounded() -> None:
    live, most, lock = 0, 0, threading.Lock()

    class Counting(Quiet):
        def do_GET(self) -> None:
            nonlocal live, most
            with lock:
                live += 1
                most = max(most, live)
            time.sleep(0.05)
            with lock:
                live -= 1
            self.answer({"n": 1})

    with listening(Counting) as url:
        client = Client([url], None, limit=3)
        futures = [client.begin(client.ask(Request("/x"), lambda got: got["n"])) for _ in range(12)]
        assert [f.result(10) for f in futures] == [1] * 12
        client.close()
    assert most == 3


def test_retry_after_is_honoured() -> None:
    times = []

    class Busy(Quiet):
        def do_GET(self) -> None:
            times.append(time.monotonic())
            if len(times) == 1:
                self.answer({"error": "busy"}, 429, Retry_After="1")
            else:
                self.answer({"n": 1})

    with listening(Busy) as url:
        client = Client([url], None, limit=1)
        assert client.begin(client.ask(Request("/x"), lambda got: got["n"])).result(10) == 1
        client.close()
    assert 0.95 < times[1] - times[0] < 3


# The command.


def test_a_run_that_loses_its_server_goes_on_where_it_was(tmp_path, broken, faults, monkeypatch, capfd) -> None:
    source, out, cache = tmp_path / "in.txt", tmp_path / "out.txt", tmp_path / "cache"
    source.write_text("".join(f"{s}\n" for s in SENTENCES), "utf-8")
    args = ["translate", source, "--from", "zh", "--to", "en", "--decoder", "greedy", "--no-glossary", "--in-flight", 1]
    args += ["--model", f"{broken}/v1", "-o", out, "--no-memory"]
    monkeypatch.setenv("MTREASON_CACHE", str(cache))
    monkeypatch.setattr(client_module, "PATIENCE", 0.5)
    plan = [None] * 8  # the server is examined, then some sentences
    faults.plan(*plan, *["gone"] * 1000)
    code, _, err = run_inside(args, monkeypatch, capfd)
    last = err.splitlines()[-1]
    assert code == 3, err
    assert "is the server running" in last
    assert "finished segments are kept in" in last
    assert "the same command goes on" in last
    assert not out.exists()
    kept = int(last.split(" finished segments")[0].rsplit(" ", 1)[1])
    assert 0 < kept < len(SENTENCES)
    faults.plan()
    code, _, err = run(args, cache)
    assert f"{kept} segments are finished already: going on" in err
    assert code in {0, 3}
    whole = tmp_path / "whole.txt"
    run([*args[:-3], "-o", whole, "--no-memory"], cache)
    assert out.read_text("utf-8") == whole.read_text("utf-8")
    assert len(out.read_text("utf-8").splitlines()) == len(SENTENCES)


def test_an_interrupt_keeps_what_is_done(tmp_path, vllm_url) -> None:
    import signal

    source = tmp_path / "in.txt"
    source.write_text("".join(f"{s}{i}。\n" for i in range(40) for s in SENTENCES), "utf-8")
    args = ["translate", source, "--from", "zh", "--to", "en", "--model", vllm_url, "-o", tmp_path / "out.txt"]
    process = start([*args, "--budget", 2], tmp_path / "cache")
    journal = tmp_path / ".out.txt.mtreason"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not any(p.stat().st_size for p in tmp_path.glob(".out.txt*")):
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err.decode()
    assert b"finished segments are kept in" in err, journal


def test_the_key_is_sent_and_never_shown(tmp_path, broken, faults, monkeypatch, capfd) -> None:
    source, trace = tmp_path / "in.txt", tmp_path / "trace.jsonl"
    source.write_text("你好\n", "utf-8")
    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    args = ["translate", source, "--from", "zh", "--to", "en", "--model", broken, "--budget", 1, "--trace", trace]
    code, out, err = run_inside(args, monkeypatch, capfd)
    assert code in {0, 3}, err
    assert set(faults.authorization) == {f"Bearer {KEY}"}
    written = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert KEY not in out + err
    assert KEY.encode() not in written


# What cannot be used, in one line each.


class Says(Quiet):
    """Answers everything alike."""

    status, content, kind = 200, b"{}", "application/json"

    def do_GET(self) -> None:
        self.answer(self.content, self.status, self.kind)

    def do_POST(self) -> None:
        self.body()
        self.do_GET()


class ChatOnly(Says):
    def do_GET(self) -> None:
        self.answer({"data": [{"id": "gpt", "owned_by": "someone"}]})

    def do_POST(self) -> None:
        self.body()
        self.answer({"error": {"message": "Not Found"}}, 404)


class OldOllama(Says):
    def do_GET(self) -> None:
        models = {"data": [{"id": "q", "owned_by": "library"}]}
        self.answer({"version": "0.11.0"} if "version" in self.path else models)

    def do_POST(self) -> None:
        self.body()
        self.answer({"response": "hm", "done": True, "done_reason": "length"})


def says(status=200, content=b"{}", kind="application/json"):
    return type("Own", (Says,), {"status": status, "content": content, "kind": kind})


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        (says(content=b"<html>", kind="text/html; charset=utf-8"), "answers with an HTML page: name the address of"),
        (says(content=b"hello", kind="text/plain"), r"an answer that is not JSON \(text/plain\)"),
        (says(content=b'{"data": 1}'), "answers GET /v1/models with something else"),
        (says(status=404), r"has no list of models \(GET /v1/models\)"),
        (says(status=401), f"wants a key: put it into the environment variable {KEY_VARIABLE}"),
        (says(status=302, content=b""), "HTTP 302"),
        (says(status=500), "HTTP 500"),
        (says(content=b'{"data": []}'), "serves nothing: name one"),
        (ChatOnly, r"has no completions, only chats \(POST /v1/completions: HTTP 404\)"),
        (OldOllama, "Ollama tells log-probabilities from its version 0.12.11 on"),
    ],
)
def test_servers_that_are_none(handler, message, monkeypatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with listening(handler) as url, pytest.raises(ModelError, match=message) as error:
        open_served(url, None, silent)
    assert "\n" not in str(error.value)


def test_a_rejected_key_is_not_repeated(monkeypatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    content = json.dumps({"error": {"message": f"bad key {KEY}"}}).encode()
    for status, message in ((401, "rejects the key in the environment variable"), (418, "HTTP 418 .bad key …")):
        with listening(says(status=status, content=content)) as url, pytest.raises(ModelError, match=message) as error:
            open_served(url, None, silent)
        assert KEY not in str(error.value)


def test_nobody_there(tmp_path) -> None:
    with listening(Quiet) as url:
        pass
    source = tmp_path / "in.txt"
    source.write_text("你好\n", "utf-8")
    code, out, err = run(["translate", source, "--from", "zh", "--to", "en", "--model", url], tmp_path / "cache")
    assert (code, out) == (2, b"")
    assert (
        err.splitlines()[-1] == f"mtreason: {url}: cannot be reached: is the server running, and is this its address?"
    )


def test_tls_that_fails(vllm_url) -> None:
    with pytest.raises(ModelError, match=r"TLS failed \(.+\): check the address and its certificate"):
        open_served(vllm_url.replace("http:", "https:"), None, silent)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://", "expected http"),
        ("http://host:port/v1", "expected http"),
        ("http://a/v1,ftp://b", "expected http"),
        (f"http://me:{KEY}@host/v1", f"a key belongs into {KEY_VARIABLE}, not on the line"),
        (f"http://host/v1?key={KEY}", f"a key belongs into {KEY_VARIABLE}, not on the line"),
        ("http://a#x,http://b#y", "two models are named"),
    ],
)
def test_addresses_that_are_none(address, message) -> None:
    with pytest.raises(ModelError, match=message) as error:
        parse_place(address)
    assert KEY not in str(error.value)


def test_addresses() -> None:
    assert parse_place("http://h:1/v1#m") == Place(("http://h:1",), "m")
    assert parse_place("HTTP://h/base/v1/, https://g") == Place(("http://h/base", "https://g"), None)


def test_a_model_that_is_not_served(vllm_url) -> None:
    with pytest.raises(ModelError, match=r"does not serve 'tina', did you mean 'tiny'\? \(it serves tiny\)"):
        open_served(f"{vllm_url}/v1#tina", None, silent)


def test_a_tokenizer_that_is_not_there(oracle, tmp_path) -> None:
    with listening(vllm(oracle, tmp_path / "nowhere")) as url:
        with pytest.raises(ModelError, match=r"no tokenizer for tiny, .+: name the model's directory or hub id with"):
            open_served(url, None, silent)
        with pytest.raises(ModelError, match="no tokenizer for tiny"):
            open_served(url, str(tmp_path), silent)


def test_what_the_server_cannot_do_is_refused(oracle, tiny_model, tmp_path) -> None:
    class NoPromptLogProbs(vllm(oracle, tiny_model)):
        def choice(self, index, prompt, asked, sampling):
            return super().choice(index, prompt, asked, sampling) | {"prompt_logprobs": None}

    source = tmp_path / "in.txt"
    source.write_text("你好\n", "utf-8")
    with listening(NoPromptLogProbs) as url:
        served = open_served(url, None, silent)
        for reward in ("mix", "channel", "two-way", "llama-o1"):
            with pytest.raises(
                SettingError, match=f"`reward` {reward} needs prompt log-probabilities, which this server"
            ):
                Translator(served, ZH, EN, Settings(reward=reward), terms=())
        with pytest.raises(SettingError, match="`reflect` needs prompt log-probabilities"):
            Translator(served, ZH, EN, Settings(reward="consensus", reflect=True), terms=())
        t = Translator(served, ZH, EN, Settings(reward="consensus", budget=2), terms=())
        assert decode(t, SENTENCES[:1])[0].candidates
        served.close()
        code, out, _ = run(["models", "--model", url], tmp_path / "cache")
    assert code == 0
    assert "all but channel, terms, llama-o1" in out.decode()


def test_what_models_shows(vllm_url, tmp_path) -> None:
    code, out, err = run(["models", "--model", f"{vllm_url}/v1"], tmp_path / "cache")
    assert (code, err) == (0, "")
    shown = dict(
        line.split(None, 1) for line in out.decode().splitlines() if line.startswith(("server", "model", "seed"))
    )
    assert {k: v.strip() for k, v in shown.items()} == {"server": "vLLM", "model": MODEL, "seed": "yes"}
    refused(["models", "--model", "tiny"], tmp_path / "cache", "expected the address of a server")


def test_a_tokenizer_without_a_server(tmp_path, tiny_model) -> None:
    source = tmp_path / "in.txt"
    source.write_text("你好\n", "utf-8")
    args = ["translate", source, "--from", "zh", "--to", "en", "--model", tiny_model, "--tokenizer", tiny_model, "-q"]
    refused(args, tmp_path / "cache", "--tokenizer is for a model on a server")


def test_no_torch_is_needed_for_a_server() -> None:
    import subprocess
    import sys

    code = "import sys, mtreason.models.served.opening, mtreason.models.served.local; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT)}, check=True)


def test_the_benchmark_runs_on_a_server(vllm_url, tmp_path) -> None:
    segments = (ROOT / "benchmarks" / "segments.jsonl").read_text("utf-8").splitlines()[:2]
    (tmp_path / "segments.jsonl").write_text("\n".join(segments) + "\n", "utf-8")
    args = ["bench", "run", "--data", tmp_path / "segments.jsonl", "--systems", "greedy,best-of-n:mix", "--budgets", 2]
    args += ["--model", vllm_url, "--no-glossary", "-o", tmp_path / "results"]
    code, _, err = run(args, tmp_path / "cache")
    assert code == 0, err
    lines = (tmp_path / "results" / "results.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == 4
    assert {json.loads(line)["system"] for line in lines} == {"greedy", "best-of-n:mix"}


def test_a_repository_is_translated_by_a_server(vllm_url, tmp_path) -> None:
    (tmp_path / "a.txt").write_text("今天天气很好。\n", "utf-8")
    config = ['source = "zh"', 'targets = ["en"]', 'files = ["*.txt"]', 'output = "i18n/{lang}/{path}"', "budget = 1"]
    (tmp_path / "mtreason.toml").write_text("\n".join([*config, f'model = "{vllm_url}/v1"']) + "\n", "utf-8")
    process = start(["batch"], tmp_path / "cache", cwd=tmp_path)
    _, err = process.communicate(timeout=120)
    assert process.returncode in {0, 3}, err.decode()
    assert (tmp_path / "i18n" / "en" / "a.txt").is_file()
