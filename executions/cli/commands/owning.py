"""``hand-over``: a workflow, an agent or a skill to a group of people, and back."""

from __future__ import annotations

from typing import Annotated

import typer

from executions.cli.commands import completing
from executions.cli.commands.remote import talks
from executions.cli.commands.show import item_path
from executions.cli.exits import CommandError, ExitCode
from executions.cli.kinds import named
from executions.cli.remote.client import Client

OWNED = ("workflow", "agent", "skill")


@talks
def hand_over(
    client: Client,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="workflow, agent or skill.",
            show_default=False,
            autocompletion=completing.kinds,
        ),
    ],
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="Its name or id.",
            show_default=False,
            autocompletion=completing.names,
        ),
    ],
    group: Annotated[
        str,
        typer.Argument(
            metavar="GROUP",
            help="A group that you are in; `stigmer list groups` names them.",
            show_default=False,
        ),
    ] = "",
    back: Annotated[bool, typer.Option("--back", help="To no group: its owner's alone.")] = False,
) -> None:
    """Let a group see, run and change a workflow, an agent or a skill, and look at its runs."""
    kind_row = named(kind)
    if kind_row.name not in OWNED:
        raise CommandError(
            f"A group owns no {kind_row.plural}.",
            remedy=f"It owns one of {', '.join(OWNED)}.",
            code=ExitCode.USAGE,
        )
    if bool(group) == back:
        raise CommandError(
            "Name the group, or say --back: one of the two.",
            remedy=f"hand-over {kind_row.name} {name} GROUP; `stigmer list groups` names them.",
            code=ExitCode.USAGE,
        )
    changed = client.patch(item_path(kind_row, name), {"group": group})
    owner = f"the group {group}" if group else "its owner alone"
    print(f"{kind_row.name} {changed['metadata']['name']} belongs to {owner}")
