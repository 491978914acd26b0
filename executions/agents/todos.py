"""The to-dos of a run: a tool by which the model says its whole list anew. They stand in the
arguments of its calls, the last of which counts; no other record repeats them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from executions.language.agent import TO_DOS
from executions.mind.messages import Message, calls_of

MOST = 50
STATUSES = ("pending", "in_progress", "completed", "cancelled")
DESCRIPTION = (
    "Keeps the list of what is to be done. Send the whole list each time: begin with it where a"
    " task has several parts, and say what you are at and what is done."
)
PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "items": {
            "type": "array",
            "maxItems": MOST,
            "items": {
                "type": "object",
                "properties": {
                    "text": {"type": "string", "minLength": 1, "maxLength": 500},
                    "status": {"enum": list(STATUSES)},
                },
                "required": ["text", "status"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["items"],
    "additionalProperties": False,
}


def noted(arguments: dict[str, Any]) -> str:
    """The message to the model about a list that it sent."""
    items = arguments["items"]
    completed = sum(item["status"] == "completed" for item in items)
    return f"Noted: {completed} of {len(items)} are done."


def lines(name: str, arguments: Any, before: list[str]) -> list[str]:
    """The list as texts after a call; what it was ``before`` where the call is none of it."""
    items = items_of(name, arguments)
    return before if items is None else [f"[{each['status']}] {each['text']}" for each in items]


def of_messages(messages: Iterable[Message]) -> list[dict[str, str]]:
    """The list as the last of these messages left it."""
    todo_list: list[dict[str, str]] = []
    for message in messages:
        for call in calls_of(message):
            items = items_of(call["name"], call["arguments"])
            todo_list = todo_list if items is None else items
    return todo_list


def items_of(name: str, arguments: Any) -> list[dict[str, str]] | None:
    """The list that a call says; None where it keeps no list, or says one that does not fit."""
    said = arguments.get("items") if isinstance(arguments, dict) else None
    if name != TO_DOS or not isinstance(said, list):
        return None
    items = [
        {"text": str(each.get("text", "")), "status": str(each.get("status", ""))}
        for each in said
        if isinstance(each, dict)
    ]
    return items[:MOST]
