"""Servers that are broken, of another kind, or hostile: each fault is a real answer over a real connection.

    PYTHONPATH=tests python tests/attack/servers.py [NAME ...]

runs each of them once in the middle of some requests, and then again and again, and prints what was said of it.
"""

import copy
import gzip
import json
import sys
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import formatdate

import numpy as np
from support.scripted_served import put_at, removed
from support.served import MODEL, Oracle, listening, vllm

from mtreason.errors import MtreasonError
from mtreason.models.protocol import ROOT, Draw, TokenMask
from mtreason.models.served import client as client_module
from mtreason.models.served.client import Client
from mtreason.models.served.dialects import Vllm
from mtreason.models.served.model import ServedModel

SIZE = 64
ROOM = 4
PROMPT, TARGET = (5, 6, 7, 8), (9, 10, 11)
SECONDS = 1.0
"""For one whole answer; the ordinary ones take a hundredth of it."""
LIMIT = 8.0
"""No fault may take longer, over all tries."""
KEY = "sk-attack-0123456789abcdef"
BOMB = gzip.compress(bytes(1 << 28), 9)
"""A quarter of a gigabyte in a quarter of a megabyte."""

DRAW, READ = "draw", "read"


@dataclass(frozen=True)
class Fault:
    name: str
    reply: Callable
    """Called with the handler and the right answer; may return another answer."""
    says: str
    """A regular expression for the line that tells of it."""
    passes: bool = True
    """Whether one such answer is asked for again; otherwise the run ends at once, as nothing will change."""
    asked: str = DRAW


class Numbers(Oracle):
    """A model of nothing: a distribution for every beginning, always the same one."""

    def __init__(self, size=SIZE) -> None:
        self.size = size

    def log_probs(self, tokens):
        logits = np.random.default_rng([len(tokens), *tokens]).normal(0, 3, self.size)
        return logits - np.logaddexp.reduce(logits)


# Ways to answer.


def state(status, content=None, **headers):
    said = {"error": {"message": f"no, not with {KEY}"}} if content is None else content
    return lambda handler, _right: handler.answer_as_it_is(said, status, **headers)


def body(data, **headers):
    return lambda handler, _right: handler.answer_as_it_is(data, **headers)


def wire(data, *, more=b"", every=0.05):
    """Bytes instead of an answer, and then `more` again and again."""

    def reply(handler, _right):
        handler.close_connection = True
        handler.wfile.write(data)
        while more:
            time.sleep(every)
            handler.wfile.write(more)

    return reply


def silence(handler, _right):
    handler.close_connection = True
    handler.rfile.read(1)  # until the client has left


def reset(handler, _right):
    import socket
    import struct

    handler.close_connection = True
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    handler.connection.close()


