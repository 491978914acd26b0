"""``chat``: talk to an agent; it answers while it comes, and asks in its place."""

from __future__ import annotations

import json
import sys
import uuid
from typing import Annotated, Any
from urllib.parse import quote

import typer

from executions.cli.commands.remote import talks
from executions.cli.exits import CommandError
from executions.cli.interrupts import heard_for_sure
from executions.cli.remote.client import Client

_NO = "deny"
_EDIT = "e"


@talks
def chat(
    client: Client,
    agent: Annotated[str, typer.Argument(help="Its name or id.", show_default=False)],
    session: Annotated[
        str | None, typer.Option(help="The conversation to go on with (ses-…); else a new one.")
    ] = None,
) -> None:
    """Talk to an agent: a line is a message, and the end of the input ends the conversation."""
    ref = quote(agent, safe="")
    while (message := _line("> ")) is not None:
        if not message.strip():
            continue
        if session is None:
            conversation = client.post(f"/agents/{ref}/sessions", {"subject": message[:120]})
            session = str(conversation["id"])
        try:
            _said(client, ref, session, message)
        except CommandError as refused:
            # The messages so far are kept; the next one may do.
            print(refused, file=sys.stderr)


def _said(client: Client, ref: str, session: str, message: str) -> None:
    from executions.cli.display.talk import Talk
    from executions.cli.kinds import execution_path
    from executions.cli.remote.stream import Following

    body = {"message": message, "session_id": session}
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    run_id = str(client.post(f"/agents/{ref}/run", body, headers=headers)["id"])
    path = execution_path(run_id)
    asking = _Asking(client, run_id)
    talk = Talk(client, path, heading=False, asked=asking.ask)
    try:
        with heard_for_sure():
            for update in Following(client, path, talk.say, heard=talk.hear).updates():
                talk.show(update)
    except _InputEnded:
        # The run goes on waiting for an answer, which comes from elsewhere.
        return
    except KeyboardInterrupt:
        print(f"\nIt goes on by itself. Stop it: stigmer cancel {run_id}", file=sys.stderr)


class _InputEnded(Exception):
    """There is nothing more to read from the person."""


class _Asking:
    """Asks the person at the keyboard what a run asks, each question once."""

    def __init__(self, client: Client, run_id: str) -> None:
        self._client, self._run_id = client, run_id
        self._asked: set[str] = set()

    def ask(self) -> None:
        for question in self._client.get("/approvals", execution=self._run_id)["items"]:
            if question["id"] not in self._asked:
                self._asked.add(question["id"])
                self._answer(question)

    def _answer(self, question: dict[str, Any]) -> None:
        from executions.cli.display.words import plain

        print(f"? {plain(question['prompt'])}", file=sys.stderr)
        outcomes = question["outcomes"]
        choices = [f"{place}) {each['label']}" for place, each in enumerate(outcomes, start=1)]
        arguments = _given(question["form"])
        choices += [f"{_EDIT}) change what it is given, and approve"] if arguments else []
        print("  " + "  ".join(plain(each) for each in choices), file=sys.stderr)
        body: dict[str, Any] | None = None
        while body is None:
            choice = _line("? ")
            if choice is None:
                print(f"It waits: stigmer respond {question['id']} …", file=sys.stderr)
                raise _InputEnded
            body = self._body(question, choice.strip(), arguments)
        self._client.post(f"/approvals/{quote(question['id'], safe='')}/respond", body)

    def _body(
        self, question: dict[str, Any], choice: str, arguments: dict[str, Any]
    ) -> dict[str, Any] | None:
        """The answer; None where it is none."""
        names = [str(each["name"]) for each in question["outcomes"]]
        if choice == _EDIT and arguments:
            return _edited(names[0], arguments)
        if choice.isascii() and choice.isdigit() and 1 <= int(choice) <= len(names):
            choice = names[int(choice) - 1]
        if choice not in names:
            if _wants_text(question["form"]):
                # A question of the model itself: what is typed is the answer.
                return {"outcome": names[0], "form": {"answer": choice}}
            print(f"Type one of 1 to {len(names)}.", file=sys.stderr)
            return None
        if choice != _NO and _wants_text(question["form"]):
            text = _line("answer: ")
            return None if text is None else {"outcome": choice, "form": {"answer": text}}
        if choice == _NO:
            return {"outcome": choice, "comment": _line("a word to it (may be empty): ") or ""}
        return {"outcome": choice}


def _edited(outcome: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
    print(
        f"It is {json.dumps(arguments, ensure_ascii=False)}; type what it shall be:",
        file=sys.stderr,
    )
    text = _line("{ ")
    try:
        form = json.loads(text or "")
    except ValueError as problem:
        print(f"This is no JSON: {problem}", file=sys.stderr)
        return None
    return {"outcome": outcome, "form": form}


def _properties(form: Any) -> dict[str, Any]:
    properties = form.get("properties") if isinstance(form, dict) else None
    return properties if isinstance(properties, dict) else {}


def _wants_text(form: Any) -> bool:
    return list(_properties(form)) == ["answer"] and "answer" in form.get("required", [])


def _given(form: Any) -> dict[str, Any]:
    """The arguments of a call, of the form of its approval."""
    if _wants_text(form):
        return {}
    return {
        name: each["default"]
        for name, each in _properties(form).items()
        if isinstance(each, dict) and each.get("default") is not None
    }


def _line(prompt: str) -> str | None:
    """The next line; None at the end of the input. The prompt is for a person alone."""
    if sys.stdin.isatty():
        print(prompt, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    return line.rstrip("\n") if line else None
