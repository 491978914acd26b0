"""Following a run to its end: ``logs -f``, and ``--follow`` of what starts or continues one."""

from __future__ import annotations

import typer

from executions.cli.display.screen import note
from executions.cli.exits import ExitCode
from executions.cli.formats import Sentence
from executions.cli.interrupts import heard_for_sure
from executions.cli.remote.client import Client
from executions.cli.remote.stream import Following, Update

_INTERRUPTED_BY_PERSON = (
    "Not followed any more; the run goes on. Follow it again: stigmer logs -f {id}"
)


def follow(
    client: Client, execution_path: str, *, how: Sentence = Sentence.TEXT, after: int | None = None
) -> None:
    """Show every update until the run has ended.

    Exits with RUN_FAILED where it did not complete, and with INTERRUPTED on Ctrl-C, which leaves
    the run alone.
    """
    run_id = execution_path.rpartition("/")[2]
    try:
        with heard_for_sure():
            print_updates = _as_json if how == Sentence.JSON else _as_text
            last = print_updates(client, execution_path, after)
    except KeyboardInterrupt:
        note("\n" + _INTERRUPTED_BY_PERSON.format(id=run_id))
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    if last is None or last.execution["status"]["phase"] != "COMPLETED":
        raise typer.Exit(ExitCode.RUN_FAILED)


def _as_text(client: Client, execution_path: str, after: int | None) -> Update | None:
    if execution_path.startswith("/agent-executions/"):
        return _as_talk(client, execution_path, after)
    from executions.cli.display.progress import Progress

    last = None
    with Progress(heading=after is None) as progress:
        for last in Following(client, execution_path, progress.say, after).updates():
            progress.show(last)
    return last


def _as_talk(client: Client, execution_path: str, after: int | None) -> Update | None:
    """An agent's run: what it says while it comes, and what its tools gave."""
    from executions.cli.display.talk import Talk

    last, talk = None, Talk(client, execution_path, heading=after is None)
    following = Following(client, execution_path, talk.say, after, heard=talk.hear)
    for last in following.updates():
        talk.show(last)
    return last


def _as_json(client: Client, execution_path: str, after: int | None) -> Update | None:
    from executions.cli.display.structured import print_json_line

    last = None
    for last in Following(client, execution_path, note, after).updates():
        print_json_line(last.raw)
    return last
