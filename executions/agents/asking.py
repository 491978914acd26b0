"""The questions of an agent's run to people, as the arguments of ``call: human``."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from typing import Any

from executions.agents.tools import Offered
from executions.calls.human.arguments import PROMPT_CHARACTERS
from executions.journal.records import StepRecord

APPROVE, APPROVE_REST, REJECT = "approve", "approve_rest", "deny"
GO_ON, STOP = "go_on", "stop"
# Nobody answers within a day: the call is not made.
_WAIT = {"hours": 24}
_SHOWN_ARGUMENTS = 1_200
_MAY, _CALLED = "May ", " be called?"


def may_call(
    agent: str, tool: Offered, arguments: dict[str, Any], tainted_by: str = ""
) -> dict[str, Any]:
    """Whether a call may be made; the form holds its arguments, which may be edited.

    ``tainted_by`` is the untrusted tool that the run has read from, if it has.
    """
    shown = visible(json.dumps(arguments, ensure_ascii=False))
    shown_arguments = shown if len(shown) <= _SHOWN_ARGUMENTS else "the arguments below"
    read = f"It has read what {tainted_by} returned, which anybody may have written. "
    warned = read if tainted_by else ""
    return {
        "prompt": f"{warned}May {agent} call {tool.name} with {shown_arguments}?"[
            :PROMPT_CHARACTERS
        ],
        "form": _form(tool, arguments),
        "outcomes": [
            {"name": APPROVE, "label": "Approve"},
            {"name": APPROVE_REST, "label": "Approve, and for the rest of this run"},
            {"name": REJECT, "label": "Reject"},
        ],
        "timeout": _WAIT,
        "onTimeout": REJECT,
    }


def approved_for_the_rest(records: Iterable[StepRecord]) -> dict[str, str]:
    """The tools that a person approved for the rest of the run, and when that was said last."""
    approvals: dict[str, str] = {}
    for record in records:
        answer, request = record.output, record.input
        is_rest = isinstance(answer, dict) and answer.get("outcome") == APPROVE_REST
        if is_rest and isinstance(request, dict) and "tool" in request:
            name = str(request.get("name") or record.name[len(_MAY) : -len(_CALLED)])
            approvals[name] = max(approvals.get(name, ""), str(answer["responded_at"]))
    return approvals


def title(tool: str) -> str:
    """The name of the step that asks."""
    return f"{_MAY}{tool}{_CALLED}"


def shall_go_on(prompt: str) -> dict[str, Any]:
    """Whether a run goes on beyond what it was allowed. Nobody answers: it waits, then stops."""
    return {
        "prompt": prompt[:PROMPT_CHARACTERS],
        "outcomes": [
            {"name": GO_ON, "label": "Go on"},
            {"name": STOP, "label": "Stop"},
        ],
        "onTimeout": "fail",
    }


def question(text: str) -> dict[str, Any]:
    """The question that the model asks a person."""
    answer = {"type": "string", "title": "Answer", "minLength": 1}
    form = {"type": "object", "properties": {"answer": answer}, "required": ["answer"]}
    return {
        "prompt": visible(text)[:PROMPT_CHARACTERS] or "(nothing was asked)",
        "form": form,
        "outcomes": [
            {"name": "answer", "label": "Answer"},
            {"name": REJECT, "label": "Do not answer"},
        ],
        "timeout": _WAIT,
        "onTimeout": REJECT,
    }


def edited(tool: Offered, arguments: dict[str, Any], form: Any) -> dict[str, Any] | None:
    """The arguments as a person left them; None where they changed nothing.

    A form sends a box that was never ticked, too: that is no change.
    """
    if not isinstance(form, dict):
        return None
    properties = tool.parameters.get("properties", {})
    changed = {
        name: value
        for name, value in form.items()
        if name in arguments or value not in (False, "", None, _default(properties.get(name)))
    }
    return None if changed == arguments else changed


def visible(text: str) -> str:
    """The text with what cannot be seen, or turns its direction, written out."""
    return "".join(
        f"\\u{ord(sign):04x}"
        if unicodedata.category(sign) in ("Cf", "Cc", "Co", "Cn", "Cs") and sign not in "\n\t"
        else sign
        for sign in text
    )


def _form(tool: Offered, arguments: dict[str, Any]) -> dict[str, Any]:
    """The tool's schema with what the model wrote; who leaves it out changes nothing."""
    schema = {name: value for name, value in tool.parameters.items() if name != "title"}
    properties = {
        name: (each if isinstance(each, dict) else {}) | _given(arguments, name)
        for name, each in schema.get("properties", {}).items()
    }
    return schema | {"type": ["object", "null"], "properties": properties}


def _given(arguments: dict[str, Any], name: str) -> dict[str, Any]:
    return {"default": arguments[name]} if name in arguments else {"default": None}


def _default(schema: Any) -> Any:
    return schema.get("default") if isinstance(schema, dict) else None
