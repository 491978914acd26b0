"""``server``: how the server that the command talks to is, and what the one here has logged."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from executions.cli.commands.remote import AsText, talks
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Sentence
from executions.cli.remote.client import Client

server = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="How the server is that you talk to."
)


@server.command("status")
@talks
def status(client: Client, output: AsText = Sentence.TEXT) -> None:
    """Show its needs, check by check, as /readyz says; it ends with 6 where it is not ready."""
    from executions.cli.display.screen import print_line
    from executions.cli.display.structured import print_structured

    readiness = client.readiness()
    if output == Sentence.JSON:
        print_structured(readiness)
    else:
        print(f"{client.address.server} is {readiness.get('status')}.")
        for check in readiness.get("checks", ()):
            good = check.get("ok")
            mark = ("✓ ", "green") if good else ("✗ ", "bold red")
            print_line(mark, f"{check.get('name')}: {check.get('detail', '')}")
            if not good and check.get("remedy"):
                print_line(("    " + str(check["remedy"]), "dim"))
    if readiness.get("status") != "ready":
        raise typer.Exit(ExitCode.UNAVAILABLE)


@server.command("logs")
def logs(
    tail: Annotated[int, typer.Option(help="How many of the last lines.", min=0)] = 100,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes until Ctrl-C.")
    ] = False,
    process: Annotated[
        str, typer.Option(help="Only of this process: web, worker, worker-2, redis, demo.")
    ] = "",
    output: AsText = Sentence.TEXT,
) -> None:
    """Print the log of the server on this machine; `stigmer up` keeps it."""
    from executions.cli.surroundings import use_settings

    use_settings(quiet=True)
    from django.conf import settings

    from executions.supervisor import kept

    home = settings.STIGMER_HOME
    if not kept.path_in(home).exists():
        raise CommandError(
            f"No log is kept in {home}.",
            remedy=(
                "`stigmer up` keeps one there. Processes that systemd or containers start log to"
                " these: `journalctl -u stigmer`."
            ),
        )
    say = _sayer(output)
    # New records are looked for before the rest is read, so that nothing falls between.
    comes = kept.coming(home, process)
    first = next(comes) if follow else None
    for record in kept.newest(home, tail, process):
        say(record)
    if not follow:
        return
    if first is not None:
        say(first)
    for each in comes:
        if each is not None:
            say(each)


def _sayer(output: Sentence) -> Callable[[dict[str, Any]], None]:
    """Prints a record as it was asked for."""
    from executions.cli.display.words import plain
    from executions.supervisor.output import Output

    readable = Output(sys.stdout, text=True).readable

    def say(record: dict[str, Any]) -> None:
        if output == Sentence.JSON:
            print(json.dumps(record), flush=True)
            return
        fields = {
            key: plain(each) if isinstance(each, str) else each for key, each in record.items()
        }
        print(readable(str(fields.pop("process", "")), fields), flush=True)

    return say
