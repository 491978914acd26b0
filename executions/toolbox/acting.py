"""The acts of an assistant: start runs, carry out verbs, answer what runs ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from pydantic import BaseModel, ValidationError

from executions.api import finding
from executions.api.schemas.verbs import BODIES
from executions.ids import parse_public_id
from executions.intake.readiness import require_queue
from executions.intake.start import Circumstances, start, start_agent
from executions.models import Ask, Execution
from executions.toolbox.looking import execution
from executions.toolbox.problems import ToolProblem
from executions.verbs.asks import Answer, respond
from executions.verbs.calls import carry_out
from executions.verbs.deciding.case import Decided
from executions.verbs.proposing import Proposed
from executions.verbs.row import Verb

Arguments = Mapping[str, Any]
_SEQ = {
    "type": "integer",
    "minimum": 0,
    "description": "The sequence at which you saw the run (describe_run gives it): where it has"
    " moved on since, nothing is done.",
}


def run_workflow(user: User, arguments: Arguments) -> dict[str, Any]:
    workflow = finding.workflow(user, str(arguments["workflow"]))
    require_queue()
    return _started(
        start(workflow, user, input=arguments.get("input"), **_circumstances(arguments))
    )


def run_this(public_id: str, user: User, arguments: Arguments) -> dict[str, Any]:
    """Run one workflow; the arguments are its input."""
    workflow = finding.workflow(user, public_id)
    require_queue()
    return _started(start(workflow, user, input=dict(arguments)))


def run_agent(user: User, arguments: Arguments) -> dict[str, Any]:
    agent = finding.agent(user, str(arguments["agent"]))
    require_queue()
    new_run = start_agent(
        agent,
        user,
        message=str(arguments["message"]),
        from_run=arguments.get("from_run"),
        **_circumstances(arguments),
    )
    return _started(new_run)


def verb(row: Verb, user: User, arguments: Arguments) -> dict[str, Any]:
    """Carry out a verb; its arguments are those of the API's body."""
    target = execution(user, arguments.get("id"))
    body = _body(row, arguments)
    fields = body.model_fields_set - {"reason"} if body is not None else set()
    seq = arguments.get("seq") if row.is_about_what_was_seen else None
    try:
        outcome = carry_out(
            row,
            target.pk,
            user,
            {name: getattr(body, name) for name in fields},
            expected_seq=seq if isinstance(seq, int) else None,
            reason=getattr(body, "reason", ""),
        )
    except Proposed as waits:
        # A person agrees, in the control room: there is no tool for it.
        return {"id": target.public_id, "waits": waits.text, "proposal": waits.proposal.public_id}
    # A fork is answered by the run that it began.
    key = target.pk
    if isinstance(outcome, Decided):
        key = parse_public_id(outcome.execution_id, target.id_prefix) or key
    after = Execution.objects.only("id", "kind", "phase", "head_seq").get(pk=key)
    return {"id": after.public_id, "done": row.done, "phase": after.phase, "seq": after.head_seq}


def verb_parameters(row: Verb) -> dict[str, Any]:
    """The JSON Schema of a verb's arguments, beside the run that it is about."""
    body = BODIES[row.name]
    schema = body.model_json_schema() if body is not None else {}
    own: dict[str, Any] = {"id": {"type": "string", "description": "The id of the run."}}
    if row.is_about_what_was_seen:
        own["seq"] = _SEQ
    parameters = {
        "type": "object",
        "properties": own | schema.get("properties", {}),
        "required": ["id", *schema.get("required", [])],
        "additionalProperties": False,
    }
    return parameters | ({"$defs": schema["$defs"]} if "$defs" in schema else {})


def answer(user: User, arguments: Arguments) -> dict[str, Any]:
    """Answer what a run asks. A run's own token answers nothing: there is none that a run holds."""
    text = str(arguments["id"])
    key = parse_public_id(text, "ask")
    rows = Ask.objects.for_person(user).select_related("execution", "step")
    ask = rows.filter(pk=key).first() if key is not None else None
    if ask is None:
        raise ToolProblem(f"There is no approval {finding.shown(text)}.")
    response = Answer(
        str(arguments["outcome"]), arguments.get("form"), str(arguments.get("comment") or "")
    )
    respond(ask, user, response)
    return {"id": ask.public_id, "answered": response.outcome, "run": ask.execution.public_id}


def _circumstances(arguments: Arguments) -> Circumstances:
    circumstances: Circumstances = {"own_workspace": arguments.get("workspace")}
    name = str(arguments.get("name") or "")
    return {**circumstances, "name": name, "unique_name": True} if name else circumstances


def _started(new_run: Execution) -> dict[str, Any]:
    return {"id": new_run.public_id, "phase": new_run.phase}


def _body(row: Verb, arguments: Arguments) -> BaseModel | None:
    shape = BODIES[row.name]
    sent = {name: value for name, value in arguments.items() if name not in ("id", "seq")}
    if shape is None:
        return None
    try:
        return shape.model_validate(sent)
    except ValidationError as problem:
        problems = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'the arguments'}: {each['msg']}"
            for each in problem.errors()
        )
        raise ToolProblem(f"{problems}.") from problem
