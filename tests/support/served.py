"""Servers for tests: stand-ins that speak as vLLM, SGLang or Ollama do, and a proxy that breaks what passes through it.

The stand-ins are none of these: they compute with the tiny model of the test suite, and answer in the form that the
documentation gives (docs.vllm.ai, "OpenAI-Compatible Server"; docs.sglang.io, "Sampling Parameters" and "Native APIs";
docs.ollama.com, "Generate a response"), and that vLLM 0.32 was seen to give.
"""

import http.client
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from mtreason.models.protocol import ROOT
from mtreason.models.served import opening

MODEL = "tiny"


@contextmanager
def listening(handler):
    """Run a server on loopback, in a thread; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_args) -> None:
        pass

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def answer(self, content, status=200, kind="application/json", **headers) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)


class Oracle:
    """The tiny model, asked for one distribution at a time; remembers them, as its passes are the cost of a test."""

    def __init__(self, loaded) -> None:
        self.model = loaded.model
        self.size = loaded.vocabulary
        self._lock = threading.Lock()
        self._known = {}

    def log_probs(self, tokens):
        key = tuple(tokens)
        with self._lock:
            if key not in self._known:
                [prefix] = self.model.extend([ROOT], [key])
                logits = self.model.logits([prefix])[0].astype(np.float64)
                self._known[key] = logits - np.logaddexp.reduce(logits)
                self.model.release([prefix])
            return self._known[key]

    def draw(self, prompt, sampling, number):
        """Tokens with the log-probabilities before any of the sampling's settings."""
        tokens, rows = [], []
        rng = np.random.default_rng((sampling["seed"], number))
        while len(tokens) < sampling["room"] and not (tokens and tokens[-1] in sampling["stop"]):
            log_probs = self.log_probs([*prompt, *tokens])
            biased = log_probs.copy()
            for token, bias in (sampling["bias"] or {}).items():
                biased[int(token)] += bias
            if sampling["temperature"] == 0:
                token = int(biased.argmax())
            else:
                weights = np.exp((biased - biased.max()) / sampling["temperature"])
                token = int(rng.choice(len(weights), p=weights / weights.sum()))
            tokens.append(token)
            rows.append(log_probs)
        return tokens, rows


def top(row, count):
    return np.argsort(-row, kind="stable")[:count].tolist()


def vllm(oracle, root):
    """A handler that speaks vLLM's completions."""

    class Handler(Quiet):
        def do_GET(self) -> None:
            if self.path == "/v1/models":
                entry = {"id": MODEL, "object": "model", "owned_by": "vllm", "root": str(root), "max_model_len": 2048}
                self.answer({"object": "list", "data": [entry]})
            else:
                self.answer({"detail": "Not Found"}, 404)

        def do_POST(self) -> None:
            asked = json.loads(self.body())
            if self.path != "/v1/completions":
                self.answer({"detail": "Not Found"}, 404)
                return
            prompt = asked["prompt"]
            sampling = {
                "room": asked["max_tokens"],
                "temperature": asked["temperature"],
                "seed": asked.get("seed") or 0,
                "stop": asked.get("stop_token_ids") or [],
                "bias": asked.get("logit_bias"),
            }
            choices = [self.choice(i, prompt, asked, sampling) for i in range(asked.get("n") or 1)]
            drawn = sum(len(c["logprobs"]["tokens"]) for c in choices if c["logprobs"])
            usage = {"prompt_tokens": len(prompt), "completion_tokens": drawn, "prompt_tokens_details": None}
            self.answer({"id": "cmpl-1", "object": "text_completion", "choices": choices, "usage": usage})

        def choice(self, index, prompt, asked, sampling):
            tokens, rows = oracle.draw(prompt, sampling, index)
            count = asked.get("logprobs")
            names = [f"token_id:{t}" for t in tokens]
            logprobs = count and {
                "tokens": names,
                "token_logprobs": [float(row[t]) for row, t in zip(rows, tokens, strict=True)],
                # The token itself is among them even where it is not among the most probable.
                "top_logprobs": [
                    {f"token_id:{t}": float(row[t]) for t in dict.fromkeys([own, *top(row, count)])}
                    for row, own in zip(rows, tokens, strict=True)
                ],
                "text_offset": [0] * len(tokens),
            }
            given = None
            if (wanted := asked.get("prompt_logprobs")) is not None:
                given = [None]
                for i in range(1, len(prompt)):
                    row = oracle.log_probs(prompt[:i])
                    kept = dict.fromkeys([prompt[i], *top(row, wanted)])
                    given.append({str(t): {"logprob": float(row[t]), "rank": 1, "decoded_token": "x"} for t in kept})
            ended = bool(tokens) and tokens[-1] in sampling["stop"]
            reason = "stop" if ended else "length"
            return {
                "index": index, "text": "", "logprobs": logprobs, "finish_reason": reason, "prompt_logprobs": given,
            }  # fmt: skip

    return Handler


