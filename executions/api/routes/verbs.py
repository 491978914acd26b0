"""What can be done to an execution. Both kinds have the same verbs; each calls the one function behind it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel

from executions.api import finding
from executions.api.credentials import ACT, person
from executions.api.preconditions import expected_seq
from executions.api.render import executions as render
from executions.api.routes import empty
from executions.api.schemas import executions as shapes
from executions.engine import control, decisions, upgrade
from executions.engine.override import override as override_phase
from executions.engine.restore import restore as restore_to
from executions.engine.restore import undo_restore
from executions.models import Execution

CONTROLS: dict[str, tuple[Callable[[uuid.UUID, User], Any], str]] = {
    "cancel": (control.cancel, "Stop at the next boundary; at once where nothing runs."),
    "pause": (control.pause, "Start no further step until it is resumed."),
    "resume": (control.resume, "Go on after a pause."),
    "terminate": (control.terminate, "End it now, whatever runs; it cannot be continued."),
}


def add_verbs(router: Router, kind: str) -> None:
    """POST /{execution_id}/<verb> for every verb."""
    _add_decisions(router, kind)
    for verb, (function, meaning) in CONTROLS.items():
        _add_control(router, kind, verb, function, meaning)


def recovered(request: HttpRequest, execution: Execution, body: shapes.RecoverBody) -> shapes.Decided:
    """The recovery behind its canonical address and its alias."""
    key, user, seq = execution.pk, person(request), expected_seq(request)
    if body.version is None:
        return render.decided(decisions.recover(key, user, expected_seq=seq, reason=body.reason))
    return render.decided(upgrade.recover_onto(key, user, body.version, expected_seq=seq, reason=body.reason))


def _add_decisions(router: Router, kind: str) -> None:
    def found(request: HttpRequest, execution_id: str) -> tuple[uuid.UUID, User, dict[str, Any]]:
        execution = finding.execution(person(request), execution_id, kind)
        return execution.pk, person(request), {"expected_seq": expected_seq(request)}

    def post(
        verb: str, summary: str, response: type[BaseModel] = shapes.Decided
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return router.post(
            f"/{{execution_id}}/{verb}", auth=ACT, response=response,
            operation_id=f"{verb}-{kind}-execution", summary=summary, openapi_extra={"x-if-match": True},
        )  # fmt: skip

    @post("retry", "Try the failed step again")
    def retry(request: HttpRequest, execution_id: str, body: shapes.RetryBody = empty.RETRY) -> shapes.Decided:
        """Its counters start anew; every finished step stays. Only from FAILED."""
        key, user, guard = found(request, execution_id)
        if "input" in body.model_fields_set:
            guard["arguments"] = body.input
        again = body.as_new_operation
        return render.decided(decisions.retry(key, user, **guard, as_new_operation=again, reason=body.reason))

    @post("skip", "Skip the failed optional step")
    def skip(request: HttpRequest, execution_id: str, body: shapes.SkipBody = empty.SKIP) -> shapes.Decided:
        """The next step runs. Only from FAILED, and only where the definition says `optional: true`."""
        key, user, guard = found(request, execution_id)
        if "output" in body.model_fields_set:
            guard["output"] = body.output
        return render.decided(decisions.skip(key, user, **guard, reason=body.reason))

    @post("recover", "Verify the checkpoints and go on from the last one")
    def recover(request: HttpRequest, execution_id: str, body: shapes.RecoverBody = empty.RECOVER) -> shapes.Decided:
        """Only from FAILED. A recovery that fails answers 500, stays FAILED and marks it for a person. With `version`
        it goes on with that version of the workflow; 409 names the recorded steps that do not fit into it."""
        return recovered(request, finding.execution(person(request), execution_id, kind), body)

    @post("decide", "Answer a step of which nobody knows whether it happened")
    def decide(request: HttpRequest, execution_id: str, body: shapes.DecideBody) -> shapes.Decided:
        """Run it again, mark it as done (with its output), or let it fail."""
        key, user, guard = found(request, execution_id)
        more = {"output": body.output, "reason": body.reason}
        return render.decided(decisions.decide(key, user, body.choice, **guard, **more))

    @post("restore", "Go back to a checkpoint")
    def restore(request: HttpRequest, execution_id: str, body: shapes.RestoreBody) -> shapes.Decided:
        """Support and administrators only; needs a reason, which the owner sees. 0 is the beginning."""
        key, user, guard = found(request, execution_id)
        return render.decided(restore_to(key, user, body.checkpoint_seq, reason=body.reason, **guard))

    @post("undo-restore", "Take the latest restore back")
    def undo(request: HttpRequest, execution_id: str, body: shapes.UndoBody) -> shapes.Decided:
        """What ran after it is superseded, what it superseded stands again."""
        key, user, guard = found(request, execution_id)
        return render.decided(undo_restore(key, user, reason=body.reason, **guard))

    @post("override", "Put it into another phase", response=shapes.Controlled)
    def override(request: HttpRequest, execution_id: str, body: shapes.OverrideBody) -> shapes.Controlled:
        """Administrators only, where no other verb fits; needs a reason, which the owner sees."""
        key, user, guard = found(request, execution_id)
        override_phase(key, user, body.phase, reason=body.reason, **guard)
        return render.controlled(Execution.objects.get(pk=key), asked=False)


def _add_control(
    router: Router, kind: str, verb: str, function: Callable[[uuid.UUID, User], Any], meaning: str
) -> None:
    @router.post(
        f"/{{execution_id}}/{verb}", auth=ACT, response=shapes.Controlled,
        operation_id=f"{verb}-{kind}-execution", summary=f"{verb.capitalize()} it", description=meaning,
    )  # fmt: skip
    def controlled(request: HttpRequest, execution_id: str) -> shapes.Controlled:
        execution = finding.execution(person(request), execution_id, kind)
        phase = function(execution.pk, person(request))
        after = Execution.objects.get(pk=execution.pk)
        asked = after.cancel_asked_at is not None if verb == "cancel" else after.pause_asked_at is not None
        return render.controlled(after, asked=asked and phase == after.phase and after.is_active())
