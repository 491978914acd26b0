"""``agree`` and ``turn-down``: the second person, where two are asked for."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from executions.cli.commands import completing
from executions.cli.commands.deciding import Reason
from executions.cli.commands.remote import AsText, talks, tell
from executions.cli.formats import Sentence
from executions.cli.remote.client import Client

Id = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="The id of a proposal (prp-…).",
        show_default=False,
        autocompletion=completing.of("proposal"),
    ),
]


@talks
def agree(client: Client, proposal: Id, output: AsText = Sentence.TEXT) -> None:
    """Agree to what somebody else asked for; `stigmer list proposals` shows what waits."""
    show_proposal(client.post(f"{_path(proposal)}/agree"), output)


@talks
def turn_down(
    client: Client, proposal: Id, reason: Reason = "", output: AsText = Sentence.TEXT
) -> None:
    """Turn down what somebody else asked for, or withdraw what you asked for."""
    show_proposal(client.post(f"{_path(proposal)}/turn-down", {"reason": reason}), output)


def is_proposal(answer: dict[str, Any]) -> bool:
    """Whether the server kept a verb for a second person in place of doing it."""
    return str(answer.get("id", "")).startswith("prp-")


def show_proposal(answer: dict[str, Any], output: Sentence) -> None:
    """Print its outcome in a line."""
    summary = f"{answer['id']}  {answer['verb']} of {answer['execution_id']}"
    if answer["is_open"]:
        sentence = f"{summary} waits for a second person: `stigmer agree {answer['id']}`"
    else:
        sentence = f"{summary}: {answer['outcome']}"
    tell(answer, sentence, output)


def _path(proposal: str) -> str:
    return f"/proposals/{quote(proposal, safe='')}"
