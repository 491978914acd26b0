"""``repair``, ``doctor`` and ``administrator``: the local installation, without its web server."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from executions.cli.commands.remote import AsText
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Sentence


class Repairable(StrEnum):
    AGENTS = "agents"
    WORKFLOWS = "workflows"


def repair(
    kind: Annotated[
        Repairable | None, typer.Argument(help="The kind to look at; else all.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report, and change nothing.")] = False,
    output: AsText = Sentence.TEXT,
) -> None:
    """Mend workflows and agents whose default instance is missing or not linked."""
    from executions.cli.surroundings import use_settings

    use_settings(quiet=True)
    from executions.cli.repairing import as_json, report_lines
    from executions.recovery.repair import KINDS, repair

    report = repair(KINDS if kind is None else (kind.value,), dry_run)
    if output == Sentence.JSON:
        from executions.cli.display.structured import print_structured

        print_structured(as_json(report))
    else:
        print("\n".join(report_lines(report)))
    if any(orphan.problem for orphan in report.found):
        raise typer.Exit(ExitCode.FAILED)


def doctor(output: AsText = Sentence.TEXT) -> None:
    """Check everything that this installation needs, and say what to do."""
    from executions.cli.doctoring import examine, print_findings

    findings = examine()
    if output == Sentence.JSON:
        from dataclasses import asdict

        from executions.cli.display.structured import print_structured

        print_structured(
            {"ok": all(each.ok for each in findings), "checks": [asdict(each) for each in findings]}
        )
    else:
        print_findings(findings)
    if not all(each.ok for each in findings):
        raise typer.Exit(ExitCode.FAILED)


def administrator(
    name: Annotated[str, typer.Argument(help="Their name.", show_default=False)],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
) -> None:
    """Make an account that may do everything, or give one a new password."""
    import sys

    from executions.cli.surroundings import use_settings

    use_settings(quiet=True)
    from executions.cli.administrators import make

    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        question = f"Password of {name}"
        password = typer.prompt(question, hide_input=True, confirmation_prompt=True, err=True)
    else:
        message, remedy = "Nobody is there to be asked.", "Give the password with --password-stdin."
        raise CommandError(message, remedy=remedy, code=ExitCode.USAGE)
    print(make(name, password))
