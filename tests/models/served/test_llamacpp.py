"""The search on a real server: llama.cpp's, from its wheel, with the 0.5B model."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.commands import run, start
from support.common import EN, ZH, decode
from support.served import Faults, listening, proxy

from mtreason.errors import ModelError
from mtreason.models.files.embedded import EMBEDDED, is_installed
from mtreason.models.protocol import ROOT as EMPTY
from mtreason.models.protocol import Contrast, Draw
from mtreason.models.served import local, open_served
from mtreason.models.served.client import KEY_VARIABLE
from mtreason.models.served.dialects import LlamaCpp, broken_pieces
from mtreason.models.served.model import ServedModel
from mtreason.rewards import REWARDS
from mtreason.runs.settings import Settings
from mtreason.runs.translator import Translator

ALIAS = "qwen2.5-coder-0.5b"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.allow_hosts(["127.0.0.1"]),
    pytest.mark.skipif(not is_installed(EMBEDDED[1]), reason="the small embedded model is not installed"),
]

KEY = "sk-of-the-test-987"
SENTENCES = ["今天天气很好。", "你好！"]


def silent(_stage, _fraction):
    pass


@pytest.fixture(scope="module")
def server():
    path, name, _ = local.gguf_of(ALIAS, silent)
    running = local.start(path, name, key=KEY)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def opened(server):
    """Opened once: its vocabulary is asked of the server piece by piece."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, KEY)
        loaded = open_served(f"{server.url}/v1", None, silent)
    yield loaded
    loaded.close()


@pytest.fixture
def served(opened):
    """A model that holds nothing yet."""
    model = opened.model
    return replace(opened, model=ServedModel(model.client, model.dialect, model.vocabulary))


@pytest.fixture(scope="module")
def engine():
    """The same weights, converted, in this process."""
    from mtreason.models.engine.load import load_directory
    from mtreason.models.files.resolve import resolve_model

    return load_directory(resolve_model(ALIAS, silent).path, note=pytest.fail)


def translate(loaded, sentences=SENTENCES, **options):
    t = Translator(loaded, ZH, EN, Settings(**{"budget": 3} | options), terms=())
    return t, decode(t, sentences)


@pytest.mark.parametrize("reward", [name for name in REWARDS if name not in {"qe", "comet-consensus", "value"}])
def test_the_whole_search_with_every_reward(served, reward) -> None:
    """Two others ask a metric of their own, whatever translates, and one the states that no server gives."""
    t, results = translate(served, SENTENCES[:1], reward=reward)
    assert not results[0].fell_back
    best = results[0].candidates[0]
    assert np.isfinite(best.reward)
    assert set(REWARDS[reward].weights) <= set(best.parts)
    assert results[0].trace["parent"]
    assert t.model.paths.held <= {t._chat_head.id, t._bare.head.id, t._back_head.id, t._bare.unconditional.id, EMPTY.id}


@pytest.mark.parametrize(
    "options", [{"decoder": "beam"}, {"think": True, "max_thought_tokens": 24}, {"budget": 4, "reflect": True}]
)
def test_other_ways_to_decode(served, options) -> None:
    _, results = translate(served, SENTENCES[:1], **options)
    assert results[0].candidates


def test_the_server_caches_beginnings(served) -> None:
    traffic = served.model.client.traffic
    before = replace(traffic)
    translate(served)
    assert traffic.cached_tokens - before.cached_tokens > traffic.read_tokens - before.read_tokens > 0
    assert traffic.retries == before.retries


def test_tokens_are_those_of_the_library(served, engine) -> None:
    there, here = served.tokenizer, engine.tokenizer
    for text in ("今天天气很好。", "a <|im_end|> b\n", "naïve 🦊👩‍👩‍👧", " Hello,  world", "１２３"):
        tokens = there.encode(text, control=False)
        assert tokens == here.encode(text, control=False)
        assert there.decode(tokens) == here.decode(tokens) == text
    pieces = there.pieces(served.vocabulary)
    assert served.vocabulary == engine.vocabulary == len(pieces)
    specials = there.specials() | here.specials()
    own = here.pieces(engine.vocabulary)
    assert [i for i in range(len(pieces)) if i not in specials and pieces[i] != own[i]] == []
    ways = [Translator(one, ZH, EN, prompt="examples", terms=()).way for one in (served, engine)]
    assert ways[0] == ways[1]


