"""``bulk``: one verb for many runs, and what became of each."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from executions.cli.asking import confirm
from executions.cli.commands.deciding import Reason
from executions.cli.commands.remote import AsText, talks, tell
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Sentence
from executions.cli.remote.client import Client
from executions.verbs.rows import VERBS

bulk = typer.Typer(name="bulk", help="Do one verb to many runs.", no_args_is_help=True)
_NAMES = ", ".join(verb.slug for verb in VERBS.values() if verb.in_bulk)
_WAIT_SECONDS = 1.0
Id = Annotated[
    str, typer.Argument(metavar="ID", help="The id of a bulk run (blk-…).", show_default=False)
]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Wait until it has ended.")]


@bulk.command("start")
@talks
def start(
    client: Client,
    verb: Annotated[str, typer.Argument(metavar="VERB", help=f"{_NAMES}.", show_default=False)],
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN]...", help="Ids of runs.")
    ] = None,
    cause: Annotated[
        str, typer.Option(help="All that need attention for this cause (`list causes`).")
    ] = "",
    search: Annotated[
        str, typer.Option(help="All that match: `status:failed workflow:orders after:1d`.")
    ] = "",
    reason: Reason = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    follow: Follow = False,
    output: AsText = Sentence.TEXT,
) -> None:
    """Begin it; `stigmer bulk stop ID` takes back what nothing has come of."""
    body: dict[str, Any] = {"verb": verb, "reason": reason}
    body |= {"execution_ids": runs} if runs else {}
    body |= {"cause": cause} if cause else {}
    body |= {"q": search} if search else {}
    if len(body) != 3:
        raise CommandError(
            f"{verb} which runs?",
            remedy="Give ids of runs, --cause or --search, one of the three.",
            code=ExitCode.USAGE,
        )
    operation = _begun(client, body, yes)
    if follow:
        operation = _ended(client, operation["id"])
    _say(operation, output)


@bulk.command("show")
@talks
def show(
    client: Client, bulk_id: Id, follow: Follow = False, output: AsText = Sentence.TEXT
) -> None:
    """How far it has come, and which runs refused."""
    operation = _ended(client, bulk_id) if follow else client.get(_path(bulk_id))
    _say(operation, output)
    if output == Sentence.TEXT and operation["counts"]["refused"]:
        for item in client.items(f"{_path(bulk_id)}/items", 100_000):
            if item["status"] == "REFUSED":
                print(f"{item['execution_id']}  {item['said']}")


@bulk.command("stop")
@talks
def stop(client: Client, bulk_id: Id, output: AsText = Sentence.TEXT) -> None:
    """Stop it, and take back what nothing has come of."""
    client.post(f"{_path(bulk_id)}/stop")
    _say(_ended(client, bulk_id), output)


def _begun(client: Client, body: dict[str, Any], yes: bool) -> dict[str, Any]:
    """Begin it; where very many are meant the person is asked first, by number."""
    from executions.cli.remote.problem import ServerProblem

    try:
        operation: dict[str, Any] = client.post("/bulk-runs", body)
    except ServerProblem as problem:
        many = problem.count
        if not isinstance(many, int):
            raise
        confirm(f"{many:,} runs are meant. Go on?", yes, otherwise="Nothing was done.")
        operation = client.post("/bulk-runs", {**body, "confirmed": many})
    return operation


def _ended(client: Client, bulk_id: str) -> dict[str, Any]:
    """Once it has ended."""
    from time import sleep

    while True:
        operation: dict[str, Any] = client.get(_path(bulk_id))
        if operation["ended_at"] is not None:
            return operation
        sleep(_WAIT_SECONDS)


def _path(bulk_id: str) -> str:
    return f"/bulk-runs/{quote(bulk_id, safe='')}"


def _say(operation: dict[str, Any], output: Sentence) -> None:
    counts = ", ".join(
        f"{many:,} {status.replace('_', ' ')}"
        for status, many in operation["counts"].items()
        if many
    )
    heading = f"{operation['id']}  {operation['verb']}, {operation['phase'].lower()}"
    tell(operation, f"{heading}: {counts}. {operation['said']}".rstrip(), output)
