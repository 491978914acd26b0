"""``get``, ``list``, ``describe`` and ``delete``: what is there."""

from __future__ import annotations

import sys
import time
from difflib import get_close_matches
from typing import Annotated, Any
from urllib.parse import quote

import typer

from executions.cli.asking import confirm
from executions.cli.commands import completing
from executions.cli.commands.remote import AsList, talks
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Format, Listed
from executions.cli.kinds import Kind, execution_path, named, subject
from executions.cli.remote.client import Client
from executions.cli.remote.flags import flag_of
from executions.states import Phase

KindName = Annotated[
    str,
    typer.Argument(
        metavar="KIND",
        help="workflow, execution, agent, …",
        show_default=False,
        autocompletion=completing.kinds,
    ),
]
KindOrId = Annotated[
    str,
    typer.Argument(
        metavar="KIND",
        help="workflow, execution, agent, … or an id alone.",
        show_default=False,
        autocompletion=completing.kinds_and_ids,
    ),
]
Name = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME",
        help="Its name or id.",
        show_default=False,
        autocompletion=completing.names,
    ),
]
WATCH_SECONDS = 2.0


@talks
def get(
    client: Client,
    kind: KindOrId,
    name: Name = None,
    version: Annotated[
        int | None, typer.Option(help="Of a workflow or an agent: this version of it.", min=1)
    ] = None,
    source: Annotated[
        bool, typer.Option("--source", help="The definition's text, as it was applied.")
    ] = False,
    output: AsList = Listed.TABLE,
) -> None:
    """Print one thing."""
    kind_row, name = subject(kind, name)
    item = read_one(client, kind_row, name)
    if version is not None or source:
        kind_row, item = _version_of(client, kind_row, item, version)
    if source:
        print(item["source"], end="")
    elif output in (Listed.TABLE, Listed.WIDE, Listed.NAME):
        print_items(kind_row, [item], output)
    else:
        from executions.cli.display.structured import print_structured

        print_structured(item, Format(output))


@talks
def list_(
    client: Client,
    kind: KindName,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 50,
    of: Annotated[str | None, typer.Option(help="Their parent, by name or id.")] = None,
    phase: Annotated[
        list[Phase] | None, typer.Option(help="Only in this phase; may be given more than once.")
    ] = None,
    workflow: Annotated[str | None, typer.Option(help="Only runs of this workflow.")] = None,
    agent: Annotated[str | None, typer.Option(help="Only runs of this agent.")] = None,
    session: Annotated[str | None, typer.Option(help="Only runs of this conversation.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only this user's.")] = None,
    text: Annotated[str | None, typer.Option(help="Only with this in the name.")] = None,
    needs_attention: Annotated[
        bool | None,
        typer.Option("--needs-attention/--no-attention", help="Failed, or marked for a person."),
    ] = None,
    search: Annotated[
        str | None,
        typer.Option(
            help="As typed above the list of runs: `status:failed after:2d label:team=red`."
        ),
    ] = None,
    unread: Annotated[
        bool | None, typer.Option("--unread/--read", help="Of notifications.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only runs of since then: `2h`, `3d`, `2026-11-29`.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Print it anew every two seconds until Ctrl-C.")
    ] = False,
    output: AsList = Listed.TABLE,
) -> None:
    """List what is there, the newest first."""
    kind_row = named(kind)
    filters = {
        "phase": [each.value for each in phase or ()],
        "workflow": workflow,
        "agent": agent,
        "session": session,
        "owner": owner,
        "text": text,
        "needs_attention": needs_attention,
        "unread": unread,
        "q": " ".join(each for each in (search, since and f"after:{since}") if each) or None,
    }
    chosen_filters = {field: value for field, value in filters.items() if value not in (None, [])}
    _check_filters(kind_row, chosen_filters)
    path = list_path(kind_row, of)
    while True:
        print_some(client, kind_row, path, limit, output, clears=watch, **chosen_filters)
        if not watch:
            return
        time.sleep(WATCH_SECONDS)


@talks
def describe(client: Client, kind: KindOrId, name: Name = None) -> None:
    """Show one thing with all that belongs to it."""
    from executions.cli.display import description

    kind_row, name = subject(kind, name)
    path = item_path(kind_row, name)
    item = read_one(client, kind_row, name)
    if kind_row.name in ("execution", "agent-execution"):
        description.execution(client, item, path)
    elif kind_row.name in ("workflow", "agent"):
        description.resource(client, item, kind_row.name)
    else:
        from executions.cli.display.structured import print_structured

        print_structured(item, Format.YAML)


