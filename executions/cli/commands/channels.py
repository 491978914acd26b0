"""``channels``: where notices are sent; and what channels and sinks have in common."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from executions.cli.commands.remote import AsList, talks
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Listed
from executions.cli.remote.client import Client

# So long a test is waited for: a worker looks each second, a receiver has half a minute.
PATIENCE_SECONDS = 45.0
LOOK_SECONDS = 0.5
Name = Annotated[str, typer.Argument(metavar="NAME", help="Its name, or snk-…", show_default=False)]
Address = Annotated[str | None, typer.Option(help="Another address.")]
Secret = Annotated[str | None, typer.Option(help="The name of the secret that signs; '' for none.")]
channels = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Say where notices are sent beside the inbox, try it, and give it rules.",
)


@channels.command("create")
@talks
def create(
    client: Client,
    kind: Annotated[str, typer.Argument(help="mail or webhook.", show_default=False)],
    name: Annotated[str, typer.Argument(help="Its name.", show_default=False)],
    address: Annotated[
        str, typer.Argument(help="Its address; your own mail goes to your account's address.")
    ] = "",
    types: Annotated[
        list[str] | None,
        typer.Option("--type", help="An event that it wants; may be given more than once."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="A workflow or agent that it is about.")
    ] = None,
    mute: Annotated[
        list[str] | None, typer.Option(help="A workflow or agent that it is not about.")
    ] = None,
    rhythm: Annotated[str, typer.Option(help="'at once', hourly or daily.")] = "at once",
    secret: Annotated[str, typer.Option(help="The name of the secret that signs.")] = "",
    of_server: Annotated[
        bool, typer.Option("--of-server", help="It hears of everybody's runs (administrators).")
    ] = False,
) -> None:
    """Declare one: it hears what happens from now on."""
    body = {"kind": kind, "name": name, "address": address, "rhythm": rhythm, "secret": secret}
    rules = {"types": types or [], "only": only or [], "muted": mute or []}
    channel = client.post("/channels", {**body, **rules, "of_server": of_server})
    print(f"{channel['id']}: {channel['name']} hears what happens from now on.")


@channels.command("change")
@talks
def change(
    client: Client,
    name: Name,
    address: Address = None,
    types: Annotated[
        list[str] | None,
        typer.Option("--type", help="The events that it wants from now on; '' for all."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="The workflows that it is about; '' for all.")
    ] = None,
    mute: Annotated[
        list[str] | None, typer.Option(help="Those that it is not about; '' for none.")
    ] = None,
    rhythm: Annotated[str | None, typer.Option(help="'at once', hourly or daily.")] = None,
    secret: Secret = None,
) -> None:
    """Change what is named; what waits already is sent to a new address too."""
    lists = {"types": texts(types), "only": texts(only), "muted": texts(mute)}
    rules = {"address": address, "rhythm": rhythm, "secret": secret}
    put_changes(client, "channel", name, {**lists, **rules})


@channels.command("test")
@talks
def test(client: Client, name: Name) -> None:
    """Send a test and say whether it was taken."""
    path = f"/channels/{id_of(client, '/channels', 'channel', name)}"
    message = client.post(f"{path}/test", {})
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        messages = [
            each for each in client.get(f"{path}/messages")["items"] if each["id"] == message["id"]
        ]
        if messages and (messages[0]["state"] != "waiting" or messages[0]["problem"]):
            break
        time.sleep(LOOK_SECONDS)
    else:
        raise CommandError(
            "The test still waits.", remedy="Is a worker alive? `stigmer doctor` says so."
        )
    if messages[0]["state"] != "sent":
        raise CommandError(f"{name} did not take the test.", remedy=str(messages[0]["problem"]))
    print(f"{name} took the test.")


def add_common(group: typer.Typer, kind: str, plural: str) -> None:
    """The commands of channels and of sinks; ``plural`` is the path in the API."""
    path = f"/{plural}"

    @group.command("list", help=f"List the {plural}, with what waits for each.")
    @talks
    def list_(
        client: Client,
        limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 100,
        output: AsList = Listed.TABLE,
    ) -> None:
        from executions.cli.commands.show import print_all

        print_all(client, kind, limit, output)

    @group.command("on")
    @talks
    def on(client: Client, name: Name) -> None:
        """Turn it on: it hears what happens from now on, and is tried at once."""
        client.post(f"{path}/{id_of(client, path, kind, name)}/turn-on", {})
        print(f"{name} is on.")

    @group.command("off")
    @talks
    def off(client: Client, name: Name) -> None:
        """Turn it off; what waits for it is kept."""
        client.post(f"{path}/{id_of(client, path, kind, name)}/turn-off", {})
        print(f"{name} is off.")

    @group.command("again")
    @talks
    def again(client: Client, name: Name) -> None:
        """Send again what was given up."""
        answer = client.post(f"{path}/{id_of(client, path, kind, name)}/send-again", {})
        print(f"To be sent again: {answer['number']}.")

    @group.command("messages")
    @talks
    def messages(
        client: Client,
        name: Name,
        state: Annotated[str, typer.Option(help="waiting, sent or 'given up'.")] = "",
        output: AsList = Listed.TABLE,
    ) -> None:
        """List its messages, the newest first."""
        from executions.cli.commands.show import print_items
        from executions.cli.kinds import MESSAGE

        filters: dict[str, Any] = {"state": state} if state else {}
        page = client.get(f"{path}/{id_of(client, path, kind, name)}/messages", **filters)
        print_items(MESSAGE, page["items"], output)

    @group.command("delete")
    @talks
    def delete(client: Client, name: Name) -> None:
        """Delete it, with what waits for it."""
        client.delete(f"{path}/{id_of(client, path, kind, name)}")
        print(f"{name} is deleted.")


def texts(values: list[str] | None) -> list[str] | None:
    """The list that an option was given: one empty text empties it, and none leaves it alone."""
    return [each for each in values if each] if values else None


def put_changes(client: Client, kind: str, name: str, options: dict[str, Any]) -> None:
    """Changes what was named of a channel or sink. Raises CommandError."""
    changes = {field: value for field, value in options.items() if value is not None}
    if not changes:
        raise CommandError(
            "Nothing is to be changed.", remedy="Name an option.", code=ExitCode.USAGE
        )
    path = f"/{kind}s"
    client.patch(f"{path}/{id_of(client, path, kind, name)}", changes)
    print(f"{name} is changed.")


def id_of(client: Client, path: str, kind: str, name: str) -> str:
    """The id of the one of this name. Raises CommandError."""
    if name.startswith("snk-"):
        return name
    ids = {item["name"]: str(item["id"]) for item in client.items(path, 100)}
    if name not in ids:
        names = ", ".join(ids) or "none"
        raise CommandError(
            f"There is no {kind} {name!r}.", remedy=f"Known: {names}.", code=ExitCode.NOT_FOUND
        )
    return ids[name]


add_common(channels, "channel", "channels")
