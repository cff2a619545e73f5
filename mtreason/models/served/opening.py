"""From an address to a model: the kind of the server, what it can do, and the tokenizer to use.

Everything is asked of the server itself; a table only says where kinds of servers differ.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from mtreason.errors import ModelError, near
from mtreason.models.loaded import LoadedModel
from mtreason.models.protocol import TOP_K, Capability
from mtreason.models.served.answers import (
    MOST_NAME,
    MOST_VOCABULARY,
    FaultyAnswerError,
    mapping,
    rows,
    text,
    whole,
)
from mtreason.models.served.client import WHO, Client, RefusedError
from mtreason.models.served.completions import SampleRequest
from mtreason.models.served.dialects import Dialect, LlamaCpp, Sglang, Vllm, broken_pieces
from mtreason.models.served.exchange import Request, post
from mtreason.models.served.keys import KEY_VARIABLE
from mtreason.models.served.model import ServedModel
from mtreason.models.served.texts import Ollama, Spelling
from mtreason.models.served.tokenizers import library_tokenizer
from mtreason.models.served.tokens import ServerTokenizer, tokenizing
from mtreason.models.text import LibraryTokenizer, Tokenizer, turn_end

REQUESTS = 16
"""Requests in flight at an address that does not say how many it serves side by side."""
PROBE = (40, 41, 42)
"""Tokens that are ordinary characters in all known vocabularies; used to examine a server."""
CHAT = "Hi! 今天天气很好。 Où? Привет, 1234"
"""A text that tokenizers divide in different ways; part of what identifies a model."""
MOST_REQUESTS = 1024
"""Side by side at one address, whatever it says."""
MOST_MODELS = 10_000
"""Models that one server lists."""
MOST_ALIASES = 100
LISTED = 10
"""Models that are named in a message."""
NEAR = 100
"""Models whose names are compared with a wrong one."""


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
            _ = split.port, httpx.URL(url)
        except (ValueError, httpx.InvalidURL):
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
    """Find out what is served and what it can do; raises `ModelError` with the next step.

    From then on the client makes sure that a server which was away serves the same model.
    """
    entries: dict[str, _Entry] = {}
    found = [_examine_one(client, place, url, entries) for url in place.urls]
    client.recognised = lambda url, got: entries[url] in _entries(got)
    first = replace(found[0], place=place)
    for other in found[1:]:
        if (other.model, other.dialect) != (first.model, first.dialect):
            raise ModelError(
                f"{other.place.urls[0]} serves {other.model} by {other.dialect.name}, {place.urls[0]} {first.model} by "
                f"{first.dialect.name}: all addresses have to serve one model alike"
            )
    return first


def _examine_one(client: Client, place: Place, url: str, known: dict[str, _Entry]) -> Served:
    entries = _listed(client, url)
    entry = known[url] = _pick(entries, place.model, url)
    if client.reveals(entry.id) or client.reveals(entry.root):
        raise ModelError(f"{url} names its model by the key that it was sent: nothing of it is used")
    here = Place((url,), place.model)
    if entry.owner == "llamacpp":
        return _llama_cpp(client, here, entry)
    if entry.owner == "vllm":
        same = frozenset(other.id for other in entries if other.root and other.root == entry.root)
        return _vllm(client, here, entry, same)
    if entry.owner == "sglang":
        return _sglang(client, here, entry)
    if entry.owner == "library" and _optional(client, "/api/version", url):
        return _ollama(client, here, entry)
    raise ModelError(_why_not(client, url, entry.id))


@dataclass(frozen=True, slots=True)
class _Entry:
    """A model in a server's list, as far as it is used."""

    id: str
    owner: str
    root: str
    """What it was loaded from; "" if the server does not say."""
    vocabulary: int
    context: int = field(compare=False)
    aliases: tuple[str, ...] = field(compare=False)