def cut(handler, right):
    data = json.dumps(right).encode()
    wire(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data) + data[: len(data) // 2])(handler, right)


def short(handler, right):
    data = json.dumps(right).encode()
    wire(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(data) // 2) + data)(handler, right)


def packed(data):
    return body(data, Content_Encoding="gzip")


def changed(change):
    """The right answer, but for one thing."""

    def reply(handler, right):
        other = copy.deepcopy(right)
        found = change(other)
        handler.answer_as_it_is(other if found is None else found)

    return reply


def put(path, value):
    """Put a value at a place; see `put_at`."""
    return changed(lambda right: put_at(right, path, value))


CHOICE = ("choices", 0)
LOGPROBS = (*CHOICE, "logprobs")
OWN, TOKENS, TOPS = ((*LOGPROBS, name) for name in ("token_logprobs", "tokens", "top_logprobs"))
GIVEN = (*CHOICE, "prompt_logprobs")
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNK = b"40000\r\n" + b" " * (1 << 18) + b"\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


ELSEWHERE, LEADS = f"http://elsewhere.invalid/v1?x={KEY}", "leads to http://elsewhere.invalid: name"
USED = ("usage", "prompt_tokens")


def twice(place):
    """The same token under another name of its number."""
    return {**place, **{f"token_id:0{name.removeprefix('token_id:')}": v for name, v in place.items()}}


def shifted(places):
    """Whole columns of figures, each of the token beside it."""
    return [*places[1:], *places[:1]]


def raw_text(text):
    return lambda handler, right: handler.answer_as_it_is(text(json.dumps(right)).encode("utf-8", "surrogatepass"))


def far_future():
    return formatdate(time.time() + 4e9, usegmt=True)


FAULTS = [
    # The connection.
    Fault("hangs up without a word", wire(b""), "the connection was cut"),
    Fault("resets the connection in the middle", reset, "the connection was cut"),
    Fault("ends in the middle of its head", wire(b"HTTP/1.1 200 OK\r\nConte"), "the connection was cut"),
    Fault("ends in the middle of its body", cut, "the connection was cut"),
    Fault("names a length that is too short", short, "not JSON"),
    Fault("says nothing", silence, "no answer in time"),
    Fault("drips its head", wire(b"HTTP/1.1 200 OK\r\nX: ", more=b"x"), "no answer in time"),
    Fault("drips its body", wire(OK + b"Content-Length: 9999\r\n\r\n", more=b" "), "did not end in time"),
    Fault("drips chunks", wire(CHUNKED, more=b"1\r\n \r\n"), "did not end in time"),
    Fault("goes on with 100 for ever", wire(b"", more=b"HTTP/1.1 100 Continue\r\n\r\n"), "no answer in time"),
    Fault("is no HTTP server", wire(b"SSH-2.0-OpenSSH_9.6\r\n"), "not HTTP|cut"),
    Fault("speaks HTTP/2", wire(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18)), "not HTTP"),
    Fault("sends a TLS alert", wire(b"\x15\x03\x01\x00\x02\x02\x28"), "not HTTP"),
    Fault("has a state that is no number", wire(b"HTTP/1.1 OK 200\r\n\r\n"), "not HTTP"),
    Fault("has a head of a megabyte", wire(b"HTTP/1.1 200 OK\r\nX: " + b"x" * (1 << 20)), "not HTTP|cut"),
    Fault("has two lengths", wire(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"), "not HTTP"),
    Fault("has a negative length", wire(OK + b"Content-Length: -2\r\n\r\n{}"), "not HTTP"),
    Fault("has a chunk of no size", wire(CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"), "not HTTP"),
    Fault("has a length of 30 digits", wire(OK + b"Content-Length: " + b"9" * 18 + b"\r\n\r\n{}"), "more than"),
    Fault("never stops", wire(OK + b"\r\n", more=b" " * (1 << 18), every=0), "more than"),
    Fault(
        "never stops its chunks", wire(CHUNKED, more=b"40000\r\n" + b" " * (1 << 18) + b"\r\n", every=0), "more than"
    ),
    Fault("packs a bomb", packed(BOMB), "more than"),
    Fault("packs badly", packed(b"\x1f\x8b" + bytes(50)), "compressed answer that is damaged"),
    Fault("packs half", lambda h, r: packed(gzip.compress(json.dumps(r).encode())[:-9])(h, r), "is damaged"),
    Fault("packs twice", lambda h, r: packed(gzip.compress(json.dumps(r).encode()) * 2)(h, r), "is damaged"),
    Fault("does not pack", packed(b"{}"), "compressed answer that is damaged"),
    Fault("packs as nobody asked for", body(b"{}", Content_Encoding="br"), r"not asked for \(br\)"),
    # HTTP states.
    Fault("204", wire(b"HTTP/1.1 204 No Content\r\n\r\n"), "HTTP 204", passes=False),
    Fault("206", state(206, {}), "HTTP 206", passes=False),
    Fault("101", wire(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), "HTTP 101|cut"),
    *(Fault(f"{s} to elsewhere", state(s, b"", Location=ELSEWHERE), LEADS, passes=False) for s in (301, 302, 307, 308)),
    Fault("302 to nowhere", state(302, b"", Location="http://[::1"), "leads elsewhere, to no usable address"),
    Fault("304", wire(b"HTTP/1.1 304 Not Modified\r\n\r\n"), "HTTP 304", passes=False),
    Fault("401", state(401), "rejects the key in the environment variable MTREASON_API_KEY", passes=False),
    Fault("403", state(403), "rejects the key", passes=False),
    *(
        Fault(str(s), state(s), rf"HTTP {s} \(no, not with …\)", passes=False)
        for s in (400, 402, 404, 405, 413, 418, 422)
    ),
    Fault("407", state(407), "the proxy in the environment wants a login", passes=False),
    Fault("a refusal that never ends", wire(b"HTTP/1.1 400 No\r\n\r\n", more=b"x" * 9999, every=0), "HTTP 400", False),
    Fault("a refusal of half a pair", state(400, {"error": "\ud800"}), "HTTP 400", passes=False),
    Fault("a refusal in a list", state(400, [[[{"error": 1}]]]), "HTTP 400", passes=False),
    *(Fault(str(s), state(s), f"HTTP {s}") for s in (408, 425, 429, 500, 501, 502, 503, 504, 520, 529, 599)),
    *(
        Fault(f"429 with Retry-After: {value[:20]}", state(429, Retry_After=value), "HTTP 429")
        for value in ("0", "-5", "soon", "NaN", "1e999", "9" * 400, "0.1, 0.2", formatdate(0, usegmt=True))
    ),
    # What is not JSON.
    Fault("nothing", body(b""), r"not JSON \(application/json\), it is empty"),
    Fault("a web page", body(b"<!DOCTYPE html><p>Log in", kind="text/html"), "HTML page", passes=False),
    Fault("half JSON", raw_text(lambda text: text[: len(text) // 2]), "not JSON"),
    Fault("JSON and more", raw_text(lambda text: text + text), "not JSON"),
    Fault("no UTF-8", body(b'{"choices": "\xff\xfe"}'), "not JSON .*not UTF-8"),
    Fault("UTF-16", body('{"choices": []}'.encode("utf-16")), "not JSON .*not UTF-8"),
    Fault("nested deeply", body(b"[" * 100_000), "not JSON .*nested too deeply"),
    Fault("objects nested deeply", body(b'{"choices":' * 100_000), "not JSON .*nested too deeply"),
    Fault("a number of 5,000 digits", body(b'{"choices": ' + b"9" * 5000 + b"}"), "not JSON .*too many digits"),
    *(
        Fault(f"only {text}", body(text.encode()), "wrong answer")
        for text in ("null", "[]", "[1]", "{}", '"{}"', "3", "true", "NaN", '{"choices": NaN}')
    ),
    # JSON that answers nothing.
    Fault("no choices", put(("choices",), removed), "wrong answer"),
    Fault("choices: null", put(("choices",), None), "choices: expected a list"),
    Fault("choices: {}", put(("choices",), {}), "choices: expected a list, found an object"),
    Fault("no choice", put(("choices",), []), "0 continuations, 1 were asked for"),
    Fault("a choice more", put(("choices",), lambda c: c * 2), "2 entries, at most 1"),
    Fault("100,000 choices", put(("choices",), lambda _: [0] * 100_000), "100000 entries, at most 1"),
    *(
        Fault(f"index: {value!r}", put((*CHOICE, "index"), value), "wrong answer .*index")
        for value in (1, -1, "0", 0.0, True, None, 1 << 70)
    ),
    Fault("no log-probabilities", put(LOGPROBS, None), "logprobs: expected an object"),
    Fault("tokens without numbers", put((*TOKENS, 0), " the"), "tokens without their numbers"),
    *(
        Fault(f"token {value}", put((*TOKENS, 0), f"token_id:{value}"), "wrong answer .*token")
        for value in (SIZE, 999_999_999, "-1", "1_0", "٣", " 1", "1.0", "9" * 5000, "0x1", "")
    ),
    Fault("a token that is none", put((*TOKENS, 0), 7), "wrong answer"),
    Fault("no tokens", put(LOGPROBS, {"tokens": [], "token_logprobs": [], "top_logprobs": []}), "0 tokens"),
    Fault("more tokens than asked", put(LOGPROBS, lambda p: {k: v * 9 for k, v in p.items()}), "at most 4 were asked"),
    Fault("fewer figures than tokens", put(OWN, lambda v: v[:-1]), "3 log-probabilities for 4 tokens"),
    *(
        Fault(f"log-probability {value!r}"[:60], put((*OWN, 0), value), "log-probability")
        for value in (None, float("nan"), float("inf"), 0.5, "-1", True, [], 10**400, 5)
    ),
    Fault("figures of the neighbours", put(OWN, shifted), "the log-probability of another token"),
    Fault("figures that are too good", put((*OWN, 0), -1e-9), "the log-probability of another token"),
    Fault("alternatives: null", put((*TOPS, 0), None), "wrong answer"),
    Fault("alternatives: []", put((*TOPS, 0), []), "wrong answer"),
    Fault("no alternatives", put((*TOPS, 0), {}), "0 alternatives"),
    Fault("alternatives of the neighbours", put(TOPS, shifted), "the log-probability of another token"),
    Fault("alternatives by their text", put((*TOPS, 0), {" the": -1.0}), "tokens without their numbers"),
    Fault("alternatives outside", put((*TOPS, 0), lambda p: {**p, "token_id:64": -9.0}), "token 64 of a vocabulary"),
    Fault(
        "too many alternatives",
        put((*TOPS, 0), lambda p: {**p, **{f"token_id:{i}": -99.0 for i in range(100, 999)}}),
        "alternatives of a token",
    ),
    Fault("the same alternative twice", put((*TOPS, 0), twice), "wrong answer"),
    Fault("alternatives above 1", put((*TOPS, 0), lambda p: dict.fromkeys(p, -0.01)), "add up to|of another token"),
    Fault("no use", put(("usage",), removed), "wrong answer"),
    Fault("a prompt of another length", put(USED, 5), r"a prompt of 5 tokens, \d+ were sent"),
    Fault("a prompt of -4 tokens", put(USED, -4), "prompt_tokens: -4"),
    Fault(
        "a cache of text", put(("usage", "prompt_tokens_details"), {"cached_tokens": "9"}), "cached_tokens: expected"
    ),
    Fault("another model", put(("model",), "gpt-2"), "from the model 'gpt-2', not 'tiny'"),
    Fault("a model of half a pair", put(("model",), "\ud800"), "model: half a surrogate pair"),
    Fault("no end", put((*CHOICE, "finish_reason"), removed), "wrong answer"),
    # Answers about given tokens.
    Fault("nothing of the prompt", put(GIVEN, None), "prompt_logprobs: expected a list", asked=READ),
    Fault("too little of the prompt", put(GIVEN, lambda p: p[:-1]), "6 log-probabilities for 7 tokens", asked=READ),
    Fault("too much of the prompt", put(GIVEN, lambda p: [*p, p[-1]]), "8 entries, at most 7", asked=READ),
    Fault("the prompt, moved", put(GIVEN, lambda p: [p[0], *shifted(p[1:])]), "wrong answer", asked=READ),
    Fault("of other tokens", put((*GIVEN, -1), {"3": {"logprob": -1.0}}), "no usable 11", asked=READ),
    Fault("of a token that is none", put((*GIVEN, -1), {"x": {"logprob": -1.0}}), "not a number", asked=READ),
    Fault("without a figure", put((*GIVEN, -1, "11"), {}), "no usable 'logprob'", asked=READ),
    Fault(
        "a NaN of the prompt", put((*GIVEN, -1, "11", "logprob"), float("nan")), "log-probability of nan", asked=READ
    ),
    Fault("two choices to read", put(("choices",), lambda c: c * 2), "2 entries, at most 1", asked=READ),
]


class Plan:
    """Which of the next answers are wrong: none, the first one, or all."""

    def __init__(self) -> None:
        self.fault = None
        self.once = True
        self.met = 0
        self.seen = 0
        self.right = {}
        """What is right, as it is without a fault."""
        self._lock = threading.Lock()

    def begin(self, fault, *, once) -> None:
        self.fault, self.once, self.met, self.seen = fault, once, 0, 0

    def take(self):
        with self._lock:
            self.seen += 1
            if self.fault is None or (self.once and self.seen != 1):
                return None
            self.met += 1
            return self.fault


def attacked(plan):
    """A handler that answers as vLLM does, but for what is planned."""

    class Handler(vllm(Numbers(), "nowhere")):
        def answer(self, content, status=200, **more) -> None:
            fault = plan.take()
            if fault is None:
                self.answer_as_it_is(content, status, **more)
                return
            with suppress(OSError):
                fault.reply(self, content)

        def answer_as_it_is(self, content, status=200, **more) -> None:
            super().answer(content, status, **more)

        def handle(self) -> None:
            with suppress(OSError):
                super().handle()

    return Handler


@contextmanager
def hurried():
    """A client that loses patience sooner than in a run."""
    before = client_module.TRIES, client_module.MOST_WAIT, client_module.DOWN_SECONDS
    client_module.TRIES, client_module.MOST_WAIT, client_module.DOWN_SECONDS = 3, 0.1, 0.0
    try:
        yield
    finally:
        client_module.TRIES, client_module.MOST_WAIT, client_module.DOWN_SECONDS = before


def ask(url, asked, patience):
    """What is drawn, or read; returns all of it, and what it cost."""
    client = Client([url], KEY, limit=2, patience=patience, read_seconds=SECONDS)
    try:
        model = ServedModel(client, Vllm(MODEL), SIZE)
        mask = TokenMask(np.zeros(SIZE, bool), frozenset({0}), 1.0)
        [prefix] = model.extend([ROOT], [PROMPT])
        if asked == READ:
            return model.score([prefix], [TARGET])[0].tolist(), client.traffic
        sampling = model.sampling(mask)
        sampling.add([Draw(prefix, 1, 0.0, ROOM)])
        [(_, drawn)] = sampling.advance()
        return [drawn.tokens, drawn.log_probs.tolist(), drawn.top_log_probs.tolist()], client.traffic
    finally:
        client.close()


@dataclass(frozen=True)
class Outcome:
    """What became of a fault."""

    line: str
    """The whole message of the error; "" where there was none."""
    code: int
    seconds: float
    right: bool
    """Whether the result, if there was one, is that without a fault."""
    tries: int


def attack(url, plan, fault, *, once):
    """Ask once, with a fault in the first answer, or in all of them."""
    if fault.asked not in plan.right:
        plan.begin(None, once=once)
        plan.right[fault.asked], _ = ask(url, fault.asked, 1.0)
    expected = plan.right[fault.asked]
    plan.begin(fault, once=once)
    start = time.monotonic()
    try:
        found, _ = ask(url, fault.asked, 5.0 if once else 0.2)
    except MtreasonError as error:
        return Outcome(str(error), error.exit_code, time.monotonic() - start, True, plan.seen)
    return Outcome("", 0, time.monotonic() - start, found == expected, plan.seen)


def main(names) -> int:
    plan, bad = Plan(), 0
    chosen = [fault for fault in FAULTS if not names or fault.name in names]
    with hurried(), listening(attacked(plan)) as url:
        for fault in chosen:
            once, always = (attack(url, plan, fault, once=once) for once in (True, False))
            mended = (once.code == 0) == fault.passes and once.right
            bad += not (mended and always.code in {2, 3} and always.seconds < LIMIT)
            said = always.line.removeprefix(url)[:150]
            sys.stdout.write(f"{always.code}  {always.seconds:4.1f} s  {fault.name[:40]:40}  {said}\n")
    sys.stdout.write(f"{len(chosen)} faults, {bad} with a wrong end\n")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
