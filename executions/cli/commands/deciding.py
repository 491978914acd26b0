"""What the commands that act on a run have in common: their options, the request, the sentence that they print."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from executions.cli.formats import Sentence
from executions.cli.remote.client import Client

LARGEST_SEQ = 10**18 - 1
Seq = Annotated[
    int | None,
    typer.Option("--seq", min=0, max=LARGEST_SEQ, help="Only if the run still stands at this sequence."),
]
Reason = Annotated[str, typer.Option(help="Why; kept in the history.")]
Audited = Annotated[str, typer.Option(help="Why; kept in the history and the audit. Needed.", show_default=False)]


def decide_on(
    client: Client,
    execution: str,
    verb: str,
    body: dict[str, Any],
    seq: int | None,
    follow: bool,
    output: Sentence,
) -> None:
    """Post a decision, say what it led to, and follow the run where that is asked for."""
    from executions.cli.display.words import count, step_of
    from executions.cli.kinds import execution_path

    path = execution_path(execution)
    decided = client.post(f"{path}/{verb}", body, headers=seen_at(seq))
    where = step_of(decided["next_step"])
    kept = f"{count(decided['kept'], 'finished step')} {'is' if decided['kept'] == 1 else 'are'} kept"
    said(decided, f"{decided['phase']}: it goes on{f' at {where}' if where != '-' else ''}; {kept}.", output, follow)
    if follow:
        follow_on(client, path, decided, output)


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