def _listed(client: Client, url: str) -> list[_Entry]:
    """Return the models that a server lists; raises `ModelError`."""

    def read(got: Any) -> list[_Entry] | str:  # noqa: ANN401 - what JSON can hold
        try:
            return _entries(got)
        except (FaultyAnswerError, KeyError) as error:
            return str(error) if isinstance(error, FaultyAnswerError) else f"no {error}"

    try:
        found = client.ask_now(WHO, read, url=url)
    except RefusedError as error:
        if error.status != 404:
            raise
        raise ModelError(f"{url} has no list of models (GET /v1/models): name the address of a model server") from None
    if isinstance(found, str):
        raise ModelError(
            f"{url} answers GET /v1/models with something else ({found}): name the address of a model server"
        )
    return found


def _entries(got: Any) -> list[_Entry]:  # noqa: ANN401
    return [_entry(one) for one in rows(mapping(got, "the answer")["data"], "data", most=MOST_MODELS)]


def _entry(one: Any) -> _Entry:  # noqa: ANN401
    told = mapping(one, "a model")
    meta = mapping(told.get("meta") or {}, "meta")
    aliases = rows(told.get("aliases") or [], "aliases", most=MOST_ALIASES)
    name = text(told["id"], "id", most=MOST_NAME)
    if not name.strip():
        raise FaultyAnswerError("a model without a name")
    return _Entry(
        name,
        text(told.get("owned_by") or "", "owned_by", most=MOST_NAME).lower(),
        text(told.get("root") or "", "root", most=MOST_NAME),
        whole(meta.get("n_vocab") or 0, "n_vocab", most=MOST_VOCABULARY),
        whole(told.get("max_model_len") or 0, "max_model_len"),
        tuple(text(alias, "an alias", most=MOST_NAME) for alias in aliases),
    )


def _optional(client: Client, path: str, url: str) -> Mapping[str, Any]:
    """Return what a server tells there; nothing where it refuses."""
    try:
        return client.ask_now(Request(path), lambda got: mapping(got, "the answer"), url=url)
    except RefusedError as error:
        if error.status in {401, 403}:
            raise
        return {}


def _pick(entries: Sequence[_Entry], wanted: str | None, url: str) -> _Entry:
    names = [entry.id for entry in entries]
    listed = ", ".join(name[:80] for name in names[:LISTED]) or "nothing"
    listed += f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    if wanted is None and len(entries) != 1:
        raise ModelError(f"{url} serves {listed}: name one, as in {url}/v1#{names[0][:80] if names else 'MODEL'}")
    if wanted is None:
        return entries[0]
    for entry in entries:
        if wanted == entry.id or wanted in entry.aliases:
            return entry
    raise ModelError(
        f"{url} does not serve {wanted!r}{near(wanted, [name[:80] for name in names[:NEAR]])} (it serves {listed})"
    )


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


def _llama_cpp(client: Client, place: Place, entry: _Entry) -> Served:
    url = place.urls[0]

    def read(got: Any) -> tuple[str, int, int]:  # noqa: ANN401 - what JSON can hold
        props = mapping(got, "the answer")
        end = text(props.get("eos_token", ""), "eos_token", most=MOST_NAME)
        defaults = mapping(props.get("default_generation_settings") or {}, "default_generation_settings")
        context = whole(defaults.get("n_ctx") or 0, "n_ctx")
        return end, context, whole(props.get("total_slots") or 0, "total_slots", most=MOST_REQUESTS)

    eos, context, slots = client.ask_now(Request("/props"), read, url=url)
    size = entry.vocabulary
    if not size or not eos:
        raise ModelError(f"{url}: this llama.cpp server is too old or still without a model: it names no vocabulary")
    end, plain = (_first_token(client, said, size, url) for said in (eos, "!"))
    kinds = (LlamaCpp(end, (plain,), guidance) for guidance in (True, False))
    usable = next((kind for kind in kinds if _forces(client, kind, url)), None)
    if usable is None:
        raise ModelError(
            f"{url}: this llama.cpp server cannot be made to write given tokens (grammars with <[token]>): update it"
        )
    return Served(
        place,
        usable,
        model=_model_name(entry.id),
        context=context,
        slots=slots,
        vocabulary=size,
        end=eos,
        source="",
        abilities=_abilities(client, usable, url),
    )


