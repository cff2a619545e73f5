"""From an address to a model: the kind of the server, what it can do, and the tokenizer to use.

Everything is asked of the server itself; a table only says where kinds of servers differ.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mtreason.errors import ModelError, near
from mtreason.models.loaded import LoadedModel
from mtreason.models.protocol import TOP_K, Capability
from mtreason.models.served.client import KEY_VARIABLE, Client, RefusedError, Request, post
from mtreason.models.served.dialects import Dialect, LlamaCpp, SampleRequest, Sglang, Vllm, broken_pieces
from mtreason.models.served.model import ServedModel
from mtreason.models.served.texts import Ollama, Spelling
from mtreason.models.served.tokens import ServerTokenizer
from mtreason.models.text import LibraryTokenizer, Tokenizer, turn_end

REQUESTS = 16
"""Requests in flight at an address that does not say how many it serves side by side."""
PROBE = (40, 41, 42)
"""Tokens that are ordinary characters in all known vocabularies; used to examine a server."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model is served."""

    urls: tuple[str, ...]
    """Roots: the part before /v1."""
    model: str | None
    """The model's name on the server; None for the only model there."""


@dataclass(frozen=True, slots=True)
class Served:
    """What was found at an address."""

    place: Place
    dialect: Dialect
    model: str
    """The name that the server uses."""
    context: int
    """The largest number of tokens of a prompt with its answer; 0 if the server does not say."""
    slots: int
    """Requests that it serves side by side; 0 if it does not say."""
    vocabulary: int
    """0 if the server does not say."""
    end: str
    """The token that ends a turn, as text; "" if the server does not say."""
    source: str
    """The directory or hub id of the model, if the server tells."""
    abilities: dict[str, str] = field(default_factory=dict)
    """Ability -> how it is provided; "no" where it is not."""


def parse_place(name: str) -> Place:
    """Read `http(s)://host:port/v1[#served-model]`, several separated by commas; raises `ModelError`."""
    names = [part.strip() for part in name.split(",")]
    urls, models = [], []
    for part in names:
        url, _, model = part.partition("#")
        try:
            split = urlsplit(url)
            host = split.hostname
            _ = split.port
        except ValueError:
            host = None
        if host is None or split.scheme.lower() not in {"http", "https"}:
            raise ModelError(f"--model {url}: expected http(s)://HOST:PORT/v1, and #MODEL where several are served")
        if split.username is not None or split.password is not None or split.query:
            raise ModelError(f"--model {split.scheme}://…@{host}: a key belongs into {KEY_VARIABLE}, not on the line")
        urls.append(f"{split.scheme.lower()}://{split.netloc}{split.path.rstrip('/').removesuffix('/v1')}")
        models.append(model)
    named = {model for model in models if model}
    if len(named) > 1:
        raise ModelError(f"--model {name}: two models are named ({', '.join(sorted(named))}): all have to serve one")
    return Place(tuple(dict.fromkeys(urls)), named.pop() if named else None)


def connect(place: Place, key: str | None) -> Client:
    """Make a client that can examine a server; `load_served` raises its limit."""
    return Client(place.urls, key, limit=REQUESTS)


def examine(client: Client, place: Place) -> Served:
    """Find out what is served and what it can do; raises `ModelError` with the next step."""
    found = [_examine_one(client, place, url) for url in place.urls]
    first = replace(found[0], place=place)
    for other in found[1:]:
        if (other.model, other.dialect) != (first.model, first.dialect):
            raise ModelError(
                f"{other.place.urls[0]} serves {other.model} by {other.dialect.name}, {place.urls[0]} {first.model} by "
                f"{first.dialect.name}: all addresses have to serve one model alike"
            )
    return first


def _examine_one(client: Client, place: Place, url: str) -> Served:
    def get(path: str, *, needed: bool = False) -> Any:  # noqa: ANN401 - what JSON can hold
        try:
            return client.ask_now(Request(path), lambda got: got, url=url)
        except RefusedError as error:
            if needed or error.status in {401, 403}:
                raise
            return None

    try:
        listed = get("/v1/models", needed=True)
    except RefusedError as error:
        if error.status != 404:
            raise
        raise ModelError(f"{url} has no list of models (GET /v1/models): name the address of a model server") from None
    entries = listed.get("data") if isinstance(listed, dict) else None
    if not isinstance(entries, list) or not all(isinstance(e, dict) and "id" in e for e in entries):
        raise ModelError(f"{url} answers GET /v1/models with something else: name the address of a model server")
    entry = _pick(entries, place.model, url)
    owner = str(entry.get("owned_by", "")).lower()
    here = Place((url,), place.model)
    if owner == "llamacpp":
        return _llama_cpp(client, here, entry, get("/props", needed=True))
    if owner == "vllm":
        return _vllm(client, here, entry)
    if owner == "sglang":
        return _sglang(client, here, entry, get("/get_model_info"))
    if owner == "library" and get("/api/version") is not None:
        return _ollama(client, here, entry)
    raise ModelError(_why_not(client, url, str(entry["id"])))


