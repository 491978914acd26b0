"""``audit verify``: whether the audit trail of this installation is what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from executions.cli.commands.remote import AsText
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Sentence

if TYPE_CHECKING:
    from executions.audit import Verified

audit = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The audit trail of this installation."
)


@audit.callback()
def _group() -> None:
    """Keeps the name of the only subcommand."""


@audit.command("verify")
def verify(output: AsText = Sentence.TEXT) -> None:
    """Verify every entry of the audit trail: none edited, missing, put in or out of order.

    It writes nothing.
    """
    from executions.cli.surroundings import only_read, use_settings

    use_settings(quiet=True, writes=False)
    only_read()
    found = _verified()
    if output == Sentence.JSON:
        from executions.cli.display.structured import print_structured

        problems = [problem.model_dump(mode="json") for problem in found.problems]
        print_structured({"whole": not problems, "entries": found.entries, "problems": problems})
    else:
        _print(found)
    if found.problems:
        raise typer.Exit(ExitCode.FAILED)


def _verified() -> Verified:
    from django.db import Error

    from executions import audit as trail

    try:
        return trail.verify()
    except Error as error:
        message = f"The audit trail could not be read: {str(error).strip()}."
        remedy = "`stigmer doctor` says what the database lacks."
        raise CommandError(message, remedy=remedy, code=ExitCode.UNAVAILABLE) from error


def _print(found: Verified) -> None:
    from executions.cli.display.words import plain

    for problem in found.problems:
        print(f"{problem.how}: {plain(problem.detail)}")
    verified = f"{found.entries:,} {'entry' if found.entries == 1 else 'entries'} verified"
    if found.problems:
        print(
            f"{verified}, {len(found.problems):,}"
            f" {'problem' if len(found.problems) == 1 else 'problems'}."
        )
    else:
        print(f"{verified}: the audit trail is whole.")
