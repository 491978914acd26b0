"""``respond``: answer what a run asks people."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from executions.cli.commands.remote import AsText, talks
from executions.cli.formats import Sentence
from executions.cli.remote.client import Client

Id = Annotated[
    str, typer.Argument(metavar="ID", help="The id of an approval (ask-…).", show_default=False)
]
Form = Annotated[
    list[str] | None,
    typer.Option("--form", "-f", metavar="NAME=VALUE|@FILE", help="What the form asks for."),
]


@talks
def respond(
    client: Client,
    approval: Id,
    outcome: Annotated[
        str, typer.Argument(metavar="OUTCOME", help="One of its outcomes.", show_default=False)
    ],
    form: Form = None,
    comment: Annotated[str, typer.Option("--comment", "-m", help="A remark for the others.")] = "",
    output: AsText = Sentence.TEXT,
) -> None:
    """Answer what a run asks people; `stigmer list approvals` shows what waits."""
    from executions.cli.inputs import read_input

    given = read_input(form or ())
    body: dict[str, Any] = {"outcome": outcome, "comment": comment}
    body |= {} if given is None else {"form": given}
    answered = client.post(f"/approvals/{quote(approval, safe='')}/respond", body)
    if output == Sentence.JSON:
        from executions.cli.display.structured import print_structured

        print_structured(answered)
    else:
        print(f"{answered['execution_id']} goes on: {answered['response']['outcome']}")
