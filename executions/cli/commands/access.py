"""``login``, ``logout`` and ``token``: who the command acts as."""

from __future__ import annotations

import socket
import sys
from enum import StrEnum
from typing import Annotated

import typer

from executions.cli.commands.remote import AsList, AsText, Server, Token, talks
from executions.cli.discretion import hide
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Listed, Sentence
from executions.cli.remote.client import Client

DAYS = 90
tokens = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Make, list and revoke API tokens."
)


class Scope(StrEnum):
    READ = "read"
    RUN = "run"
    ACT = "act"
    ADMIN = "admin"
    DECIDE = "decide"


USUAL = [Scope.READ, Scope.RUN, Scope.ACT]
User = Annotated[
    str | None, typer.Option("--user", "-u", help="Your name; you are asked for the password.")
]
FromInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]
Scopes = Annotated[
    list[Scope] | None, typer.Option("--scope", help="Its scope; may be given more than once.")
]
Days = Annotated[int, typer.Option(help="How many days the token lives.", min=1, max=3650)]


def login(
    address: Annotated[
        str | None, typer.Argument(metavar="ADDRESS", help="The server.", show_default=False)
    ] = None,
    user: User = None,
    password_stdin: FromInput = False,
    scope: Scopes = None,
    days: Days = DAYS,
    server: Server = None,
    token: Token = None,
) -> None:
    """Sign in to a server, and keep its address and a token for the commands that follow."""
    from executions.cli.remote import kept
    from executions.cli.remote.address import Address, resolve

    chosen = resolve(address or server, token).server
    _warn_of_listeners(chosen)
    token_id = ""
    if token is None:
        name = user or _asked("User name")
        created = _token_by_password(
            chosen, name, password_stdin, f"stigmer on {socket.gethostname()}", scope, days
        )
        token, token_id = created["secret"], created["id"]
    with Client(Address(chosen, token.strip())) as client:
        caller = client.get("/me")
    file = kept.save(kept.Kept(chosen, token.strip(), caller["name"], token_id))
    print(
        f"Signed in to {hide(chosen)} as {caller['name']} ({', '.join(caller['scopes'] or ())});"
        f" kept in {file}."
    )


def logout() -> None:
    """Revoke the token that `login` made, and forget it."""
    from executions.cli.remote import kept
    from executions.cli.remote.address import Address

    remembered = kept.load()
    if remembered is None:
        print("Nobody is signed in.")
        return
    if remembered.token_id:
        try:
            with Client(Address(remembered.server, remembered.token)) as client:
                client.delete(f"/tokens/{remembered.token_id}")
        except CommandError as error:
            print(f"stigmer: the token was not revoked: {error}", file=sys.stderr)
    kept.forget()
    print(f"Signed out of {hide(remembered.server)}.")


@tokens.command("create")
@talks
def create(
    client: Client,
    name: Annotated[str, typer.Argument(help="The program that will use it.", show_default=False)],
    scope: Scopes = None,
    days: Days = DAYS,
    never: Annotated[bool, typer.Option("--never", help="It does not expire.")] = False,
    user: User = None,
    password_stdin: FromInput = False,
    output: AsText = Sentence.TEXT,
) -> None:
    """Make a token. Its secret is printed now and never again."""
    from executions.cli.remote.problem import ServerProblem

    lives = None if never else days
    if user is not None:
        token = _token_by_password(client.address.server, user, password_stdin, name, scope, lives)
    else:
        body = {"name": name, "scopes": [each.value for each in scope or USUAL], "days": lives}
        try:
            token = client.post("/tokens", body)
        except ServerProblem as problem:
            if problem.status == 403:
                remedy = "Or name yourself with --user: then your password counts."
                raise CommandError(str(problem), remedy=remedy, code=ExitCode.FORBIDDEN) from None
            raise
    from executions.cli.display.secret_once import show_secret

    ends = f"until {token['expires_at'][:10]}" if token["expires_at"] else "for ever"
    sentence = f"{token['id']} ({', '.join(token['scopes'])}) {ends}. Keep it: it is shown once."
    show_secret(token, sentence, output)


@tokens.command("list")
@talks
def list_(
    client: Client,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 50,
    output: AsList = Listed.TABLE,
) -> None:
    """List your tokens; never their secrets."""
    from executions.cli.commands.show import print_all

    print_all(client, "token", limit, output)


@tokens.command("revoke")
@talks
def revoke(
    client: Client,
    token_id: Annotated[
        str, typer.Argument(metavar="ID", help="The token's id (key-…).", show_default=False)
    ],
) -> None:
    """End a token: from now on it opens nothing."""
    from urllib.parse import quote

    client.delete(f"/tokens/{quote(token_id, safe='')}")
    print(f"{token_id} revoked")


def _token_by_password(
    server: str, user: str, from_input: bool, name: str, scope: list[Scope] | None, days: int | None
) -> dict[str, str]:
    from executions.cli.remote.session import Session

    password = (
        sys.stdin.readline().rstrip("\r\n")
        if from_input
        else _asked(f"Password of {user}", hide=True)
    )
    with Session(server, user, password) as session:
        return session.make_token(name[:100], [each.value for each in scope or USUAL], days)


def _asked(question: str, *, hide: bool = False) -> str:
    if not sys.stdin.isatty():
        remedy = "Give it with --user and --password-stdin, or a token with --token."
        raise CommandError(
            f"{question}: nobody is there to be asked.", remedy=remedy, code=ExitCode.USAGE
        )
    answer: str = typer.prompt(question, hide_input=hide, err=True)
    return answer


def _warn_of_listeners(server: str) -> None:
    from executions.cli.remote.address import is_of_this_machine

    if server.startswith("http://") and not is_of_this_machine(server):
        print(
            f"stigmer: {server} is not encrypted: whoever listens on the way learns the token.",
            file=sys.stderr,
        )
