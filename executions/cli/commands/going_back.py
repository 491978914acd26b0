"""``restore`` and ``override``: what support, administrators and operators do, each with a look at it before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from executions.cli.asking import confirm
from executions.cli.commands.deciding import Audited, Seq, decide_on, said, seen_at
from executions.cli.commands.remote import AsText, Server, Token, talks
from executions.cli.commands.runs import ExecutionId, Follow
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Sentence
from executions.cli.remote.client import Client
from executions.states import Phase

LARGEST_CHECKPOINT = 2**53


def restore(
    what: Annotated[
        str, typer.Argument(metavar="ID|FILE", help="A run (wex-… or aex-…), or a backup.", show_default=False)
    ],
    checkpoint: Annotated[
        int | None,
        typer.Option("--checkpoint", "--to", min=0, max=LARGEST_CHECKPOINT, help="Its sequence; 0 is the beginning."),
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take the latest restore back instead.")] = False,
    reason: Audited = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show which steps would run again.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    seq: Seq = None,
    follow: Follow = False,
    output: AsText = Sentence.TEXT,
    server: Server = None,
    token: Token = None,
) -> None:
    """Take a run back to a checkpoint (support and administrators), or this installation back to a backup.

    `stigmer list checkpoints --of ID` shows a run's checkpoints. A FILE of `stigmer backup` takes the database's
    place while nothing runs; what was there before is kept aside.
    """
    from executions.cli.kinds import is_execution_id

    if is_execution_id(what):
        from executions.cli.remote.address import resolve

        with Client(resolve(server, token)) as client:
            _restore_run(client, what, checkpoint, undo, reason, dry_run, yes, seq, follow, output)
        return
    if checkpoint is not None or undo or reason or seq is not None or follow or server or token:
        remedy = "A run's id begins with wex- or aex-; a backup takes no option but --yes and --dry-run."
        raise CommandError(f"{what!r} is not the id of a run.", remedy=remedy, code=ExitCode.USAGE)
    from executions.cli.commands.backups import restore_backup

    restore_backup(Path(what), yes=yes, dry_run=dry_run)


def _restore_run(
    client: Client,
    execution: str,
    checkpoint: int | None,
    undo: bool,
    reason: str,
    dry_run: bool,
    yes: bool,
    seq: int | None,
    follow: bool,
    output: Sentence,
) -> None:
    if undo == (checkpoint is not None) or (undo and dry_run):
        raise CommandError("Restore to what?", remedy="Give --checkpoint SEQ, or --undo.", code=ExitCode.USAGE)
    if not dry_run:
        _check_reason(reason)
    if undo:
        decide_on(client, execution, "undo-restore", {"reason": reason}, seq, follow, output)
        return
    shown = _restore_preview(client, execution, checkpoint, output, quiet=yes and not dry_run)
    if dry_run:
        return
    confirm(f"Restore {execution}?", yes, otherwise="Nothing was changed.")
    body = {"checkpoint_seq": checkpoint, "reason": reason}
    # What was shown is what is done: not where the run has changed meanwhile.
    decide_on(client, execution, "restore", body, shown["seq"] if seq is None else seq, follow, output)


@talks
def override(
    client: Client,
    execution: ExecutionId,
    phase: Annotated[Phase | None, typer.Argument(help="Left out: those that are possible are listed.")] = None,
    reason: Audited = "",
    seq: Seq = None,
    output: AsText = Sentence.TEXT,
) -> None:
    """Put a run into another phase, where no other verb fits (administrators)."""
    from executions.cli.kinds import execution_path

    path = f"{execution_path(execution)}/override"
    if phase is None:
        possible = client.get(path)
        choices = ", ".join(possible["choices"]) or "no other phase"
        said(possible | {"execution_id": execution}, f"{possible['phase']}; possible: {choices}.", output, False)
        return
    _check_reason(reason)
    done = client.post(path, {"phase": phase.value, "reason": reason}, headers=seen_at(seq))
    said(done, f"{done['phase']}.", output, False)


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise CommandError("A reason is needed.", remedy="Say why with --reason.", code=ExitCode.USAGE)


def _restore_preview(
    client: Client, execution: str, checkpoint: int | None, output: Sentence, *, quiet: bool
) -> dict[str, Any]:
    from executions.cli.display.previews import show_restore
    from executions.cli.kinds import execution_path

    shown = client.get(f"{execution_path(execution)}/restore", checkpoint_seq=checkpoint)
    if not quiet:
        show_restore(execution, shown, output)
    return shown
