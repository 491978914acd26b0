"""The tools of an assistant: each with its parameters, the scope that it needs, and its work.

Verbs come from their rows, workflows from their input schemas. A tool does its work in a thread, in
the name of a token's owner; what it raises as Refused or ``ToolProblem`` is told to the assistant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.contrib.auth.models import User

from executions import policy, tokens
from executions.api.schemas.executions import RunBody
from executions.models import ApiToken, Workflow
from executions.toolbox import acting, looking
from executions.toolbox.names import tool_name
from executions.verbs.row import Verb
from executions.verbs.rows import VERBS

MOST_TOOLS = 40
LABEL = "mcp"
Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolRow:
    """One tool. ``do`` is given the caller and the arguments; ``parameters`` is a JSON Schema."""

    name: str
    description: str
    scope: str
    do: Callable[[User, Arguments], Any]
    parameters: dict[str, Any] = field(default_factory=dict)
    is_danger: bool = False


def tools_for(token: ApiToken) -> dict[str, ToolRow]:
    """The tools that this token may use, by name."""
    owner: User = token.owner
    rows = [*_LOOKING, *_running(owner), *map(_of_verb, VERBS.values()), _ANSWER]
    allowed = [row for row in rows if tokens.allows(token, row.scope)]
    return {row.name: row for row in allowed[:MOST_TOOLS]}


def _schema(required: Iterable[str] = (), **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


_ID = _text("The id of a run: wex-… or aex-….")
# Said once, by the door that took it first.
_WORKSPACE = {"description": RunBody.model_fields["workspace"].description}
_NAME = _text("A run of yours of this name is started once: the second time is refused.")

_LOOKING = (
    ToolRow(
        "list_workflows",
        "Workflows that you may run, with what each is for. The newest 100, or those that hold the"
        " text.",
        "read",
        looking.workflows,
        _schema(text=_text("A part of a name or description.")),
    ),
    ToolRow(
        "describe_workflow",
        "The purpose of a workflow, the JSON Schema of its input, and its definition.",
        "read",
        looking.workflow,
        _schema(["name"], name=_text("Its name or id.")),
    ),
    ToolRow(
        "list_objectives",
        "How many runs of workflows are to complete, and how fast: what was reached in the last"
        " hour, 24 hours, 7 and 30 days, how much of the budget for failures is used, and how fast"
        " it burns (1 is sustainable). Of one workflow where it is named.",
        "read",
        looking.objectives,
        _schema(workflow=_text("Its name or id.")),
    ),
    ToolRow(
        "list_agents",
        "Agents that you may talk to.",
        "read",
        looking.agents,
        _schema(text=_text("A part of a name or description.")),
    ),
    ToolRow(
        "list_runs",
        "The newest runs that you may see.",
        "read",
        looking.runs,
        _schema(
            phase=_text("Only those in this phase.", enum=looking.PHASES),
            workflow=_text("Only runs of this workflow or agent (its name)."),
        ),
    ),
    ToolRow(
        "describe_run",
        "The state of a run, its steps, its output or error, and what can be done about it now.",
        "read",
        looking.run,
        _schema(["id"], id=_ID),
    ),
    ToolRow(
        "why_not_moving",
        "In one sentence why a run does not go on, and what can be done about it now.",
        "read",
        looking.why_not_moving,
        _schema(["id"], id=_ID),
    ),
    ToolRow(
        "list_approvals",
        "The questions of runs to people that you may see, with the form of each answer.",
        "read",
        looking.approvals,
        _schema(),
    ),
)

_ANSWER = ToolRow(
    "answer_approval",
    "Answer what a run asks, in the name of the token's owner. One answer counts.",
    "decide",
    acting.answer,
    _schema(
        ["id", "outcome"],
        id=_text("The id of the question: ask-…."),
        outcome=_text("One of the outcomes that the question offers."),
        form={"description": "The values that the form wants, where there is one."},
        comment=_text("Words for the history, and for the agent that asked."),
    ),
)


def _running(owner: User) -> list[ToolRow]:
    """The two that run anything, and one for each workflow that is labelled for it."""
    rows = [
        ToolRow(
            "run_workflow",
            "Start a workflow. The answer is the id of the run; describe_run tells how it goes.",
            "run",
            acting.run_workflow,
            _schema(
                ["workflow"],
                workflow=_text("Its name or id."),
                input={"description": "Its input; describe_workflow gives the schema."},
                name=_NAME,
                workspace=_WORKSPACE,
            ),
        ),
        ToolRow(
            "run_agent",
            "Say something to an agent. The answer is the id of the run; describe_run tells how it"
            " goes and what it answered.",
            "run",
            acting.run_agent,
            _schema(
                ["agent", "message"],
                agent=_text("Its name or id."),
                message=_text("What to say."),
                from_run=_text("The run whose conversation it goes on with."),
                name=_NAME,
                workspace=_WORKSPACE,
            ),
        ),
    ]
    return rows + [_of_workflow(workflow) for workflow in _labelled(owner)]


def _labelled(owner: User) -> list[Workflow]:
    rows = policy.visible_workflows(owner).exclude(head_version=None).select_related("head_version")
    labelled = [row for row in rows.order_by("slug")[: looking.MOST] if _is_on(row.labels)]
    return labelled[: MOST_TOOLS - len(VERBS) - len(_LOOKING) - 3]


def _is_on(labels: Any) -> bool:
    return isinstance(labels, dict) and str(labels.get(LABEL, "")).lower() == "true"


def _of_workflow(workflow: Workflow) -> ToolRow:
    schema = looking.input_schema(workflow)
    is_object = isinstance(schema, dict) and schema.get("type", "object") == "object"
    return ToolRow(
        tool_name("run", workflow.slug),
        f"Run the workflow {workflow.name}. {workflow.description}".strip(),
        "run",
        partial(acting.run_this, workflow.public_id),
        {"type": "object", **schema} if is_object and schema is not None else _schema(),
    )


def _of_verb(verb: Verb) -> ToolRow:
    return ToolRow(
        tool_name(verb.name),
        " ".join(text for text in (f"{verb.summary}.", verb.meaning, verb.warning) if text),
        "decide" if verb.decides else verb.scope,
        partial(acting.verb, verb),
        acting.verb_parameters(verb),
        verb.is_danger,
    )