def _pick(entries: list[dict[str, Any]], wanted: str | None, url: str) -> dict[str, Any]:
    names = [str(entry["id"]) for entry in entries]
    listed = ", ".join(names) or "nothing"
    if wanted is None and len(entries) != 1:
        raise ModelError(f"{url} serves {listed}: name one, as in {url}/v1#{names[0] if names else 'MODEL'}")
    if wanted is None:
        return entries[0]
    for entry in entries:
        if wanted == entry["id"] or wanted in (entry.get("aliases") or ()):
            return entry
    raise ModelError(f"{url} does not serve {wanted!r}{near(wanted, names)} (it serves {listed})")


def _why_not(client: Client, url: str, model: str) -> str:
    """Return what an unknown server lacks."""
    try:
        client.ask_now(
            post("/v1/completions", {"model": model, "prompt": list(PROBE), "max_tokens": 1, "logprobs": 5}),
            lambda got: got["choices"],
            url=url,
        )
    except RefusedError as error:
        if error.status in {404, 405}:
            return (
                f"{url} has no completions, only chats (POST /v1/completions: HTTP {error.status}): the search needs "
                "continuations of a given beginning; vLLM, SGLang and llama.cpp's server have them"
            )
        return f"{error}: it takes no tokens as a prompt; vLLM, SGLang and llama.cpp's server do"
    return f"{url} is a server of no known kind: vLLM, SGLang and llama.cpp's server are known"


def _llama_cpp(client: Client, place: Place, entry: dict[str, Any], props: dict[str, Any]) -> Served:
    url = place.urls[0]
    meta = entry.get("meta") or {}
    size = int(meta.get("n_vocab", 0))
    if not size or "eos_token" not in props:
        raise ModelError(f"{url}: this llama.cpp server is too old or still without a model: it names no vocabulary")
    end, plain = (_first_token(client, text, url) for text in (str(props["eos_token"]), "!"))
    kinds = (LlamaCpp(end, (plain,), guidance) for guidance in (True, False))
    usable = next((kind for kind in kinds if _forces(client, kind, url)), None)
    if usable is None:
        raise ModelError(
            f"{url}: this llama.cpp server cannot be made to write given tokens (grammars with <[token]>): update it"
        )
    return Served(
        place,
        usable,
        model=_model_name(str(entry["id"])),
        context=int((props.get("default_generation_settings") or {}).get("n_ctx", 0)),
        slots=int(props.get("total_slots", 0)),
        vocabulary=size,
        end=str(props["eos_token"]),
        source="",
        abilities=_abilities(client, usable, url),
    )


def _first_token(client: Client, text: str, url: str) -> int:
    content = {"content": text, "add_special": False, "parse_special": True}
    return client.ask_now(post("/tokenize", content), lambda got: int(got["tokens"][0]), url=url)


def _forces(client: Client, dialect: Dialect, url: str) -> bool:
    """Whether the server reports the probabilities of given tokens."""
    if not dialect.reads:
        return False
    try:
        client.ask_now(dialect.read(PROBE, PROBE, 1), lambda got: dialect.readings(got, PROBE, PROBE), url=url)
    except ModelError:  # also for grammars that the server does not understand
        return False
    return True


def _vllm(client: Client, place: Place, entry: dict[str, Any]) -> Served:
    model = str(entry["id"])
    dialect = Vllm(model)
    source = str(entry.get("root") or model)
    context = int(entry.get("max_model_len") or 0)
    return Served(place, dialect, model, context, 0, 0, "", source, _abilities(client, dialect, place.urls[0]))


def _sglang(client: Client, place: Place, entry: dict[str, Any], info: Any) -> Served:  # noqa: ANN401
    model = str(entry["id"])
    info = info if isinstance(info, dict) else {}
    source = str(info.get("tokenizer_path") or info.get("model_path") or model)
    context = int(entry.get("max_model_len") or 0)
    dialect = Sglang()
    return Served(place, dialect, model, context, 0, 0, "", source, _abilities(client, dialect, place.urls[0]))


