"""What can be done to a run: the verbs of the API, one command each."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from executions.cli.commands.remote import AsText, talks
from executions.cli.commands.runs import ExecutionId, Follow, Input
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Sentence
from executions.cli.remote.client import Client

Seq = Annotated[
    int | None,
    typer.Option("--seq", min=0, help="Only if the run still stands at this sequence."),
]
Reason = Annotated[str, typer.Option(help="Why; kept in the history.")]
Value = Annotated[str | None, typer.Option("--output-value", metavar="JSON|@FILE", help="The step's output.")]


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
    _decide(client, execution, "retry", body, reason, seq, follow, output)


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
    _decide(client, execution, "skip", _output(value), reason, seq, follow, output)


@talks
def recover(
    client: Client,
    execution: ExecutionId,
    reason: Reason = "",
    seq: Seq = None,
    follow: Follow = False,
    output: AsText = Sentence.TEXT,
) -> None:
    """Verify the checkpoints of a failed run and go on from the last one."""
    _decide(client, execution, "recover", {}, reason, seq, follow, output)


@talks
def restore(
    client: Client,
    execution: ExecutionId,
    reason: Annotated[str, typer.Option(help="Why; kept in the history and the audit.")],
    to: Annotated[int | None, typer.Option("--to", min=1, help="The sequence of the checkpoint to go back to.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take the latest restore back instead.")] = False,
    seq: Seq = None,
    follow: Follow = False,
    output: AsText = Sentence.TEXT,
) -> None:
    """Go back to a checkpoint (support and administrators). `stigmer list checkpoints --of ID` shows them."""
    if undo == (to is not None):
        raise CommandError("Restore to what?", remedy="Give --to SEQ, or --undo.", code=ExitCode.USAGE)
    verb, body = ("undo-restore", {}) if undo else ("restore", {"checkpoint_seq": to})
    _decide(client, execution, verb, body, reason, seq, follow, output)


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
    body = {"choice": choice.value.replace("-", "_"), **_output(value)}
    _decide(client, execution, "decide", body, reason, seq, follow, output)


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


def _output(value: str | None) -> dict[str, Any]:
    from executions.cli.inputs import read_value

    return {} if value is None else {"output": read_value(value)}


def _decide(
    client: Client,
    execution: str,
    verb: str,
    body: dict[str, Any],
    reason: str,
    seq: int | None,
    follow: bool,
    output: Sentence,
) -> None:
    from executions.cli.display.words import count, step_of
    from executions.cli.kinds import execution_path

    path = execution_path(execution)
    body |= {"reason": reason} if reason else {}
    headers = {} if seq is None else {"If-Match": f'"{seq}"'}
    decided = client.post(f"{path}/{verb}", body, headers=headers)
    where = step_of(decided["next_step"])
    kept = f"{count(decided['kept'], 'finished step')} {'is' if decided['kept'] == 1 else 'are'} kept"
    _said(decided, f"{decided['phase']}: it goes on{f' at {where}' if where != '-' else ''}; {kept}.", output, follow)
    if follow:
        from executions.cli.commands.follow import follow as follow_it

        # From before the decision's own commit, so that its line is part of what is shown.
        follow_it(client, path, how=output, after=max(0, int(decided["seq"]) - 1))


def _control(client: Client, execution: str, verb: str, output: Sentence, *, follow: bool = False) -> None:
    from executions.cli.kinds import execution_path

    path = execution_path(execution)
    controlled = client.post(f"{path}/{verb}")
    asked = " Asked for: it is honoured when the step that runs now has ended." if controlled["asked"] else ""
    _said(controlled, f"{controlled['phase']}.{asked}", output, follow)
    if follow:
        from executions.cli.commands.follow import follow as follow_it

        follow_it(client, path, how=output, after=max(0, int(controlled["seq"]) - 1))


def _said(answer: dict[str, Any], sentence: str, output: Sentence, follow: bool) -> None:
    if output == Sentence.TEXT:
        print(f"{answer['execution_id']}  {sentence}")
    elif not follow:
        from executions.cli.display.structured import print_structured

        print_structured(answer)
