"""``workers``: who drives executions; have one take nothing new, and let it take work again."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from executions.cli.commands import completing
from executions.cli.commands.remote import AsList, AsText, talks, tell
from executions.cli.formats import Listed, Sentence
from executions.cli.remote.client import Client

workers = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="See who drives executions, and have a worker take nothing new.",
)
WorkerId = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="wrk-…, as `stigmer workers list` shows it.",
        show_default=False,
        autocompletion=completing.of("worker"),
    ),
]


@workers.command("list")
@talks
def list_(
    client: Client,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 50,
    output: AsList = Listed.TABLE,
) -> None:
    """List the workers that live, with how many runs each drives."""
    from executions.cli.commands.show import print_all

    print_all(client, "worker", limit, output)


@workers.command("drain")
@talks
def drain(client: Client, worker: WorkerId, output: AsText = Sentence.TEXT) -> None:
    """Have one take nothing new; what it drives it finishes."""
    drained = client.post(f"/workers/{quote(worker, safe='')}/drain", {})
    drives = f"it finishes the {drained['held']} it drives" if drained["held"] else "it drives none"
    tell(drained, f"{drained['id']} takes no new runs; {drives}.", output)


@workers.command("resume")
@talks
def resume(client: Client, worker: WorkerId, output: AsText = Sentence.TEXT) -> None:
    """Let one that was drained take work again."""
    resumed = client.post(f"/workers/{quote(worker, safe='')}/resume", {})
    tell(resumed, f"{resumed['id']} takes work again.", output)