def sglang(oracle, root):
    """A handler that speaks SGLang's own interface; what it draws is reported with the temperature in it."""

    class Handler(Quiet):
        def do_GET(self) -> None:
            if self.path == "/v1/models":
                self.answer({"object": "list", "data": [{"id": MODEL, "owned_by": "sglang", "max_model_len": 2048}]})
            elif self.path == "/get_model_info":
                self.answer({"model_path": str(root), "tokenizer_path": str(root), "is_generation": True})
            else:
                self.answer({"detail": "Not Found"}, 404)

        def do_POST(self) -> None:
            asked = json.loads(self.body())
            [prompt], own = asked["input_ids"], asked["sampling_params"]
            sampling = {
                "room": own["max_new_tokens"],
                "temperature": own["temperature"],
                "seed": own.get("sampling_seed") or 0,
                "stop": own.get("stop_token_ids") or [],
                "bias": own.get("logit_bias"),
            }
            answers = [{"text": "", "meta_info": self.meta(i, prompt, asked, sampling)} for i in range(own.get("n", 1))]
            self.answer(answers)

        def meta(self, index, prompt, asked, sampling):
            count = asked["top_logprobs_num"]
            tokens, rows = oracle.draw(prompt, sampling, index)
            heat = sampling["temperature"] or 1.0
            warm = [row / heat - np.logaddexp.reduce(row / heat) for row in rows]
            ended = bool(tokens) and tokens[-1] in sampling["stop"]
            meta = {
                "prompt_tokens": len(prompt),
                "cached_tokens": 3,
                "finish_reason": {"type": "stop", "matched": tokens[-1]} if ended else {"type": "length", "length": 1},
                "output_token_logprobs": [[float(r[t]), t, None] for r, t in zip(warm, tokens, strict=True)],
                "output_top_logprobs": [[[float(r[t]), t, None] for t in top(r, count)] for r in warm],
            }
            if "logprob_start_len" in asked:
                places = range(max(1, asked["logprob_start_len"]), len(prompt))
                known = [(prompt[i], oracle.log_probs(prompt[:i])) for i in places]
                meta["input_token_logprobs"] = [[None, prompt[places[0] - 1], None]]
                meta["input_token_logprobs"] += [[float(row[t]), t, None] for t, row in known]
                meta["input_top_logprobs"] = [None]
                meta["input_top_logprobs"] += [[[float(r[t]), t, None] for t in top(r, count)] for _, r in known]
            return meta

    return Handler


class Faults:
    """What the proxy does to the requests that draw or read; each is used up once, in order, `None` being harmless."""

    def __init__(self) -> None:
        self.waiting = []
        self.met = []
        self.dead = threading.Event()
        self.authorization = []
        self._lock = threading.Lock()

    def plan(self, *faults) -> None:
        self.waiting = list(faults)
        self.met = []

    def take(self):
        with self._lock:
            fault = self.waiting.pop(0) if self.waiting else None
        if fault is not None:
            self.met.append(fault)
        return fault


