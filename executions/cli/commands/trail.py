"""``audit``: the audit trail of this installation, read, verified and answered for on its own
machine.
"""

from __future__ import annotations

import sys
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from executions.cli.asking import confirm
from executions.cli.commands.remote import AsText
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Sentence
from executions.cli.moments import moment_of

if TYPE_CHECKING:
    from executions.audit import Problem, Verified
    from executions.audit.searching import Search

audit = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The audit trail of this installation."
)


class As(StrEnum):
    CSV = "csv"
    JSON = "json"


Who = Annotated[str, typer.Option("--who", metavar="NAME", help="The person who did it.")]
What = Annotated[str, typer.Option("--what", metavar="VERB", help="The verb that was done.")]
About = Annotated[
    str, typer.Option("--about", metavar="ID", help="The run, or whatever else it was done to.")
]
Outcome = Annotated[str, typer.Option("--outcome", help="done, refused or failed.")]
Since = Annotated[
    str, typer.Option("--since", metavar="TIME", help="A date and time, or 2d, 12h, 30m ago.")
]
Until = Annotated[str, typer.Option("--until", metavar="TIME", help="Before then.")]


@audit.command("list")
def list_(
    who: Who = "",
    what: What = "",
    about: About = "",
    outcome: Outcome = "",
    since: Since = "",
    until: Until = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many.")] = 50,
    output: AsText = Sentence.TEXT,
) -> None:
    """Show who did what to what, newest first."""
    _reads()
    from executions.audit.exporting import as_json
    from executions.audit.searching import matching

    rows = [as_json(row) for row in matching(_search(locals()))[:limit]]
    if output == Sentence.JSON:
        from executions.cli.display.structured import print_structured

        print_structured({"items": rows})
        return
    from executions.cli.display.words import plain

    for row in rows:
        how = "" if row["outcome"] == "done" else f" ({row['outcome']})"
        reason = f": {plain(row['reason'])}" if row["reason"] else ""
        moment, words = row["at"][:19].replace("T", " "), f"{row['what']} {row['about']}"
        print(f"{row['entry']}  {moment}  {plain(row['who'])}  {plain(words)}{how}{reason}")
    if not rows:
        print("No entry fits.")


@audit.command("export")
def export(
    who: Who = "",
    what: What = "",
    about: About = "",
    outcome: Outcome = "",
    since: Since = "",
    until: Until = "",
    form: Annotated[As, typer.Option("--format", help="The format to write.")] = As.CSV,
) -> None:
    """Write the trail to standard output, as CSV (no cell is a formula) or as JSON."""
    _reads()
    from executions.audit.exporting import FORMATS
    from executions.audit.searching import matching
    from executions.models.streaming import stream

    write = FORMATS[form][1]
    for text in write(stream(matching(_search(locals())))):
        sys.stdout.write(text)


@audit.command("verify")
def verify(output: AsText = Sentence.TEXT) -> None:
    """Verify every entry of the audit trail: none edited, missing, put in or out of order.

    It writes nothing.
    """
    _reads()
    verification = _verified()
    if output == Sentence.JSON:
        from executions.cli.display.structured import print_structured

        print_structured(
            {
                "whole": not verification.problems,
                "entries": verification.entries,
                "problems": [_told(problem) for problem in verification.problems],
                "acknowledged": [
                    {
                        **_told(each.problem),
                        "by": each.acknowledgement.by,
                        "reason": each.acknowledgement.reason,
                    }
                    for each in verification.acknowledged
                ],
            }
        )
    else:
        _print(verification)
    if verification.problems:
        raise typer.Exit(ExitCode.FAILED)


