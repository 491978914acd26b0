"""``stack``: where the Python functions of a run are at this moment."""

from __future__ import annotations

from typing import Any

from executions.cli.commands.remote import AsText, talks, tell
from executions.cli.commands.runs import ExecutionId
from executions.cli.formats import Sentence
from executions.cli.remote.client import Client


@talks
def stack(client: Client, execution: ExecutionId, output: AsText = Sentence.TEXT) -> None:
    """Ask the worker where the Python functions of a run are: files, lines, names, no values."""
    from executions.cli.kinds import execution_path

    answer = client.post(f"{execution_path(execution)}/stack")
    tell(answer, "\n".join(lines(answer)), output)


def lines(answer: dict[str, Any]) -> list[str]:
    """The answer in words: each function, then the lines where it is, the newest call first."""
    from executions.cli.display.words import plain

    sentences = [plain(answer["said"])] if answer["said"] else []
    for call in answer["calls"]:
        sentences.append(f"{plain(call['function'])} at {plain(call['path'])}")
        if not call["stacks"]:
            sentences.append(
                "    It did not say where it is: it has just ended, or is outside Python."
            )
        for number, frames in enumerate(call["stacks"], 1):
            if len(call["stacks"]) > 1:
                sentences.append(f"  thread {number}")
            for frame in frames:
                position = f"{plain(frame['file'])}:{frame['line']}"
                sentences.append(f"    {plain(frame['function'])}  {position}")
    return sentences