@talks
def delete(
    client: Client,
    kind: KindOrId,
    name: Name = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete one thing; what is in use is kept."""
    kind_row, name = subject(kind, name)
    if not kind_row.may_delete:
        remedy = "`stigmer token revoke` ends a token." if kind_row.name == "token" else ""
        raise CommandError(
            f"A {kind_row.name} cannot be deleted.", remedy=remedy, code=ExitCode.USAGE
        )
    path = item_path(kind_row, name)
    confirm(f"Delete the {kind_row.name} {name}?", yes, otherwise="Nothing was deleted.")
    client.delete(path)
    print(f"{kind_row.name} {name} deleted")


def item_path(kind: Kind, name: str) -> str:
    """The address at which one of this kind is read. Raises CommandError for kinds that are only
    listed.
    """
    if kind.item_path is None:
        raise CommandError(
            f"A {kind.name} is not read alone.",
            remedy=f"Use `stigmer list {kind.plural}`"
            + (f" --of {kind.belongs_to.upper()}." if kind.belongs_to else "."),
            code=ExitCode.USAGE,
        )
    return kind.item_path.format(name=quote(name, safe=""))


def list_path(kind: Kind, of: str | None) -> str:
    """The address at which this kind is listed. Raises CommandError where it is not said what the
    items belong to.
    """
    if not kind.belongs_to:
        if of is not None:
            raise CommandError(f"--of says nothing about {kind.plural}.", code=ExitCode.USAGE)
        return kind.path
    if of is None:
        raise CommandError(
            f"Which {kind.belongs_to}'s {kind.plural}?",
            remedy=f"Name the {kind.belongs_to} with --of.",
            code=ExitCode.USAGE,
        )
    return kind.path.format(
        of=execution_path(of) if kind.belongs_to == "execution" else quote(of, safe="")
    )


def _check_filters(kind: Kind, filters: dict[str, Any]) -> None:
    for name in filters:
        if name not in kind.filters:
            flags = ", ".join(flag_of(each) for each in sorted(kind.filters)) or "none but --limit"
            raise CommandError(
                f"{flag_of(name)} is no filter of {kind.plural}.",
                remedy=f"Those are {flags}.",
                code=ExitCode.USAGE,
            )


def _version_of(
    client: Client, kind: Kind, item: dict[str, Any], number: int | None
) -> tuple[Kind, dict[str, Any]]:
    if kind.name not in ("workflow", "agent", "skill"):
        raise CommandError(f"A {kind.name} has no versions.", code=ExitCode.USAGE)
    number = number or item["spec"]["version"]
    version = client.get(f"/{kind.plural}/{item['metadata']['id']}/versions/{number}")
    return named("version" if kind.name == "workflow" else f"{kind.name}-version"), version


def read_one(client: Client, kind: Kind, name: str) -> dict[str, Any]:
    """The item of this name or id; where there is none, the error names what is spelled alike."""
    try:
        return client.get(item_path(kind, name))
    except CommandError as error:
        if error.code == ExitCode.NOT_FOUND:
            suggest(client, kind, name)
        raise


def suggest(client: Client, kind: Kind, name: str) -> None:
    """Raises CommandError that names what is spelled like ``name``; nothing where nothing is."""
    names = [completing.name_of(item) for item in client.items(kind.path, 200)]
    close = get_close_matches(name, names, n=1)
    if close and close[0] != name:
        raise CommandError(
            f"There is no {kind.name} {name!r}.",
            remedy=f"Did you mean {close[0]}?",
            code=ExitCode.NOT_FOUND,
        )


def say_more(limit: int) -> None:
    from executions.cli.display.screen import note

    note(f"There are more than these {limit}: --limit shows more.")


def clear() -> None:
    """The screen of a terminal; a blank line where a program reads."""
    print("\x1b[H\x1b[2J" if sys.stdout.isatty() else "", flush=True)


def print_all(client: Client, name: str, limit: int, output: Listed, **filters: Any) -> None:
    """The newest of a kind, for the groups of commands that list one alone."""
    kind = named(name)
    print_some(client, kind, kind.path, limit, output, **filters)


def print_some(
    client: Client,
    kind: Kind,
    path: str,
    limit: int,
    output: Listed,
    *,
    clears: bool = False,
    **filters: Any,
) -> None:
    """At most ``limit`` items of the list at ``path``, and a word where there are more.

    ``clears`` takes what was printed before off the screen, once the answer is there.
    """
    items, has_more = client.some(path, limit, **filters)
    if clears:
        clear()
    print_items(kind, items, output)
    if has_more:
        say_more(limit)


def print_items(kind: Kind, items: list[dict[str, Any]], output: Listed) -> None:
    """A list as a table, as names, or as ``{"items": […]}``."""
    from executions.cli.display.columns import COLUMNS, rows
    from executions.cli.display.screen import note, print_table
    from executions.cli.display.structured import print_structured

    if output == Listed.NAME:
        for item in items:
            print(completing.name_of(item))
    elif output not in (Listed.TABLE, Listed.WIDE):
        print_structured({"items": items}, Format(output))
    elif items:
        columns = COLUMNS[kind.name]
        is_wide = output == Listed.WIDE
        print_table(list(columns), rows(columns, items), is_wide=is_wide, has_wide=True)
    else:
        note(f"No {kind.plural}.")
        if kind.name == "execution":
            note("Runs of agents: `stigmer list agent-executions`.")
