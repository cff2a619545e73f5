"""`mtreason models`: which models are installed or cached, and where; or what a server can do."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(invoke_without_command=True, help="List and remove the models on this machine.")


@app.callback()
def list_models(
    context: typer.Context,
    server: Annotated[
        str | None, typer.Option("--model", metavar="URL", help="Say what the server at this address can do instead.")
    ] = None,
) -> None:
    """List embedded models and converted ones: state, place, licence, digest."""
    if context.invoked_subcommand is not None:
        return
    if server is not None:
        _show_server(server)
        return
    from mtreason.cli.output import print_table
    from mtreason.evaluation.learned.encoder import ENCODER
    from mtreason.files import cache_dir
    from mtreason.models.files.cache import cached_models
    from mtreason.models.files.embedded import EMBEDDED, missing_packages

    cached = {m.name: m for m in cached_models()}
    rows = []
    for model in (*EMBEDDED, ENCODER):
        missing = len(missing_packages(model))
        state = "installed" if not missing else f"{model.parts - missing} of {model.parts}"
        if missing == model.parts:
            state = model.install_command
        made = cached.pop(model.alias, None)
        rows.append([model.alias, state, _size(made.size) if made else "no", model.licence, model.sha256[:16]])
    rows += [[own.name, "", _size(own.size), own.licence, own.sha256[:16]] for own in cached.values()]
    print_table(rows, ("model", "packages", "cached", "licence", "SHA-256"), f"cache: {cache_dir()}")


def _show_server(name: str) -> None:
    """Print what an address serves, and what the search can use of it."""
    from mtreason.cli.output import print_table
    from mtreason.models.served import examine_served
    from mtreason.rewards import PARTS

    served, missing = examine_served(name)
    rows = {"server": served.dialect.name, "model": served.model, "addresses": ", ".join(served.place.urls)}
    rows["context"] = f"{served.context} tokens" if served.context else "not said"
    rows["side by side"] = f"{served.slots} requests" if served.slots else "not said"
    rows |= served.abilities
    rows["tokenizer"] = "the server's own" if served.vocabulary else served.source
    refused = [part.name for part in PARTS.values() if part.needs & missing]
    rows["rewards"] = f"all but {', '.join(refused)}" if refused else "all"
    print_table(rows.items())


@app.command("remove")
def remove(name: str = typer.Argument(help="As 'mtreason models' lists it.")) -> None:
    """Delete a converted model from the cache; its packages stay installed."""
    from mtreason.cli.output import say
    from mtreason.models.files.cache import remove_cached

    say(f"removed {name}, {_size(remove_cached(name))} freed")


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"
