"""``workspaces``: the folders in which runs work, on this host."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from executions.cli.commands.remote import AsText
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Sentence

workspaces = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="See the folders in which runs work on this host, and remove what is kept no longer.",
)


@workspaces.command("list")
def list_(output: AsText = Sentence.TEXT) -> None:
    """List the workspaces that are there."""
    from executions.cli.surroundings import use_settings

    use_settings(quiet=True)
    from executions.models import Workspace

    rows = Workspace.objects.there().select_related("execution")
    items = [_told(row) for row in rows]
    if output == Sentence.JSON:
        return _structured({"items": items})
    for each in items:
        print(f"{each['id']}  {each['run']}  {each['state']:10}  {each['host']}  {each['path']}")
    if not items:
        print("There is none.")
    return None


@workspaces.command("show")
def show(
    workspace: Annotated[str, typer.Argument(metavar="ID", help="wsp-…, or the run's id")],
    output: AsText = Sentence.TEXT,
) -> None:
    """Show one with what its run has changed."""
    from executions.cli.surroundings import use_settings

    use_settings(quiet=True)
    from django.db.models import Q

    from executions.ids import parse_public_id
    from executions.models import Workspace

    key = parse_public_id(workspace, "wsp", "wex", "aex")
    rows = Workspace.objects.select_related("execution")
    row = rows.filter(Q(pk=key) | Q(execution=key)).first() if key else None
    if row is None:
        raise CommandError(f"There is no workspace {workspace}.", code=ExitCode.NOT_FOUND)
    fields = _told(row)
    if output == Sentence.JSON:
        return _structured(fields)
    for name, value in fields.items():
        if value not in (None, ""):
            print(f"{name.replace('_', ' '):14} {value}")
    return None


@workspaces.command("clean")
def clean(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say it, and remove nothing.")] = False,
    output: AsText = Sentence.TEXT,
) -> None:
    """Remove what is kept no longer, and folders that no run knows; never one in use."""
    from executions.cli.surroundings import use_settings

    use_settings(quiet=True, writes=not dry_run)
    from executions.workspaces import caring

    removals = []
    for each in caring.removals():
        is_gone = not dry_run and caring.carry_out(each)
        removals.append({"name": each.name, "why": each.why, "bytes": each.bytes, "gone": is_gone})
    if output == Sentence.JSON:
        return _structured({"items": removals})
    for removal in removals:
        word = (
            "removed" if removal["gone"] else "would be removed" if dry_run else "is in use again"
        )
        print(f"{removal['name']}  {removal['bytes']:>12,} bytes  {word}: {removal['why']}")
    if not removals:
        print("There is nothing to remove.")
    return None


def _told(row: Any) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "run": row.execution.public_id,
        "state": str(row.state),
        "path": row.path,
        "host": row.host,
        "repository": row.repository,
        "branch": row.branch,
        "start_commit": row.start_commit,
        "end_commit": row.end_commit,
        "files_changed": row.files_changed,
        "insertions": row.insertions,
        "deletions": row.deletions,
        "uncommitted": row.uncommitted,
        "size_bytes": row.size_bytes,
        "persistent": row.is_persistent,
        "keep_until": row.keep_until.isoformat() if row.keep_until else None,
        "handed_to": row.handed_to,
        "problem": row.problem,
    }


def _structured(document: dict[str, Any]) -> None:
    from executions.cli.display.structured import print_structured

    print_structured(document)
