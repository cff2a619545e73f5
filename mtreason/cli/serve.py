"""`mtreason serve`: llama.cpp's server on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from mtreason.cli.loading import Terminal
from mtreason.errors import MtreasonError
from mtreason.runs.stopping import keeping

PORT = 8080


def serve(
    *,
    model: Annotated[str, typer.Option(metavar="MODEL", help="Alias of an embedded model, or FILE.gguf.")],
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="0 for any free one.")] = PORT,
    threads: Annotated[int, typer.Option(metavar="N", min=0, help="0 for as many as there are cores.")] = 0,
) -> None:
    """Serve a model with llama.cpp on this machine, for --model http://127.0.0.1:PORT/v1, until interrupted.

    Where MTREASON_API_KEY is set, it is asked of all who come.
    """
    from mtreason.models.served.keys import key_of_environment
    from mtreason.models.served.local import gguf_of, start

    key = key_of_environment()
    terminal = Terminal(quiet=False)
    path, name, _ = gguf_of(model, terminal.stage)
    terminal.stage(f"starting llama.cpp's server with {name}", 0.0)
    with keeping(lambda: "the server has ended"):
        server = start(path, name, port=port, key=key, threads=threads)
        terminal.stop()
        terminal.note(f"{name} is served: --model {server.url}/v1 (until interrupted)")
        try:
            code = server.process.wait()
        finally:
            server.stop()
    raise MtreasonError(f"llama.cpp's server ended by itself (exit code {code}): start it again")
