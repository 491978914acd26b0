"""``schedules``: runs that start at times that somebody set."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Annotated, Any
from urllib.parse import quote

import typer

from executions.cli.asking import confirm
from executions.cli.commands import completing
from executions.cli.commands.remote import AsList, AsText, talks, tell
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Listed, Sentence
from executions.cli.remote.client import Client

schedules = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Start workflows and agents at times, and see what became of each time.",
)
Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="Its name, or sch-…",
        show_default=False,
        autocompletion=completing.of("schedule"),
    ),
]
# The options of what a schedule is, by the names of the API, and how each is told.
_OPTIONS: dict[str, tuple[Any, Any]] = {
    "workflow": (str, typer.Option(help="The workflow that it starts.")),
    "agent": (str, typer.Option(help="The agent that it starts, with --message.")),
    "message": (str, typer.Option("--message", "-m", help="The message to the agent.")),
    "input": (
        list[str] | None,
        typer.Option(
            "--input",
            "-i",
            metavar="NAME=VALUE|@FILE",
            help="The workflow's input; may come again.",
        ),
    ),
    "cron": (str, typer.Option(help="Minute, hour, day, month, weekday: '30 2 * * 1-5'.")),
    "every": (str, typer.Option(help="How often, instead of --cron: 15m, 6h, 1d, PT90M.")),
    "time_zone": (str, typer.Option("--zone", help="The time zone of --cron: Europe/Berlin.")),
    "missed": (str, typer.Option(help="After an outage: one run for all times, or none.")),
    "overlap": (str, typer.Option(help="While the last run goes on: skip, or allow.")),
    "group": (str, typer.Option(help="A group whose members may change it.")),
}


def _told(function: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each of ``_OPTIONS`` in the place of its ``body``."""

    @wraps(function)
    def called(*positional: Any, **options: Any) -> None:
        body = _body({name: options.pop(name) for name in _OPTIONS})
        function(*positional, body=body, **options)

    signature = inspect.signature(function, eval_str=True)
    parameters = list[inspect.Parameter]()
    for each in signature.parameters.values():
        parameters += _parameters() if each.name == "body" else [each]
    described: Any = called
    described.__signature__ = signature.replace(parameters=parameters)
    del described.__wrapped__
    return called


def _parameters() -> list[inspect.Parameter]:
    kind = inspect.Parameter.KEYWORD_ONLY
    return [
        inspect.Parameter(
            name, kind, default="" if type is str else None, annotation=Annotated[type, option]
        )
        for name, (type, option) in _OPTIONS.items()
    ]


@schedules.command("create")
@talks
@_told
def create(
    client: Client,
    name: Annotated[str, typer.Argument(help="Its name.", show_default=False)],
    *,
    body: dict[str, Any],
    output: AsText = Sentence.TEXT,
) -> None:
    """Make one; it is active at once, and its runs are yours."""
    _say(client.post("/schedules", {"name": name, **body}), output)


@schedules.command("change")
@talks
@_told
def change(
    client: Client,
    name: Name,
    new_name: Annotated[str, typer.Option("--name", help="Another name.")] = "",
    *,
    body: dict[str, Any],
    output: AsText = Sentence.TEXT,
) -> None:
    """Change what is named; a new rule counts from now."""
    body |= {"name": new_name} if new_name else {}
    if not body:
        raise CommandError(
            "Nothing is to be changed.", remedy="Name an option.", code=ExitCode.USAGE
        )
    _say(client.patch(_path(name), body), output)


@schedules.command("list")
@talks
def list_(
    client: Client,
    state: Annotated[str, typer.Option(help="active, disabled or paused.")] = "",
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 50,
    output: AsList = Listed.TABLE,
) -> None:
    """List them with their next times."""
    from executions.cli.commands.show import print_all

    print_all(client, "schedule", limit, output, **({"state": state} if state else {}))


@schedules.command("show")
@talks
def show(client: Client, name: Name, output: AsText = Sentence.TEXT) -> None:
    """Show one: its state, its next times, and what became of the last one."""
    _say(client.get(_path(name)), output)


@schedules.command("times")
@talks
def times(
    client: Client,
    name: Name,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 20,
    output: AsList = Listed.TABLE,
) -> None:
    """List what became of its times, the newest first."""
    from executions.cli.commands.show import print_some
    from executions.cli.kinds import OCCURRENCE

    print_some(client, OCCURRENCE, f"{_path(name)}/occurrences", limit, output)


@schedules.command("pause")
@talks
def pause(
    client: Client,
    name: Name,
    reason: Annotated[str, typer.Option(help="Why, for those who look.")] = "",
    output: AsText = Sentence.TEXT,
) -> None:
    """Let it start nothing more until it is resumed."""
    _say(client.post(f"{_path(name)}/pause", {"reason": reason}), output)


@schedules.command("resume")
@talks
def resume(client: Client, name: Name, output: AsText = Sentence.TEXT) -> None:
    """Let it start runs again, from its next time on."""
    _say(client.post(f"{_path(name)}/resume"), output)


@schedules.command("trigger")
@talks
def trigger(client: Client, name: Name, output: AsText = Sentence.TEXT) -> None:
    """Start a run of it now; its times stay as they are."""
    accepted = client.post(f"{_path(name)}/trigger")
    tell(accepted, f"{accepted['id']} was started by {name}.", output)


@schedules.command("delete")
@talks
def delete(
    client: Client,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete it; runs that it started stay."""
    confirm(f"Delete the schedule {name}?", yes, otherwise="Nothing was deleted.")
    client.delete(_path(name))
    print(f"{name} is deleted.")


def _body(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were named, by the names of the API."""
    from executions.cli.inputs import read_input

    message = options.pop("message")
    options["input"] = message or read_input(options["input"] or [])
    return {name: value for name, value in options.items() if value not in ("", None)}


def _path(name: str) -> str:
    return f"/schedules/{quote(name, safe='')}"


def _say(schedule: dict[str, Any], output: Sentence) -> None:
    tell(schedule, "\n".join(_lines(schedule)), output)


def _lines(schedule: dict[str, Any]) -> Iterator[str]:
    rule = (
        f"{schedule['cron']} {schedule['time_zone']}"
        if schedule["cron"]
        else f"every {schedule['every']}"
    )
    starts = schedule["workflow"] or schedule["agent"]
    yield f"{schedule['id']}  {schedule['name']}: {starts}, {rule}, {schedule['state']}"
    if schedule["reason"]:
        yield f"reason  {schedule['reason']}"
    if schedule["last"]:
        last = schedule["last"]
        run = f", {last['execution_id']} {last['phase']}" if last["execution_id"] else ""
        yield f"last  {last['due_at']} {last['outcome']}{run}"
    for time in schedule["next_times"]:
        yield f"next  {time}"
