"""``emit`` and ``signal``: an event to all who listen, or to one run."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import typer

from executions.cli.commands.remote import AsText, talks
from executions.cli.commands.runs import ExecutionId
from executions.cli.formats import Sentence
from executions.cli.remote.client import Client

Value = Annotated[
    str | None,
    typer.Option("--data", "-d", metavar="JSON|@FILE", help="The data of the event."),
]
Payload = Annotated[
    str | None,
    typer.Option("--payload", "-d", metavar="JSON|@FILE", help="The data for the run."),
]
Key = Annotated[
    str, typer.Option("--key", metavar="KEY", help="With the same key it is the same signal.")
]


@talks
def emit(
    client: Client,
    kind: Annotated[
        str,
        typer.Argument(metavar="TYPE", help="The type of the event.", show_default=False),
    ],
    data: Value = None,
    source: Annotated[
        str, typer.Option("--source", help="The place where it happened.")
    ] = "/stigmer/emit",
    event_id: Annotated[
        str, typer.Option("--id", help="With the same source and id it is the same event.")
    ] = "",
    subject: Annotated[str, typer.Option("--subject", help="Its subject.")] = "",
    output: AsText = Sentence.TEXT,
) -> None:
    """Send an event to the runs that listen."""
    from executions.cli.inputs import read_value

    event: dict[str, Any] = {
        "specversion": "1.0",
        "type": kind,
        "source": source,
        "id": event_id or uuid.uuid4().hex,
    }
    event |= {"subject": subject} if subject else {}
    event |= {} if data is None else {"data": read_value(data)}
    (kept_event,) = client.post("/events", event)["events"]
    _say(kept_event, f"{kept_event['id']} is kept", output)


@talks
def signal(
    client: Client,
    execution: ExecutionId,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The name of the signal.", show_default=False)
    ],
    payload: Payload = None,
    key: Key = "",
    output: AsText = Sentence.TEXT,
) -> None:
    """Send a signal to one run, which alone hears it."""
    from executions.cli.inputs import read_value
    from executions.cli.kinds import execution_path

    body: dict[str, Any] = {"name": name}
    body |= {} if payload is None else {"payload": read_value(payload)}
    headers = {"Idempotency-Key": key} if key else None
    kept_event = client.post(f"{execution_path(execution)}/signals", body, headers=headers)
    _say(kept_event, f"{execution} is sent {name}", output)


def _say(kept_event: dict[str, Any], sentence: str, output: Sentence) -> None:
    if output == Sentence.JSON:
        from executions.cli.display.structured import print_structured

        print_structured(kept_event)
    else:
        print(f"{sentence}{'; it was known already' if kept_event['duplicate'] else ''}.")
