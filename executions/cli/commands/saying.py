"""``say`` and ``take-back``: to an agent's run while it works."""

from __future__ import annotations

from typing import Annotated

import typer

from executions.cli.commands.remote import talks
from executions.cli.commands.runs import ExecutionId
from executions.cli.remote.client import Client


@talks
def say(
    client: Client,
    execution: ExecutionId,
    message: Annotated[
        str, typer.Option("--message", "-m", help="The message to it.", show_default=False)
    ],
) -> None:
    """Say something to an agent's run while it works: it is taken at its next turn."""
    from executions.cli.kinds import execution_path

    queued = client.post(f"{execution_path(execution)}/messages", {"message": message})
    print(f"{queued['id']}  waits for the next turn")


@talks
def take_back(
    client: Client,
    execution: ExecutionId,
    tool: Annotated[str, typer.Argument(help="As the model calls it.", show_default=False)],
) -> None:
    """Take back what was approved for the rest of an agent's run: the tool asks again."""
    from executions.cli.kinds import execution_path

    client.post(f"{execution_path(execution)}/take-back", {"tool": tool})
    print(f"{tool} asks again from its next call on")
