"""The parts that the commands which act on a run have in common: their options, the request, the
sentence that they print.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from executions.cli.formats import Sentence
from executions.cli.remote.client import Client

LARGEST_SEQ = 10**18 - 1
Seq = Annotated[
    int | None,
    typer.Option(
        "--seq", min=0, max=LARGEST_SEQ, help="Only if the run still stands at this sequence."
    ),
]
Reason = Annotated[str, typer.Option(help="Why; kept in the history.")]
Audited = Annotated[
    str, typer.Option(help="Why; kept in the history and the audit. Needed.", show_default=False)
]


def seen_at(seq: int | None) -> dict[str, str]:
    """The header that makes sure that nothing changed since ``seq``."""
    return {} if seq is None else {"If-Match": f'"{seq}"'}


def follow_on(client: Client, path: str, answer: dict[str, Any], output: Sentence) -> None:
    """From before the answer's own commit, so that its line is part of what is shown."""
    from executions.cli.commands.follow import follow

    follow(client, path, how=output, after=max(0, int(answer["seq"]) - 1))


def said(answer: dict[str, Any], sentence: str, output: Sentence, follow: bool) -> None:
    """The sentence, or the answer as it came; a run that is followed shows it itself."""
    if output == Sentence.TEXT:
        print(f"{answer['execution_id']}  {sentence}")
    elif not follow:
        from executions.cli.display.structured import print_structured

        print_structured(answer)
