"""``respond``: answer what a run asks people."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from executions.cli.commands import completing
from executions.cli.commands.remote import AsText, talks, tell
from executions.cli.formats import Sentence
from executions.cli.remote.client import Client

Id = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="The id of an approval (ask-…).",
        show_default=False,
        autocompletion=completing.of("approval"),
    ),
]
Form = Annotated[
    list[str] | None,
    typer.Option("--form", "-f", metavar="NAME=VALUE|@FILE", help="The values of the form."),
]


@talks
def approve(
    client: Client,
    approval: Id,
    form: Form = None,
    comment: Annotated[str, typer.Option("--comment", "-m", help="A remark for the others.")] = "",
    output: AsText = Sentence.TEXT,
) -> None:
    """Say yes to what a run asks: the same as `respond ID approve`."""
    _respond(client, approval, "approve", form, comment, output)


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
    _respond(client, approval, outcome, form, comment, output)


def _respond(
    client: Client,
    approval: str,
    outcome: str,
    form: list[str] | None,
    comment: str,
    output: Sentence,
) -> None:
    from executions.cli.inputs import read_input

    answers, address = read_input(form or ()), f"/approvals/{quote(approval, safe='')}"
    body: dict[str, Any] = {"outcome": outcome, "comment": comment}
    if answers is not None:
        body["form"] = filled(client.get(address)["form"], answers)
    answer = client.post(f"{address}/respond", body)
    sentence = f"{answer['execution_id']} goes on: {answer['response']['outcome']}"
    tell(answer, sentence, output)


def filled(form: Any, answers: Any) -> Any:
    """The form's proposals stand for fields that are left out, as on its page."""
    fields = form.get("properties") if isinstance(form, dict) else None
    if not isinstance(fields, dict) or not isinstance(answers, dict):
        return answers
    proposed = {
        name: field["default"]
        for name, field in fields.items()
        if isinstance(field, dict) and "default" in field
    }
    return proposed | answers
