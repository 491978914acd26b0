"""Replays of runs of agents."""

from __future__ import annotations

from dataclasses import asdict

from django.http import HttpRequest
from ninja import Router

from executions.api import finding
from executions.api.credentials import READ, person
from executions.api.problems import FieldError, Problem
from executions.api.schemas import replays as shapes
from executions.driving.replays import replay as walked


def add_replay(router: Router) -> None:
    """POST /{execution_id}/replay."""

    @router.post(
        "/{execution_id}/replay",
        auth=READ,
        response=shapes.Replay,
        operation_id="replay-agent-execution",
        summary="Replay a run against its own journal",
    )
    def replay(request: HttpRequest, execution_id: str, body: shapes.ReplayBody) -> shapes.Replay:
        """Walks a run that has ended again, with no model and no tool, and says where it would do
        something else: as its own version, another one, or a text that is not applied yet. Nothing
        is changed.
        """
        if body.version is not None and body.definition is not None:
            raise Problem(
                "invalid",
                "A replay is of one version.",
                errors=[FieldError("Leave it out, or `version`.", pointer="#/definition")],
            )
        execution = finding.execution(person(request), execution_id, "agent")
        report = walked(execution, number=body.version, text=body.definition or "")
        return shapes.Replay.model_validate(asdict(report))
