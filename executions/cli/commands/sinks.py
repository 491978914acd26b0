"""``sinks``: where this server sends lifecycle events."""

from __future__ import annotations

from typing import Annotated

import typer

from executions.cli.commands.channels import (
    Address,
    Name,
    Secret,
    add_common,
    put_changes,
    texts,
)
from executions.cli.commands.remote import talks
from executions.cli.remote.client import Client

sinks = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Say where lifecycle events are sent, and send again what was given up.",
)


@sinks.command("create")
@talks
def create(
    client: Client,
    name: Annotated[str, typer.Argument(help="Its name.", show_default=False)],
    address: Annotated[str, typer.Argument(help="Where it is.", show_default=False)],
    types: Annotated[
        list[str] | None,
        typer.Option("--type", help="A type that it wants; may be given more than once."),
    ] = None,
    secret: Annotated[str, typer.Option(help="The name of the secret that signs.")] = "",
    with_output: Annotated[bool, typer.Option(help="Send outputs along.")] = False,
) -> None:
    """Declare one: it hears what happens from now on."""
    body = {"name": name, "address": address, "types": types or []}
    sink = client.post("/sinks", {**body, "secret": secret, "with_output": with_output})
    print(f"{sink['id']}: {sink['name']} hears what happens from now on.")


@sinks.command("change")
@talks
def change(
    client: Client,
    name: Name,
    address: Address = None,
    types: Annotated[
        list[str] | None,
        typer.Option("--type", help="The types that it wants from now on; '' for all."),
    ] = None,
    secret: Secret = None,
    with_output: Annotated[bool | None, typer.Option(help="Send outputs along.")] = None,
) -> None:
    """Change what is named; what waits already is sent to a new address too."""
    rules = {"secret": secret, "with_output": with_output}
    put_changes(client, "sink", name, {"address": address, "types": texts(types), **rules})


add_common(sinks, "sink", "sinks")