@audit.command("acknowledge")
def acknowledge(
    reason: Annotated[str, typer.Option("--reason", help="The cause, for later readers.")],
    name: Annotated[
        str, typer.Option("--as", metavar="NAME", help="The administrator who says so.")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Keep why what is wrong with the trail is no reason for alarm; it stays listed."""
    from executions.cli.surroundings import use_settings

    use_settings(quiet=True)
    from django.contrib.auth.models import User

    from executions import audit as trail

    actor = User.objects.filter(username=name, is_active=True).first()
    if actor is None:
        raise CommandError(f"There is no account {name!r}.", code=ExitCode.USAGE)
    verification = _verified()
    _print(verification)
    if not verification.problems:
        return
    confirm("Acknowledge all of them?", yes, otherwise="Nothing was changed.")
    entry = trail.acknowledge_all(actor, reason)
    print(f"Acknowledged with entry {entry.pk}.")


@audit.command("rotate-key")
def rotate_key() -> None:
    """Sign with a new key from now on; what earlier keys signed stays good."""
    from executions.cli.surroundings import use_settings

    use_settings(quiet=True)
    from django.conf import settings

    from executions import audit as trail

    before, after = trail.rotate_key()
    print(f"The key {after} signs from now on; {before} only verifies.")
    print(f"Keep a copy of {settings.STIGMER_AUDIT_KEY_FILE}, and copy it to every other host.")


@audit.command("prune")
def prune(
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="TIME", help="365d, 52w, or a date.")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Let old entries go to a signed file; the trail then begins behind them."""
    from executions.cli.surroundings import use_settings

    use_settings(quiet=True)
    from executions.audit.searching import Search, matching
    from executions.retention.trail import let_go

    before = _moment(older_than)
    assert before is not None, "an option that has to be given"
    number = matching(Search(until=before)).count()
    print(f"{number:,} entries are older than {before:%Y-%m-%d %H:%M}.")
    if not number:
        return
    confirm("Let them go to a file?", yes, otherwise="Nothing was changed.")
    left = let_go(before)
    print("None left." if left is None else f"{left.entries:,} entries are in {left.file} now.")


def _reads() -> None:
    from executions.cli.surroundings import only_read, use_settings

    use_settings(quiet=True, writes=False)
    only_read()


def _search(options: dict[str, Any]) -> Search:
    from executions.audit.searching import Search

    texts = {name: options[name] for name in ("who", "what", "about", "outcome")}
    return Search(**texts, since=_moment(options["since"]), until=_moment(options["until"]))


def _moment(text: str) -> datetime | None:
    """``2d`` is so long ago; a moment without a zone is meant in the server's."""
    from django.utils import timezone

    return moment_of(text, timezone.get_default_timezone()) if text else None


def _verified() -> Verified:
    from django.db import Error

    from executions import audit as trail

    try:
        return trail.verify()
    except Error as error:
        message = f"The audit trail could not be read: {str(error).strip()}."
        remedy = "`stigmer doctor` says what the database lacks."
        raise CommandError(message, remedy=remedy, code=ExitCode.UNAVAILABLE) from error


def _told(problem: Problem) -> dict[str, Any]:
    return {"entry": problem.entry, "how": str(problem.how), "detail": problem.detail}


def _print(verification: Verified) -> None:
    from executions.cli.display.words import plain

    for each in verification.acknowledged:
        acknowledgement = each.acknowledgement
        print(
            f"{each.problem.how} (acknowledged by {plain(acknowledgement.by)},"
            f" {acknowledgement.at:%Y-%m-%d}):"
            f" {plain(each.problem.detail)} {plain(acknowledgement.reason)}"
        )
    for problem in verification.problems:
        print(f"{problem.how}: {plain(problem.detail)}")
    verified = (
        f"{verification.entries:,} {'entry' if verification.entries == 1 else 'entries'} verified"
    )
    if verification.problems:
        print(
            f"{verified}, {len(verification.problems):,}"
            f" {'problem' if len(verification.problems) == 1 else 'problems'}."
        )
    elif verification.acknowledged:
        print(f"{verified}: nothing is wrong that is not acknowledged.")
    else:
        print(f"{verified}: the audit trail is whole.")
