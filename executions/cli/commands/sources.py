"""``sources``: who sends signed webhooks to this server."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from executions.cli.commands.remote import AsList, AsText, talks
from executions.cli.formats import Listed, Sentence
from executions.cli.remote.client import Client

sources = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Make sources of signed webhooks, and see what they sent.",
)
SourceId = Annotated[str, typer.Argument(metavar="ID", help="src-…", show_default=False)]


@sources.command("list")
@talks
def list_(
    client: Client,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 50,
    output: AsList = Listed.TABLE,
) -> None:
    """List your sources; never their secrets."""
    from executions.cli.commands.show import print_all

    print_all(client, "event-source", limit, output)


@sources.command("create")
@talks
def create(
    client: Client,
    name: Annotated[str, typer.Argument(help="Who sends.", show_default=False)],
    event_type: Annotated[
        str, typer.Option("--type", help="The type of an event whose body says none.")
    ] = "webhook",
    output: AsText = Sentence.TEXT,
) -> None:
    """Make one. Its secret is printed now and never again."""
    _tell(client.post("/event-sources", {"name": name, "event_type": event_type}), output)


@sources.command("rotate")
@talks
def rotate(client: Client, source: SourceId, output: AsText = Sentence.TEXT) -> None:
    """Give it another secret; the one before signs nothing any more."""
    _tell(client.post(f"/event-sources/{source}/rotate", {}), output)


@sources.command("visits")
@talks
def visits(client: Client, source: SourceId, output: AsList = Listed.TABLE) -> None:
    """Show what it sent last, and why it was refused."""
    from executions.cli.commands.show import print_items
    from executions.cli.kinds import VISIT

    page = client.get(f"/event-sources/{source}/visits")
    print_items(VISIT, page["items"], output)


@sources.command("delete")
@talks
def delete(client: Client, source: SourceId) -> None:
    """Refuse its events from now on."""
    client.delete(f"/event-sources/{source}")
    print(f"{source} is deleted.")


def _tell(source: dict[str, Any], output: Sentence) -> None:
    from executions.cli.display.secret_once import show_secret

    sentence = f"{source['id']} sends to {source['url']}. Keep its secret: it is shown once."
    show_secret(source, sentence, output)
