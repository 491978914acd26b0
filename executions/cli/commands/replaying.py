"""``replay``: a finished run of an agent, walked again with no model and no tool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from executions.cli.commands.remote import AsText, talks
from executions.cli.commands.runs import ExecutionId
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Sentence
from executions.cli.remote.client import Client


@talks
def replay(
    client: Client,
    execution: ExecutionId,
    version: Annotated[
        int | None, typer.Option(help="As another version of its agent.", min=1)
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", metavar="FILE", help="As a text that is not applied yet."),
    ] = None,
    output: AsText = Sentence.TEXT,
) -> None:
    """Walk a finished run of an agent again, with no model and no tool: what would differ?"""
    from executions.cli.inputs import read_file
    from executions.cli.kinds import execution_path

    path = execution_path(execution)
    if not execution.startswith("aex-"):
        raise CommandError("Only a run of an agent can be replayed.", code=ExitCode.USAGE)
    if version is not None and file is not None:
        raise CommandError("Name a version or a file, not both.", code=ExitCode.USAGE)
    body: dict[str, Any] = {} if version is None else {"version": version}
    body |= {} if file is None else {"definition": read_file(file)}
    report = client.post(f"{path}/replay", body)
    if output == Sentence.JSON:
        from executions.cli.display.structured import print_structured

        print_structured(report)
    else:
        _say(report)
    if report["differences"]:
        raise typer.Exit(ExitCode.REFUSED)


def _say(report: dict[str, Any]) -> None:
    from executions.cli.display.words import plain

    for each in report["differences"]:
        print(f"{each['path'] or 'the run'}: {plain(each['text'])}")
        for sign, name in (("-", "before"), ("+", "after")):
            for line in each[name].splitlines()[:20]:
                print(f"    {sign} {plain(line)}")
    walked = f"{report['turns']} turns and {report['calls']} calls walked again"
    print(f"{walked}; {len(report['differences']) or 'no'} differences")
