"""Models on servers: the meaning of `--model` where it names an address, or llama.cpp's server for one run."""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtreason.models.files.cache import Report
    from mtreason.models.loaded import LoadedModel
    from mtreason.models.protocol import Capability
    from mtreason.models.served.opening import Served

LOCAL = "llamacpp:"


def is_served(name: str | None) -> bool:
    """Whether `--model` names an address, or a server to be started."""
    return name is not None and name.lower().startswith(("http:", "https:", LOCAL))


def examine_served(address: str) -> tuple[Served, frozenset[Capability]]:
    """Find out what an address serves, and what it lacks for some rewards; raises `ModelError`."""
    from mtreason.errors import ModelError
    from mtreason.models.served import opening
    from mtreason.models.served.keys import key_of_environment

    if not is_served(address) or address.startswith(LOCAL):
        raise ModelError(f"--model {address}: expected the address of a server, http(s)://HOST:PORT/v1")
    place = opening.parse_place(address)
    client = opening.connect(place, key_of_environment())
    try:
        served = opening.examine(client, place)
    finally:
        client.close()
    return served, opening.lacks(served)


def open_served(name: str, tokenizer: str | None, report: Report) -> LoadedModel:
    """Find out what is served, and start the server where it runs here; raises `ModelError` with the next step."""
    from mtreason.models.served import local, opening
    from mtreason.models.served.keys import key_of_environment

    key = key_of_environment()
    address = name
    if name.startswith(LOCAL):
        server, _, digest = local.start_for_one_run(name.removeprefix(LOCAL), report)
        atexit.register(server.stop)
        address, key = server.url, server.key
    place = opening.parse_place(address)
    report(f"asking {', '.join(place.urls)}", 0.0)
    client = opening.connect(place, key)
    try:
        served = opening.examine(client, place)
        loaded = opening.load_served(client, served, tokenizer)
    except BaseException:
        client.close()
        raise
    named = name if name.startswith(LOCAL) else f"{served.model} on {', '.join(place.urls)}"
    # A model file with a known digest is identified by that digest, wherever the server runs.
    own = opening.digest_of(served, loaded.tokenizer) if address is name else f"{served.dialect.name} {digest}"
    loaded.name, loaded.digest, loaded.arithmetic = named, own, "served"
    return loaded
