"""``objective``: how many runs of a workflow are to complete, how fast, and what was reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import quote

import typer

from executions.cli.commands import completing
from executions.cli.commands.remote import AsText, talks, tell
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Sentence
from executions.cli.remote.client import Client

DAYS = 30


@talks
def objective(
    client: Client,
    workflow: Annotated[
        str,
        typer.Argument(
            metavar="WORKFLOW",
            help="Its name or id.",
            show_default=False,
            autocompletion=completing.of("workflow"),
        ),
    ],
    success: Annotated[
        float | None,
        typer.Option(metavar="PERCENT", help="So many of a hundred runs complete: 99.5."),
    ] = None,
    within: Annotated[
        int | None, typer.Option(metavar="SECONDS", help="Runs complete within this time.", min=1)
    ] = None,
    within_percent: Annotated[
        float | None,
        typer.Option(metavar="PERCENT", help="So many of those that complete; 95 if not said."),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take its objective away.")] = False,
    output: AsText = Sentence.TEXT,
) -> None:
    """Show the objective of a workflow and what was reached of it; with targets, set it."""
    path = f"/workflows/{quote(workflow, safe='')}/objective"
    targets = {
        "success_percent": success,
        "within_seconds": within,
        "within_percent": within_percent,
    }
    body = {name: value for name, value in targets.items() if value is not None}
    if remove:
        if body:
            raise CommandError("Set targets, or say --remove.", code=ExitCode.USAGE)
        client.delete(path)
        print(f"{workflow} has no objective now.")
        return
    report = client.put(path, body) if body else client.get(path)
    tell(report, "\n".join(lines(report)), output)


def lines(report: dict[str, Any]) -> Iterator[str]:
    """Each target in words, and what was reached of it."""
    for target in report["targets"]:
        yield _aim(target)
        for name, words in (("last_7_days", "7 days"), ("last_30_days", "30 days")):
            yield f"  last {words}  {_reached(target[name])}"
        used = target["budget_used"]
        yield f"  budget used  {'-' if used is None else f'{100 * used:.0f} %'}"
        hour, day = (_burn(target[name]) for name in ("last_hour", "last_24_hours"))
        yield f"  burn  {hour} in the last hour, {day} in the last 24 hours (1 is sustainable)"
    if (days := report.get("counted_days", DAYS)) < DAYS:
        yield f"{days} of {DAYS} days are counted; ask again, and it goes on there."


def _reached(span: dict[str, Any] | None) -> str:
    if span is None:
        return "not counted yet"
    reached = span["reached_percent"]
    return "no run" if reached is None else f"{reached:g} % of {span['runs']:,} runs"


def _burn(span: dict[str, Any] | None) -> str:
    return "-" if span is None or span["burn"] is None else f"{span['burn']:,.1f}"


def _aim(target: dict[str, Any]) -> str:
    if target["name"] == "success":
        return f"{target['percent']:g} % of the runs complete"
    return f"{target['percent']:g} % of those complete within {target['within_seconds']:,} s"
