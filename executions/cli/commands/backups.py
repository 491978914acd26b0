"""``backup``, and ``restore`` of a file: the database of this installation as a whole."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from executions.cli.asking import confirm
from executions.cli.exits import CommandError, ExitCode

if TYPE_CHECKING:
    from executions.backups import Contents, Seal


RUN = "execution"
OF_A_BACKUP = (RUN, "yes", "dry_run", "output")


class _OnlyLookedAt(Exception):
    """A dry run ends where it would have been done."""


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.", show_default=False)],
) -> None:
    """Write the database into a new FILE, also while everything runs."""
    from executions.cli.surroundings import use_settings

    use_settings(quiet=True)
    from django.conf import settings

    from executions.backups import back_up

    written = back_up(file)
    print(
        f"{written.path}: {written.bytes:,} bytes, {written.kind}: {written.contents.sentence()}."
    )
    elsewhere = _kept_elsewhere(
        settings.STIGMER_HOME, settings.STIGMER_SECRETS_FILE, settings.STIGMER_AUDIT_KEY_FILE
    )
    print(f"Not inside: {elsewhere}. Keep them too.")


def or_a_backup(restore_run: Callable[..., None]) -> Callable[..., None]:
    """The command that restores a run, which takes a FILE of ``backup`` in place of an id."""
    signature = inspect.signature(restore_run)
    defaults = {each.name: each.default for each in signature.parameters.values()}

    def restore(**options: Any) -> None:
        from executions.cli.kinds import is_execution_id

        target = str(options[RUN])
        if is_execution_id(target):
            restore_run(**options)
            return
        if any(options[name] != defaults[name] for name in options if name not in OF_A_BACKUP):
            message = f"{target!r} is not the id of a run."
            remedy = (
                "A run's id begins with wex- or aex-; a backup takes no option but --yes and"
                " --dry-run."
            )
            raise CommandError(message, remedy=remedy, code=ExitCode.USAGE)
        restore_backup(Path(target), yes=bool(options["yes"]), dry_run=bool(options["dry_run"]))

    help_text = "A run (wex-… or aex-…), or a file of `stigmer backup`."
    either = Annotated[str, typer.Argument(metavar="ID|FILE", help=help_text, show_default=False)]
    parameters = [
        each.replace(annotation=either if each.name == RUN else each.annotation)
        for each in signature.parameters.values()
    ]
    described: Any = restore
    described.__signature__ = signature.replace(parameters=parameters)
    described.__annotations__ = {each.name: each.annotation for each in parameters}
    a_file = "A FILE takes this installation back, while nothing runs."
    described.__doc__ = f"{restore_run.__doc__} {a_file}"
    return restore


def restore_backup(file: Path, *, yes: bool, dry_run: bool) -> None:
    """Put a backup in the place of this installation's database, after a look at what is inside."""
    from executions.cli.surroundings import use_settings

    use_settings(quiet=True)
    from executions.backups import restore

    def agree(database: str, contents: Contents, seal: Seal | None) -> None:
        origin = seal.sentence() if seal else "without a seal: another tool made it"
        print(f"{file} holds together ({origin}). Inside: {contents.sentence()}.")
        if dry_run:
            raise _OnlyLookedAt
        question = f"Put it in the place of the database {database}?"
        confirm(question, yes, otherwise="Nothing was changed.")

    try:
        restored = restore(file, agree)
    except _OnlyLookedAt:
        print("Nothing was changed.")
        return
    print("Restored.")
    if restored.kept:
        print(f"The database that was there before is kept: {restored.kept}.")
    if restored.is_older:
        print("It is of an older release: `stigmer up` or `stigmer migrate` brings it up to date.")
    print("Work that was under way at the time of the backup goes on when workers start.")


def _kept_elsewhere(home: Path, secrets: Path | None, audit_key: Path) -> str:
    key = home / "secret-key"
    parts = [f"the secret key ({key if key.exists() else 'STIGMER_SECRET_KEY'})"]
    parts += [f"the secrets file ({secrets})"] if secrets else []
    parts += [f"the key of the audit trail ({audit_key})"]
    return ", ".join(parts)
