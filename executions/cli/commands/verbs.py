"""What can be done to a run: the verbs of the API, one command each."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from executions.cli.commands.deciding import Reason, Seq, decide_on, follow_on, said
from executions.cli.commands.remote import AsText, talks
from executions.cli.commands.runs import ExecutionId, Follow, Input
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Sentence
from executions.cli.remote.client import Client

Value = Annotated[str | None, typer.Option("--output-value", metavar="JSON|@FILE", help="The step's output.")]


LARGEST_VERSION = 2**31 - 1


class Choice(StrEnum):
    RUN_AGAIN = "run-again"
    MARK_DONE = "mark-done"
    FAIL = "fail"


@talks
def retry(
    client: Client,
    execution: ExecutionId,
    input: Input = None,
    as_new_operation: Annotated[
        bool, typer.Option("--as-new-operation", help="With a new idempotency key: the effect may happen once more.")
    ] = False,
    reason: Reason = "",
    seq: Seq = None,
    follow: Follow = False,
    output: AsText = Sentence.TEXT,
) -> None:
    """Try the failed step again; --input edits its arguments."""
    from executions.cli.inputs import read_input

    given = read_input(input or ())
    body: dict[str, Any] = {} if given is None else {"input": given}
    if as_new_operation:
        body["as_new_operation"] = True
    decide_on(client, execution, "retry", body | _why(reason), seq, follow, output)


@talks
def skip(
    client: Client,
    execution: ExecutionId,
    value: Value = None,
    reason: Reason = "",
    seq: Seq = None,
    follow: Follow = False,
    output: AsText = Sentence.TEXT,
) -> None:
    """Go on without the failed step, if it is optional."""
    decide_on(client, execution, "skip", _output(value) | _why(reason), seq, follow, output)


@talks
def recover(
    client: Client,
    execution: ExecutionId,
    onto: Annotated[
        int | None,
        typer.Option("--onto", min=1, max=LARGEST_VERSION, help="Go on with this version of its workflow."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --onto: only show what it would do.")] = False,
    reason: Reason = "",
    seq: Seq = None,
    follow: Follow = False,
    output: AsText = Sentence.TEXT,
) -> None:
    """Verify the checkpoints of a failed run and go on from the last one."""
    if dry_run:
        _preview(client, execution, onto, output)
        return
    body = {} if onto is None else {"version": onto}
    decide_on(client, execution, "recover", body | _why(reason), seq, follow, output)


@talks
def decide(
    client: Client,
    execution: ExecutionId,
    choice: Annotated[Choice, typer.Argument(help="What to do about it.", show_default=False)],
    value: Value = None,
    reason: Reason = "",
    seq: Seq = None,
    follow: Follow = False,
    output: AsText = Sentence.TEXT,
) -> None:
    """Answer a step of which nobody knows whether it happened."""
    body = {"choice": choice.value.replace("-", "_"), **_output(value), **_why(reason)}
    decide_on(client, execution, "decide", body, seq, follow, output)


@talks
def cancel(client: Client, execution: ExecutionId, output: AsText = Sentence.TEXT) -> None:
    """Stop a run at its next boundary; at once where nothing runs."""
    _control(client, execution, "cancel", output)


@talks
def terminate(client: Client, execution: ExecutionId, output: AsText = Sentence.TEXT) -> None:
    """End a run now, whatever runs; it cannot be continued."""
    _control(client, execution, "terminate", output)


@talks
def pause(client: Client, execution: ExecutionId, output: AsText = Sentence.TEXT) -> None:
    """Start no further step of a run until it is resumed."""
    _control(client, execution, "pause", output)


@talks
def resume(client: Client, execution: ExecutionId, follow: Follow = False, output: AsText = Sentence.TEXT) -> None:
    """Go on with a paused run."""
    _control(client, execution, "resume", output, follow=follow)


def _preview(client: Client, execution: str, onto: int | None, output: Sentence) -> None:
    from executions.cli.display.previews import show_recover
    from executions.cli.kinds import execution_path

    if onto is None:
        remedy = "Name it with --onto VERSION; a plain recovery runs the failed step again and nothing else."
        raise CommandError("--dry-run is about another version.", remedy=remedy, code=ExitCode.USAGE)
    shown = client.get(f"{execution_path(execution)}/recover", version=onto)
    show_recover(execution, shown, output)
    if not shown["fits"]:
        raise CommandError(f"Version {onto} would not be gone on with.", code=ExitCode.REFUSED)


def _why(reason: str) -> dict[str, Any]:
    return {"reason": reason} if reason else {}


def _output(value: str | None) -> dict[str, Any]:
    from executions.cli.inputs import read_value

    return {} if value is None else {"output": read_value(value)}


def _control(client: Client, execution: str, verb: str, output: Sentence, *, follow: bool = False) -> None:
    from executions.cli.kinds import execution_path

    path = execution_path(execution)
    controlled = client.post(f"{path}/{verb}")
    asked = " Asked for: it is honoured when the step that runs now has ended." if controlled["asked"] else ""
    said(controlled, f"{controlled['phase']}.{asked}", output, follow)
    if follow:
        follow_on(client, path, controlled, output)
