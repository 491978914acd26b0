"""The welcome to the person who started Stigmer: where it is and how to get in."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from executions.supervisor.logins import Login
from stigmer_site.listening import browsed


def welcome(people: Sequence[Login], *, seconds: float) -> None:
    """Print the address and the demo's log-ins, if there are any, to standard output."""
    console = Console()
    lines: list[Text | Table] = [
        Text.assemble("Open  ", (address(), "bold cyan underline")),
        Text(""),
        logins_table(people) if people else Text("`stigmer administrator NAME` makes an account."),
        Text(""),
        Text(
            f"Ctrl-C stops it.{' `stigmer logins` shows this again.' if people else ''}",
            style="dim",
        ),
    ]
    title = f"[bold green]Stigmer is ready[/] [dim]after {seconds:.1f} s[/]"
    console.print(
        Panel(
            Group(*lines),
            title=title,
            title_align="left",
            border_style="green",
            padding=(1, 2),
            width=72,
        )
    )


def logins_table(people: Sequence[Login]) -> Table:
    """The log-ins as a table for rich."""
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("log in as", style="bold", no_wrap=True)
    table.add_column("password", no_wrap=True)
    table.add_column("", style="dim")
    for login in people:
        table.add_row(login.name, login.password, login.may)
    return table


def address() -> str:
    """The address at which a browser on this machine finds the dashboard."""
    if settings.STIGMER_HTTPS:
        return f"{settings.STIGMER_ORIGINS[0]}/"
    return f"http://{browsed(settings.STIGMER_BIND)}:{settings.STIGMER_PORT}/"
