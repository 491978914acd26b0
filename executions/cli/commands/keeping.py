"""``prune``, ``vacuum``, ``export`` and ``import``: what is kept, and for how long."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from executions.cli.asking import confirm
from executions.cli.commands.remote import AsText, talks
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Sentence
from executions.cli.remote.client import Client

if TYPE_CHECKING:
    from executions.retention.preview import Preview

# How fast a disk writes a file anew, at least.
BYTES_A_SECOND = 30_000_000


def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go.")] = False,
    output: AsText = Sentence.TEXT,
) -> None:
    """Archive the runs that are kept no longer, now; workers do it by themselves."""
    from executions.cli.surroundings import only_read, use_settings

    use_settings(quiet=True, writes=not dry_run)
    if dry_run:
        only_read()
    from executions.retention.preview import preview

    if dry_run:
        _say(preview(), output)
        return
    _prune(output)


def vacuum(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Write an SQLite file anew, so that it gives back what is free in it from now on."""
    from executions.cli.surroundings import use_settings

    use_settings(quiet=True)
    from executions.retention import rewriting, space

    here = space.size()
    if here.left is None:
        print(
            "PostgreSQL uses what is free for what comes next, and its autovacuum finds it."
            " `VACUUM FULL` gives it to the disk: it locks each table while it writes it anew."
        )
        return
    if space.can_give_back() and here.free < here.bytes // 10:
        print("Nothing to do: the file gives back what is free by itself.")
        return
    seconds = max(1, round(here.bytes / BYTES_A_SECOND))
    print(
        f"The database has {here.bytes:,} bytes, {here.free:,} of them free. Writing it anew takes"
        f" about {seconds:,} s, in which nothing else can be written (runs wait and go on), and up"
        f" to {2 * here.used:,} bytes of the disk, of which {here.left:,} are free."
    )
    if here.left < 2 * here.used:
        raise CommandError("The disk has too little room.", remedy="Free some, or another time.")
    confirm("Write it anew?", yes, otherwise="Nothing was changed.")
    rewriting.rewrite()
    after = space.size()
    print(f"It has {after.bytes:,} bytes now, and gives back what becomes free by itself.")


@talks
def export(
    client: Client,
    execution: Annotated[str, typer.Argument(metavar="ID", help="The run.", show_default=False)],
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", metavar="FILE", help="A new file; else ID.jsonl.gz."),
    ] = None,
) -> None:
    """Write a run with its history into a file, secrets hidden; `import` reads it."""
    from executions.cli.kinds import is_execution_id

    if not is_execution_id(execution):
        message, remedy = f"{execution!r} is not the id of a run.", "It begins with wex- or aex-."
        raise CommandError(message, remedy=remedy, code=ExitCode.USAGE)
    path = file or Path(f"{execution}.jsonl.gz")
    kind = "agent" if execution.startswith("aex-") else "workflow"
    if path.exists():
        raise CommandError(f"{path} is there already.", remedy="Name another file.")
    packed = client.download(f"/{kind}-executions/{execution}/export")
    with path.open("xb") as written:
        path.chmod(0o600)
        written.write(packed)
    print(f"{path}: {len(packed):,} bytes.")


def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="An archive or an export.", show_default=False)
    ],
    name: Annotated[
        str,
        typer.Option("--as", metavar="NAME", help="Whose they are where their owner is not here."),
    ] = "",
    only: Annotated[str, typer.Option("--id", metavar="ID", help="This run alone.")] = "",
    look: Annotated[
        bool, typer.Option("--list", help="Say what is inside, and read nothing.")
    ] = False,
    applies: Annotated[
        bool, typer.Option("--apply", help="Apply definitions that are missing here.")
    ] = False,
    foreign: Annotated[
        bool, typer.Option("--foreign", help="Trust a file of another installation.")
    ] = False,
) -> None:
    """Read archived or exported runs back, as copies with new ids that call nothing."""
    from executions.cli.surroundings import use_settings

    use_settings(quiet=True)
    from django.contrib.auth.models import User

    from executions.retention.format import ArchiveUnreadable
    from executions.retention.importing import import_runs, listed

    try:
        if look:
            for each in listed(file):
                print(f"{each.id}  {each.phase}  {each.subject}  {each.owner}  {each.name}")
            return
        actor = User.objects.filter(username=name, is_active=True).first()
        if actor is None:
            message = f"There is no account {name!r}." if name else "Whose copies are they?"
            raise CommandError(message, remedy="Name an account: --as NAME.", code=ExitCode.USAGE)
        imported = import_runs(file, actor, only=only, applies=applies, trusts=foreign)
    except ArchiveUnreadable as error:
        raise CommandError(str(error)) from error
    for copied in imported:
        note = "" if copied.is_whole else " (its journal was redacted: it can be read, not resumed)"
        print(f"{copied.from_id} is {copied.execution.public_id}, {copied.execution.phase}{note}.")


def _prune(output: Sentence) -> None:
    from executions.retention import pruning, space

    runs = rows = bytes_freed = 0
    after = None
    while (batch := pruning.go_on(after)) is not None:
        runs, rows, after = runs + batch.executions, rows + batch.rows, batch.last or after
        while freed := space.give_back():
            bytes_freed += freed
        if output == Sentence.TEXT:
            print(
                f"{batch.archive}: {batch.executions:,} runs, {batch.bytes:,} bytes.",
                file=sys.stderr,
            )
    while freed := space.give_back():
        bytes_freed += freed
    if output == Sentence.JSON:
        from executions.cli.display.structured import print_structured

        print_structured({"executions": runs, "rows": rows, "bytes_given_back": bytes_freed})
    else:
        print(f"{runs:,} runs ({rows:,} rows) archived, {bytes_freed:,} bytes given back.")


def _say(preview: Preview, output: Sentence) -> None:
    if output == Sentence.JSON:
        from dataclasses import asdict

        from executions.cli.display.structured import print_structured

        print_structured(asdict(preview))
        return
    for each in preview.going:
        print(f"{each.subject}  {each.phase}  {each.executions:,}  since {each.oldest}")
    print(f"{preview.executions:,} runs would be archived.")
    if preview.unacknowledged:
        print(f"{preview.unacknowledged:,} failures stay: nobody has acknowledged them.")
    if preview.with_family:
        print(f"{preview.with_family:,} runs stay with a run that they belong together with.")
