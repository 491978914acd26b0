"""The subcommands of ``stigmer``."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from executions import collector
from executions.cli.chapters import Chapters
from executions.cli.commands import (
    access,
    apply,
    approvals,
    backups,
    beginning,
    bulk,
    channels,
    chat,
    completion,
    emitting,
    keeping,
    local,
    objectives,
    owning,
    proposals,
    replaying,
    runs,
    saying,
    schedules,
    searching,
    serving,
    show,
    sinks,
    sources,
    stacks,
    trail,
    users,
    verbs,
    workers,
    workspaces,
)

app = typer.Typer(
    name="stigmer",
    cls=Chapters,
    help="Durable workflows with a live control room.",
    epilog="Exit codes and examples: docs/cli.md",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: Rich alone would take longer to load than all else
)


def _say_version(is_wanted: bool) -> None:
    if is_wanted:
        version()
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_say_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


def _settings(*, applications: bool = True) -> None:
    from executions.cli.surroundings import use_settings

    use_settings(applications=applications)


@app.command()
def up(
    home: Annotated[Path | None, typer.Option(help="Data folder (STIGMER_HOME).")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port of the dashboard (STIGMER_PORT).", min=1, max=65535)
    ] = None,
    demo: Annotated[
        bool | None, typer.Option(help="Start the demo service too (STIGMER_DEMO).")
    ] = None,
) -> None:
    """Start everything: Redis, database, web server, workers."""
    before = os.environ.get
    if port is not None:
        # The address on which it listens stays.
        address, colon, _ = before("STIGMER_PORT", "").rpartition(":")
        os.environ["STIGMER_PORT"] = f"{address}{colon}{port}"
    if demo is not None and not (demo and before("STIGMER_DEMO", "").isdecimal()):
        os.environ["STIGMER_DEMO"] = str(demo)
    if home is not None:
        os.environ["STIGMER_HOME"] = str(home)
    _settings(applications=False)
    from executions.supervisor.up import up

    raise typer.Exit(up())


@app.command()
def worker() -> None:
    """Run one worker process."""
    collector.hold()
    _settings()
    from django.conf import settings

    from executions.supervisor.answers import answer
    from executions.supervisor.gate import wait_until_open
    from executions.supervisor.preflight import use_home
    from executions.supervisor.watch import stop_with_parent
    from executions.worker import fork_server, main

    # Before the first thread.
    server = fork_server.start()
    use_home(settings.STIGMER_HOME)
    answer()
    stop_with_parent(settings.STIGMER_DRAIN_SECONDS + 5)
    wait_until_open()
    raise typer.Exit(main(server))


@app.command()
def web(
    prepare: Annotated[
        bool, typer.Option("--prepare", help="Migrate first, as `up` does.")
    ] = False,
) -> None:
    """Run the web server (HTTP and WebSockets)."""
    collector.hold()
    _settings()
    from django.conf import settings

    from executions.supervisor.answers import answer
    from executions.supervisor.preflight import use_home

    use_home(settings.STIGMER_HOME)
    answer()
    if prepare:
        from executions.supervisor.prepare import prepare as prepare_database

        prepare_database()
    from executions.cli.web import serve

    serve()


@app.command()
def demo() -> None:
    """Run the demo service that the example workflows call."""
    from runpy import run_module

    run_module("executions.demo", run_name="__main__", alter_sys=True)


@app.command()
def logins(
    renew: Annotated[
        bool, typer.Option("--renew", help="Give the demo people new passwords first.")
    ] = False,
) -> None:
    """Show the demo log-ins of this data folder again."""
    _settings()
    from executions.cli.logins import show

    show(renew=renew)


@app.command()
def migrate() -> None:
    """Bring the database up to date with this code."""
    _settings()
    from django.core.management import call_command

    from executions.supervisor.preflight import check_migrations_known

    check_migrations_known()
    call_command("migrate", interactive=False)


@app.command()
def check() -> None:
    """Check the settings, as far as that is possible without starting."""
    from executions.cli.surroundings import use_settings

    use_settings(writes=False)
    from executions.cli.checking import check

    if not check():
        raise typer.Exit(1)


@app.command()
def version() -> None:
    """Print the version."""
    from stigmer_site import __version__

    print(__version__)


_OTHERS: dict[str, Callable[..., None]] = {
    "apply": apply.apply,
    "validate": apply.validate,
    "run": runs.run,
    "chat": chat.chat,
    "logs": runs.logs,
    "list": show.list_,
    "respond": approvals.respond,
    "approve": approvals.approve,
    "agree": proposals.agree,
    "turn-down": proposals.turn_down,
    "hand-over": owning.hand_over,
    "objective": objectives.objective,
    "search": searching.search,
    "new": beginning.new,
    "emit": emitting.emit,
    "signal": emitting.signal,
    "get": show.get,
    "describe": show.describe,
    "delete": show.delete,
    **verbs.commands(),
    "login": access.login,
    "logout": access.logout,
    "backup": backups.backup,
    "export": keeping.export,
    "replay": replaying.replay,
    "stack": stacks.stack,
    "say": saying.say,
    "take-back": saying.take_back,
    "import": keeping.import_,
    "prune": keeping.prune,
    "vacuum": keeping.vacuum,
    "repair": local.repair,
    "doctor": local.doctor,
    "administrator": local.administrator,
    "completion": completion.completion,
}
# The same word takes a run, or the whole installation, back to what was before.
_OTHERS["restore"] = backups.or_a_backup(_OTHERS["restore"])
for name, command in _OTHERS.items():
    app.command(name)(command)
app.add_typer(access.tokens, name="token")
app.add_typer(users.users, name="user")
app.add_typer(trail.audit, name="audit")
app.add_typer(bulk.bulk, name="bulk")
app.add_typer(schedules.schedules, name="schedules")
app.add_typer(sources.sources, name="sources")
app.add_typer(workspaces.workspaces, name="workspaces")
app.add_typer(serving.server, name="server")
app.add_typer(sinks.sinks, name="sinks")
app.add_typer(workers.workers, name="workers")
app.add_typer(channels.channels, name="channels")