def _ollama(client: Client, place: Place, entry: dict[str, Any]) -> Served:
    model = str(entry["id"])
    dialect = Ollama(model)
    try:
        abilities = _abilities(client, dialect, place.urls[0])
    except ModelError as error:
        raise ModelError(f"{error}; Ollama tells log-probabilities from its version 0.12.11 on") from error
    abilities["token prompts"] = "no, as text where that is the same"
    return Served(place, dialect, model, 0, 1, 0, "", "", abilities)


def _abilities(client: Client, dialect: Dialect, url: str) -> dict[str, str]:
    """Try the abilities that the search needs."""
    abilities = {"token prompts": "yes"}
    ask = SampleRequest(PROBE, 2, 1, 1.0, 1, None)
    written = client.ask_now(dialect.write(ask), dialect.written, url=url)
    again = client.ask_now(dialect.write(ask), dialect.written, url=url)
    alternatives = min(len(one.top[0].tokens) for one in written)
    abilities["log-probabilities"] = "yes"
    abilities["alternatives"] = f"{alternatives} per token"
    abilities["several at once (n)"] = "yes" if len(written) == 2 else "no, one by one"
    same = [one.tokens for one in written] == [one.tokens for one in again]
    abilities["seed"] = "yes" if same else "no"
    abilities[Capability.PROMPT_LOG_PROBS] = dialect.reads if _forces(client, dialect, url) else "no"
    return abilities


def lacks(served: Served) -> frozenset[Capability]:
    """Return what rewards may need and this server does not have."""
    missing = {Capability.HIDDEN_STATES}
    if served.abilities[Capability.PROMPT_LOG_PROBS] == "no":
        missing.add(Capability.PROMPT_LOG_PROBS)
    if int(served.abilities["alternatives"].split()[0]) < TOP_K:
        missing.add(Capability.TOP_K)
    return frozenset(missing)


def digest_of(served: Served) -> str:
    """Return what identifies this model, independently of where it runs."""
    named = f"{served.dialect.name}\x1f{served.model}\x1f{served.vocabulary}"
    return hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()


def _model_name(name: str) -> str:
    """Return the name without the file's directory on the server."""
    return name.replace("\\", "/").rsplit("/", 1)[-1]


def load_served(client: Client, served: Served, tokenizer: str | None) -> LoadedModel:
    """Make a model from what was found; `tokenizer` is a directory or a hub id, None for the server's own."""
    slots = (served.slots or REQUESTS) * len(client.addresses)
    client.widen(slots)
    own, width, stop = _tokenizer(client, served, tokenizer)
    dialect = served.dialect
    if isinstance(dialect, Ollama) and isinstance(own, LibraryTokenizer):
        dialect = replace(dialect, spelling=Spelling(own, width))
    if isinstance(dialect, LlamaCpp) and not dialect.guidance:
        dialect = replace(dialect, broken=broken_pieces(own.pieces(width)))
    model = ServedModel(client, dialect)
    return LoadedModel(
        model, own, stop, width, "served", served.dialect.name, f"served {served.dialect.name}", lacks(served)
    )


def _tokenizer(client: Client, served: Served, named: str | None) -> tuple[Tokenizer, int, frozenset[int]]:
    """Return the tokenizer to use, the width of the model's output, and the tokens that end a turn."""
    if named is None and served.vocabulary:
        own = ServerTokenizer(client, served.end, served.vocabulary)
        return own, served.vocabulary, frozenset({own.end})
    from transformers import AutoConfig, AutoTokenizer

    from mtreason.models.engine.load import quiet_libraries

    source = named or served.source
    if not source:
        raise ModelError(
            f"{served.dialect.name} tells no tokenizer of {served.model}: name the directory or hub id of the model "
            "that it was made from with --tokenizer"
        )
    path = Path(source).expanduser()
    place = path if path.is_dir() else source
    try:
        with quiet_libraries():
            library = AutoTokenizer.from_pretrained(place, trust_remote_code=False)
            config = None if served.vocabulary else AutoConfig.from_pretrained(place, trust_remote_code=False)
            width = served.vocabulary if config is None else config.get_text_config().vocab_size
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(
            f"no tokenizer for {served.model}, which is {source} to its server ({reason}): name the model's directory "
            "or hub id with --tokenizer"
        ) from error
    if library.chat_template is None or library.eos_token_id is None:
        raise ModelError(f"the tokenizer of {source} has no chat template: name that of an instruction-tuned model")
    end = turn_end(LibraryTokenizer(library))
    return LibraryTokenizer(library, end), width, frozenset({end, int(library.eos_token_id)})