def _first_token(client: Client, said: str, vocabulary: int, url: str) -> int:
    asked, read = tokenizing(said, vocabulary, add_special=False, parse_special=True)
    return client.ask_now(asked, lambda got: read(got)[0], url=url)


def _forces(client: Client, dialect: Dialect, url: str) -> bool:
    """Whether the server reports the probabilities of given tokens."""
    if not dialect.reads:
        return False
    try:
        client.ask_now(dialect.read(PROBE, PROBE, 1), lambda got: dialect.readings(got, PROBE, PROBE), url=url)
    except ModelError:  # also for grammars that the server does not understand
        return False
    return True


def _vllm(client: Client, place: Place, entry: _Entry, names: frozenset[str]) -> Served:
    dialect = Vllm(entry.id, names)
    source = entry.root or entry.id
    abilities = _abilities(client, dialect, place.urls[0])
    return Served(place, dialect, entry.id, entry.context, 0, 0, "", source, abilities)


def _sglang(client: Client, place: Place, entry: _Entry) -> Served:
    info = _optional(client, "/get_model_info", place.urls[0])
    told = info.get("tokenizer_path") or info.get("model_path") or entry.id
    if not isinstance(told, str) or len(told) > MOST_NAME or client.reveals(told):
        raise ModelError(f"{place.urls[0]} answers GET /get_model_info with something else than a path")
    dialect = Sglang()
    abilities = _abilities(client, dialect, place.urls[0])
    return Served(place, dialect, entry.id, entry.context, 0, 0, "", told, abilities)


def _ollama(client: Client, place: Place, entry: _Entry) -> Served:
    model = entry.id
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
    written, again = (
        client.ask_now(dialect.write(ask), lambda got: dialect.written(got, ask), url=url) for _ in range(2)
    )
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


def digest_of(served: Served, tokenizer: Tokenizer) -> str:
    """Return what identifies this model, independently of where it runs: its names, and how texts become its tokens.

    Two models can have one name on two days, so what it was loaded from counts as well, if the server tells.
    """
    chat = tokenizer.render([{"role": "user", "content": CHAT}]) if tokenizer.chat else ""
    tokens = tokenizer.encode(CHAT, control=False)
    named = [served.dialect.name, served.model, served.vocabulary, _model_name(served.source), chat, tokens]
    return hashlib.sha256(json.dumps(named).encode("ascii")).hexdigest()


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
    model = ServedModel(client, dialect, width)
    return LoadedModel(
        model, own, stop, width, "served", served.dialect.name, f"served {served.dialect.name}", lacks(served)
    )


def _tokenizer(client: Client, served: Served, named: str | None) -> tuple[Tokenizer, int, frozenset[int]]:
    """Return the tokenizer to use, the width of the model's output, and the tokens that end a turn."""
    if named is None and served.vocabulary:
        own = ServerTokenizer(client, served.end, served.vocabulary)
        return own, served.vocabulary, frozenset({own.end})
    chosen = named or _chosen(served)
    if not (chosen or served.source):
        raise ModelError(
            f"{served.dialect.name} tells no tokenizer of {served.model}: name the directory or hub id of the model "
            "that it was made from with --tokenizer"
        )
    library, size = library_tokenizer(served.place.urls, served.model, served.source, chosen)
    width = served.vocabulary or size
    end = turn_end(LibraryTokenizer(library))
    return LibraryTokenizer(library, end), width, frozenset({end, int(library.eos_token_id)})


def _chosen(served: Served) -> str | None:
    """Return the source of a served model where a person has named it: as the model behind the address."""
    return served.source if served.source and served.source == served.place.model else None