def test_probabilities_are_near_those_of_the_engine(served, engine) -> None:
    """Not the same: here 4 and 6 bits are multiplied as they are, there they were widened and made 8 bits."""
    found = []
    for loaded in (served, engine):
        encode = loaded.tokenizer.encode
        prompt = encode("<|im_start|>user\nTranslate into Chinese: The weather is nice today.", control=True)
        prompt += encode("<|im_end|>\n<|im_start|>assistant\n", control=True)
        target = (*encode("今天天气很好。", control=False), served.tokenizer.end)
        [prefix] = loaded.model.extend([EMPTY], [prompt])
        [scores] = loaded.model.score([prefix], [target])
        found.append(scores)
    assert abs(found[0] - found[1]).mean() < 0.3
    assert found[0].mean() > -2


@pytest.mark.parametrize("guidance", [True, False])
def test_forced_tokens_score_as_one_by_one(served, guidance) -> None:
    """Both kinds of grammar; reading on, token by token, gives the same figures."""
    dialect = LlamaCpp(served.tokenizer.end, served.model.dialect.probe_token, guidance)
    if not guidance:
        dialect = replace(dialect, broken=broken_pieces(served.tokenizer.pieces(served.vocabulary)))
    model = ServedModel(served.model.client, dialect)
    encode = served.tokenizer.encode
    [prefix] = model.extend([EMPTY], [encode("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", control=True)])
    target = (*encode(" 巨水光🦊, hello!", control=False), served.tokenizer.end)
    [together] = model.score([prefix], [target])
    starts = [prefix, *model.extend([prefix] * (len(target) - 1), [target[:i] for i in range(1, len(target))])]
    singly = np.concatenate(model.score(starts, [(t,) for t in target]))
    # Its arithmetic depends on how many tokens it reads at a time.
    assert abs(together - singly).mean() < 0.15


def test_rollouts_heed_the_guard_and_what_was_tried(served) -> None:
    t = Translator(served, ZH, EN, Settings(), terms=())
    task = t.bind(t.task(0, "今天天气很好。"))
    [prompt] = t.model.extend([task.head], [task.prompt])
    [top] = t.model.top_k([prompt], task.mask, 3)
    sampling = t.model.sampling(task.mask)
    contrast = Contrast(t._bare.unconditional, 0.4)
    sampling.add(
        [
            Draw(prompt, 1, 0.0, 12),
            Draw(prompt, 2, 0.0, 12, tuple(top.tokens.tolist())),
            Draw(prompt, 3, 0.0, 12, (), contrast),
        ]
    )
    done = {}
    while sampling.rows:
        done |= dict(sampling.advance())
    plain, tried, contrasted = (done[i] for i in range(3))
    assert plain.tokens[0] == top.tokens[0]
    assert tried.tokens[0] not in top.tokens
    assert contrasted.contrast is not None
    for one in done.values():
        assert not task.mask.banned[list(one.tokens)].any()
        assert (one.log_probs <= 0).all()
        assert np.isfinite(one.top_log_probs).all()
        assert (np.diff(one.top_log_probs) <= 0).all()


