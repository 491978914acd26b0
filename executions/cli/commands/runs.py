"""``run`` and ``logs``: start a run, see how it goes."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote

import typer

from executions.cli.commands import completing
from executions.cli.commands.remote import AsText, talks
from executions.cli.commands.show import suggest
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Sentence
from executions.cli.kinds import execution_path, named
from executions.cli.moments import moment_of
from executions.cli.remote.client import Client, ConnectionLost
from executions.states import Runner

ExecutionId = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="The id of a run (wex-… or aex-…).",
        show_default=False,
        autocompletion=completing.runs,
    ),
]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Follow it until it ends.")]
Input = Annotated[
    list[str] | None,
    typer.Option(
        "--input", "-i", metavar="NAME=VALUE|@FILE", help="The input; may be given more than once."
    ),
]


class Runnable(StrEnum):
    WORKFLOW = "workflow"
    AGENT = "agent"


@talks
def run(
    client: Client,
    kind: Annotated[Runnable, typer.Argument(help="What to run.", show_default=False)],
    name: Annotated[
        str,
        typer.Argument(help="Its name or id.", show_default=False, autocompletion=completing.names),
    ],
    instance: Annotated[
        str | None, typer.Option(help="The instance to run it in; else the default one.")
    ] = None,
    message: Annotated[
        str | None, typer.Option("--message", "-m", help="The message to it.")
    ] = None,
    input: Input = None,
    workspace: Annotated[
        str | None,
        typer.Option(
            metavar="temporary|none|REPOSITORY|@FILE",
            help="Its workspace, in place of what its definition says; or a JSON object.",
        ),
    ] = None,
    follow: Follow = False,
    label: Annotated[str, typer.Option("--name", help="A name for the run.")] = "",
    session: Annotated[
        str | None, typer.Option(help="An agent's conversation to go on with.")
    ] = None,
    runner: Annotated[
        Runner, typer.Option(help="Its driver: our workers or somebody else.")
    ] = Runner.OURS,
    key: Annotated[
        str | None, typer.Option("--idempotency-key", help="The same key starts one run only.")
    ] = None,
    output: AsText = Sentence.TEXT,
) -> None:
    """Start a workflow or an agent."""
    from executions.cli.inputs import read_input, read_workspace

    body: dict[str, Any] = {
        "name": label,
        "runner": runner.value,
        "instance": instance,
        "message": message,
        "workspace": None if workspace is None else read_workspace(workspace),
    }
    body |= {"session_id": session} if kind == Runnable.AGENT else {}
    values = read_input(input or ())
    body |= {} if values is None else {"input": values}
    body = {field: value for field, value in body.items() if value not in (None, "")}
    path = f"/{kind.value}s/{quote(name, safe='')}/run"
    try:
        accepted = _posted_once(client, path, body, key or str(uuid.uuid4()))
    except CommandError as error:
        if error.code == ExitCode.NOT_FOUND:
            suggest(client, named(kind.value), name)
        raise
    path = _path_of(accepted)
    if follow:
        from executions.cli.commands.follow import follow as follow_it

        follow_it(client, path, how=output)
    elif output == Sentence.JSON:
        from executions.cli.display.structured import print_structured

        print_structured(accepted)
    else:
        print(f"{accepted['id']}  {accepted['phase']}")
        print(
            f"{accepted['message'].partition(';')[0].rstrip('.')}. Follow it: stigmer logs -f"
            f" {accepted['id']}"
        )


@talks
def logs(
    client: Client,
    execution: ExecutionId,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until it ends.")] = False,
    after: Annotated[
        int | None, typer.Option(help="Only what came after this sequence.", min=0)
    ] = None,
    tail: Annotated[int | None, typer.Option(help="Only the last so many.", min=1)] = None,
    since: Annotated[
        str | None, typer.Option(help="Only since then: `30s`, `10m`, `2h`, `3d`, or a date.")
    ] = None,
    output: AsText = Sentence.TEXT,
) -> None:
    """Show a run's history; with -f, as it goes."""
    path = execution_path(execution)
    if tail is not None or since is not None:
        after = _after(client.history(path, after or 0), tail, since)
    if follow:
        from executions.cli.commands.follow import follow as follow_it

        follow_it(client, path, how=output, after=after)
        return
    entries = client.history(path, after or 0)
    if output == Sentence.JSON:
        from executions.cli.display.structured import print_json_line

        for entry in entries:
            print_json_line(entry)
        return
    from executions.cli.display import history
    from executions.cli.display.screen import print_line

    for parts in history.lines(list(entries)):
        print_line(*parts)


def _posted_once(client: Client, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
    """Started once, though the answer may get lost on the way: the second request carries the same
    key.
    """
    headers = {"Idempotency-Key": key}
    try:
        return client.post(path, body, headers=headers)
    except ConnectionLost as lost:
        if not lost.may_have_arrived:
            raise
    return client.post(path, body, headers=headers)


def _after(entries: Iterable[dict[str, Any]], tail: int | None, since: str | None) -> int:
    """The sequence after which the entries that are asked for come."""
    from executions.cli.display.words import moment

    begin = moment_of(since) if since else None
    last, sequences = 0, deque[int](maxlen=tail)
    for entry in entries:
        at = moment(entry.get("at"))
        if begin is not None and at is not None and at < begin:
            last = entry["seq"]
        else:
            sequences.append(entry["seq"])
    return sequences[0] - 1 if sequences else last


def _path_of(accepted: dict[str, Any]) -> str:
    try:
        return execution_path(str(accepted["id"]))
    except KeyError:
        raise CommandError(
            "The server did not say which run it started.", code=ExitCode.FAILED
        ) from None