def proxy(upstream, faults):
    """A handler that passes requests on, and breaks them as planned."""
    host = upstream.removeprefix("http://")

    class Handler(Quiet):
        def do_GET(self) -> None:
            self.pass_on("GET", None)

        def do_POST(self) -> None:
            self.pass_on("POST", faults.take())

        def hang_up(self) -> None:
            self.close_connection = True
            self.connection.close()

        def pass_on(self, method, fault) -> None:
            data = self.body()
            faults.authorization.append(self.headers.get("authorization"))
            if faults.dead.is_set() or fault == "gone":
                self.hang_up()
                return
            if isinstance(fault, int):
                more = {"Retry_After": "0.2"} if fault in {429, 503} else {}
                self.answer({"error": {"message": "no"}}, fault, **more)
                return
            if fault == "slow":
                time.sleep(3)
                self.hang_up()
                return
            upward = http.client.HTTPConnection(host, timeout=60)
            own = {"Content-Type": "application/json", "Authorization": self.headers.get("authorization", "")}
            upward.request(method, self.path, data, own)
            response = upward.getresponse()
            content, status = response.read(), response.status
            upward.close()
            self.reply(content, status, fault)

        def reply(self, content, status, fault) -> None:
            if fault == "cut":
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) // 2])
                self.hang_up()
            elif fault == "half JSON":
                self.answer(content[: len(content) // 2])
            elif fault == "other JSON":
                self.answer({"fine": True})
            elif fault == "missing":
                self.answer(self.without_a_log_prob(json.loads(content)))
            elif fault == "fewer":
                whole = json.loads(content)
                if isinstance(whole, list):
                    whole = whole[:1]
                elif "choices" in whole:
                    whole["choices"] = whole["choices"][:1]
                self.answer(whole)
            else:
                self.answer(content, status)

        @staticmethod
        def without_a_log_prob(whole):
            if "choices" in whole:
                logprobs = whole["choices"][0]["logprobs"]
                logprobs["token_logprobs"][len(logprobs["token_logprobs"]) // 2] = None
            else:
                row = whole[0] if isinstance(whole, list) else whole
                del row["completion_probabilities"][len(row["completion_probabilities"]) // 2]
            return whole

    return Handler


def ollama(oracle, tokenizer):
    """A handler that speaks Ollama's own interface: text in, text out, and nothing about the end."""
    pieces = tokenizer.pieces(oracle.size)

    class Handler(Quiet):
        def do_GET(self) -> None:
            if self.path == "/v1/models":
                self.answer({"object": "list", "data": [{"id": "tiny:latest", "owned_by": "library"}]})
            elif self.path == "/api/version":
                self.answer({"version": "0.12.11"})
            else:
                self.answer({"error": "not found"}, 404)

        def do_POST(self) -> None:
            asked = json.loads(self.body())
            assert self.path == "/api/generate"
            assert asked["raw"]
            own = asked["options"]
            prompt = tokenizer.encode(asked["prompt"], control=True)
            sampling = {
                "room": own["num_predict"],
                "temperature": own["temperature"],
                "seed": own["seed"],
                "stop": [tokenizer.end],
                "bias": None,
            }
            tokens, rows = oracle.draw(prompt, sampling, 0)
            ended = tokens[-1] == tokenizer.end
            places = [
                self.entry(t, row) | {"top_logprobs": [self.entry(k, row) for k in top(row, asked["top_logprobs"])]}
                for t, row in zip(tokens[: len(tokens) - ended], rows, strict=False)
            ]
            reason = "stop" if ended else "length"
            self.answer(
                {"response": "", "done": True, "done_reason": reason, "logprobs": places, "prompt_eval_count": 5}
            )

        @staticmethod
        def entry(token, row):
            piece = pieces[token]
            return {"token": piece.decode("utf-8", "replace"), "bytes": list(piece), "logprob": float(row[token])}

    return Handler


@contextmanager
def closing_clients(monkeypatch):
    """Close at the end the connections that commands leave to the end of their process."""
    clients, connect = [], opening.connect

    def remember(place, key):
        clients.append(connect(place, key))
        return clients[-1]

    monkeypatch.setattr(opening, "connect", remember)
    yield
    for client in clients:
        client.close()
