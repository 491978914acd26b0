"""The parts that every command which talks to a server has in common: where the server is, and how
its answer is printed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Concatenate

import typer

from executions.cli.formats import Listed, Sentence
from executions.cli.remote.client import Client

Server = Annotated[
    str | None,
    typer.Option("--server", metavar="ADDRESS", help="The server to talk to (STIGMER_SERVER)."),
]
Token = Annotated[
    str | None, typer.Option("--token", metavar="TOKEN", help="Your token (STIGMER_TOKEN).")
]
AsList = Annotated[Listed, typer.Option("--output", "-o", help="How to print it.")]
AsText = Annotated[Sentence, typer.Option("--output", "-o", help="How to print it.")]


def tell(answer: dict[str, Any], sentence: str, output: Sentence) -> None:
    """Print what the server answered: in words, or as it came."""
    if output == Sentence.JSON:
        from executions.cli.display.structured import print_structured

        print_structured(answer)
    else:
        print(sentence)


def talks(function: Callable[Concatenate[Client, ...], None]) -> Callable[..., None]:
    """The command with ``--server`` and ``--token``, called with a client of that server as its
    first argument.
    """

    @wraps(function)
    def connected(*, server: str | None = None, token: str | None = None, **options: Any) -> None:
        from executions.cli.remote.address import resolve

        with Client(resolve(server, token)) as client:
            function(client, **options)

    signature = inspect.signature(function, eval_str=True)
    own = list(signature.parameters.values())[1:]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in (("server", Server), ("token", Token))
    ]
    described: Any = connected
    described.__signature__ = signature.replace(parameters=[*own, *added])
    described.__annotations__ = {each.name: each.annotation for each in [*own, *added]}
    del described.__wrapped__
    return connected
