"""``search``: runs of workflows and agents, as one types above the list of runs."""

from __future__ import annotations

from typing import Annotated

import typer

from executions.cli.commands.remote import AsList, talks
from executions.cli.commands.show import print_items, say_more
from executions.cli.formats import Listed
from executions.cli.kinds import of_verbs
from executions.cli.remote.client import Client


@talks
def search(
    client: Client,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="WORDS...", help="`late parcel status:failed after:2d`.", show_default=False
        ),
    ],
    limit: Annotated[int, typer.Option(help="How many of each kind at most.", min=1)] = 20,
    output: AsList = Listed.TABLE,
) -> None:
    """Find runs, the newest first."""
    for kind in of_verbs():
        items, has_more = client.some(kind.path, limit, q=" ".join(words))
        if items or output in (Listed.TABLE, Listed.WIDE):
            print_items(kind, items, output)
        if has_more:
            say_more(limit)
