"""``sinks``: where this server sends lifecycle events."""

from __future__ import annotations

from typing import Annotated

import typer

from executions.cli.commands.remote import Output, talks
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Format
from executions.cli.remote.client import Client

sinks = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Say where lifecycle events are sent, and send again what was given up.",
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Its name, or snk-…", show_default=False)]


@sinks.command("list")
@talks
def list_(client: Client, output: Output = Format.TABLE) -> None:
    """List the sinks, with what waits for each."""
    from executions.cli.commands.show import print_items
    from executions.cli.kinds import named

    print_items(named("sink"), list(client.items("/sinks", 100)), output)


@sinks.command("create")
@talks
def create(
    client: Client,
    name: Annotated[str, typer.Argument(help="What it is called.", show_default=False)],
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
    made = client.post("/sinks", {**body, "secret": secret, "with_output": with_output})
    print(f"{made['id']}: {made['name']} hears what happens from now on.")


@sinks.command("on")
@talks
def on(client: Client, name: Name) -> None:
    """Turn it on: it hears what happens from now on, and is tried at once."""
    client.post(f"/sinks/{_id(client, name)}/turn-on", {})
    print(f"{name} is on.")


@sinks.command("off")
@talks
def off(client: Client, name: Name) -> None:
    """Turn it off; what waits for it is kept."""
    client.post(f"/sinks/{_id(client, name)}/turn-off", {})
    print(f"{name} is off.")


@sinks.command("again")
@talks
def again(client: Client, name: Name) -> None:
    """Send again what was given up."""
    number = client.post(f"/sinks/{_id(client, name)}/send-again", {})["number"]
    print(f"To be sent again: {number}.")


@sinks.command("messages")
@talks
def messages(
    client: Client,
    name: Name,
    state: Annotated[str, typer.Option(help="waiting, sent or 'given up'.")] = "",
    output: Output = Format.TABLE,
) -> None:
    """List its messages, the newest first."""
    from executions.cli.commands.show import print_items
    from executions.cli.kinds import MESSAGE

    asked = {"state": state} if state else {}
    print_items(
        MESSAGE, client.get(f"/sinks/{_id(client, name)}/messages", **asked)["items"], output
    )


@sinks.command("delete")
@talks
def delete(client: Client, name: Name) -> None:
    """Delete it, with what waits for it."""
    client.delete(f"/sinks/{_id(client, name)}")
    print(f"{name} is deleted.")


def _id(client: Client, name: str) -> str:
    """The id of the sink of this name. Raises CommandError."""
    if name.startswith("snk-"):
        return name
    found = {item["name"]: str(item["id"]) for item in client.items("/sinks", 100)}
    if name not in found:
        known = ", ".join(found) or "none"
        raise CommandError(
            f"There is no sink {name!r}.", remedy=f"Known: {known}.", code=ExitCode.NOT_FOUND
        )
    return found[name]