def test_faults_before_a_real_server(server, monkeypatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    faults = Faults()
    with listening(proxy(server.url, faults)) as url:
        loaded = open_served(url, None, silent)
        t = Translator(loaded, ZH, EN, Settings(budget=3), terms=())
        faults.plan("cut", None, "gone", 503, "missing", None, "half JSON", "fewer", None, 429, "other JSON")
        results, retries = decode(t, SENTENCES), loaded.model.client.traffic.retries
        loaded.close()
    assert [r.index for r in results] == [0, 1]
    assert not any(r.fell_back for r in results)
    assert retries >= 6


def test_a_sentence_that_is_too_long_for_the_server(served) -> None:
    with pytest.raises(ModelError, match=r"HTTP 400 \(request \(\d+ tokens\) exceeds the available context size"):
        translate(served, ["天气" * 3000], decoder="greedy")


def test_a_wrong_key(server, monkeypatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "sk-wrong")
    with pytest.raises(ModelError, match="rejects the key in the environment variable") as error:
        open_served(server.url, None, silent)
    assert "sk-wrong" not in str(error.value)


def children(process):
    """Processes that were started by one."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True, check=False
    )
    return [int(pid) for pid in listed.stdout.split()]


def gone(pid) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.1)
    return False


def own_cache() -> Path:
    from mtreason.files import cache_dir

    return cache_dir()


def test_a_server_for_one_run(tmp_path) -> None:
    source = tmp_path / "in.txt"
    source.write_text("今天天气很好。\n", "utf-8")
    args = ["translate", source, "--from", "zh", "--to", "en", "--budget", 2, "--model", f"llamacpp:{ALIAS}"]
    code, out, err = run([*args, "--no-memory"], own_cache())
    assert code == 0, err
    assert out.decode().strip()
    assert f"model: llamacpp:{ALIAS} (served, llama.cpp)" in err


def test_serving_until_interrupted(tmp_path) -> None:
    process = start(["serve", "--model", ALIAS, "--port", 0], own_cache())
    line = b""
    while b"is served: --model http://127.0.0.1:" not in line:
        line = process.stderr.readline()
        assert line, process.wait()
    [child] = children(process)
    url = line.split(b"--model ")[1].split()[0].decode()
    code, out, _ = run(["models", "--model", url], tmp_path / "cache")
    assert code == 0
    assert b"forced decoding" in out
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"interrupted: the server has ended" in err
    assert gone(child)


def test_the_server_ends_with_its_parent_however_that_ends() -> None:
    process = start(["serve", "--model", ALIAS, "--port", 0], own_cache())
    while b"is served" not in process.stderr.readline():
        assert process.poll() is None
    [child] = children(process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    assert gone(child)


def test_no_server_survives_a_run_that_is_ended_while_it_computes(tmp_path) -> None:
    source = tmp_path / "in.txt"
    source.write_text("今天天气很好，我们去公园吧。\n" * 3 + "我们去公园吧，今天天气很好。\n", "utf-8")
    args = ["translate", source, "--from", "zh", "--to", "en", "-o", tmp_path / "out.txt", "--no-memory"]
    process = start([*args, "--model", f"llamacpp:{ALIAS}"], own_cache())
    while b"model: llamacpp" not in process.stderr.readline():
        assert process.poll() is None
    [child] = children(process)
    time.sleep(1)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert b"the same command goes on" in err
    assert gone(child)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("loads", [True, False], ids=["while it loads", "before it loads"])
def test_the_server_ends_with_its_parent(tmp_path, loads) -> None:
    """Loading holds the lock of its interpreter, so that it could not see the end of its input."""
    library = "import ctypes\nprint('loading', flush=True)\nctypes.PyDLL(None).sleep(300)\n"
    (tmp_path / "xllamacpp.py").write_text(library, "utf-8")
    child = subprocess.Popen(
        [sys.executable, "-c", local._CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    child.stdin.write(b"{}\n")
    child.stdin.flush()
    if loads:
        assert child.stdout.readline() == b"loading\n"
    child.stdin.close()
    child.wait(60)
    child.stdout.close()


def test_what_cannot_be_served(tmp_path) -> None:
    with pytest.raises(ModelError, match="llamacpp:nothing: expected an embedded model"):
        local.gguf_of("nothing", silent)
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelError, match=r"llama\.cpp's server did not start with"):
        local.start(bad, "bad")
