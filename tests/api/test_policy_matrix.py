"""Every operation for everybody: anonymous, a stranger, a viewer, the owner, support, an
administrator.

A route without a row fails, and so does a row without a route.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from executions.api.build import api
from executions.api.credentials import Caller as Auth
from executions.models import Process
from tests.api import world
from tests.api.conftest import GOOD, HEAD

pytestmark = pytest.mark.database
Four = tuple[int, int, int, int]
EVERYBODY: Four = (200, 200, 200, 200)
WHO_SEES_THE_RUN: Four = (404, 200, 200, 200)
OWNER_AND_ADMIN: Four = (404, 200, 403, 200)
OF_A_SHARED_ONE: Four = (403, 200, 403, 200)
OWNER_AND_ADMIN_404: Four = (404, 200, 404, 200)
ADMIN_ALONE: Four = (404, 403, 403, 200)
OF_NO_OWNER: Four = (403, 403, 403, 200)
ITS_OWNER_ALONE: Four = (404, 200, 404, 404)


def by(four: Four, status: int) -> Four:
    """The same people, where success has another status."""
    return tuple(status if each == 200 else each for each in four)  # type: ignore[return-value]


NEW = HEAD % "brand-new" + GOOD
WRONG_PHASE = by(OWNER_AND_ADMIN, 400)
RUN: Four = by(EVERYBODY, 202)
EXTERNAL = {"message": "Hello", "runner": "external"}
RESTORE = {"checkpoint_seq": 0, "reason": "a test"}
OVERRIDE = {"phase": "CANCELLED", "reason": "a test"}
EVENT = {"specversion": "1.0", "type": "t", "source": "/s", "id": "1"}
SINK = {"name": "new", "address": "https://example.org/in"}
CHANNEL = {"kind": "webhook", "name": "new", "address": "https://example.org/in"}
SCHEDULE = {"name": "new", "workflow": "orders", "every": "P1D"}
UPDATE = {"sequence": 1, "phase": "IN_PROGRESS"}

# operation: path, body, (stranger, owner, support, admin). Nobody without credentials gets
# anywhere: 401.
TABLE: dict[str, tuple[str, Any, Four]] = {
    "list-approvals": ("approvals", None, EVERYBODY),
    "read-approval": ("approvals/{ask}", None, WHO_SEES_THE_RUN),
    # Nobody waits for it any more: whoever may answer is told so.
    "respond-approval": ("approvals/{ask}/respond", {"outcome": "deny"}, (404, 409, 404, 409)),
    "list-groups": ("groups", None, EVERYBODY),
    "add-group-member": ("groups/Shipping/members/first", None, (403, 403, 403, 200)),
    "remove-group-member": ("groups/Support/members/first", None, (403, 403, 403, 204)),
    "list-workers": ("workers", None, EVERYBODY),
    "drain-worker": ("workers/{wrk}/drain", None, OF_NO_OWNER),
    "resume-worker": ("workers/{wrk}/resume", None, OF_NO_OWNER),
    "list-proposals": ("proposals", None, EVERYBODY),
    "read-proposal": ("proposals/{prp}", None, WHO_SEES_THE_RUN),
    "agree-proposal": ("proposals/{prp}/agree", None, (404, 403, 200, 200)),
    "turn-down-proposal": ("proposals/{prp}/turn-down", {"reason": "no"}, (404, 403, 200, 200)),
    "send-events": ("events", EVENT, by(EVERYBODY, 202)),
    "list-events": ("events", None, EVERYBODY),
    "read-event": ("events/{evt}", None, WHO_SEES_THE_RUN),
    "list-event-sources": ("event-sources", None, EVERYBODY),
    "create-event-source": ("event-sources", {"name": "new"}, by(EVERYBODY, 201)),
    "list-event-source-visits": ("event-sources/{src}/visits", None, OWNER_AND_ADMIN_404),
    # Of those who see no sinks nobody is told that there are any.
    "list-sinks": ("sinks", None, EVERYBODY),
    "create-sink": ("sinks", SINK, (403, 403, 403, 201)),
    "change-sink": ("sinks/{snk}", {"secret": "HOOK"}, OF_NO_OWNER),
    "turn-sink-on": ("sinks/{snk}/turn-on", None, OF_NO_OWNER),
    "turn-sink-off": ("sinks/{snk}/turn-off", None, OF_NO_OWNER),
    "list-sink-messages": ("sinks/{snk}/messages", None, (404, 404, 200, 200)),
    "send-sink-again": ("sinks/{snk}/send-again", None, OF_NO_OWNER),
    "delete-sink": ("sinks/{snk}", None, by(OF_NO_OWNER, 204)),
    # Its owner's and the administrators'; one of the server would be for administrators alone.
    "list-channels": ("channels", None, EVERYBODY),
    "create-channel": ("channels", CHANNEL, by(EVERYBODY, 201)),
    "read-channel": ("channels/{chn}", None, OWNER_AND_ADMIN_404),
    "change-channel": ("channels/{chn}", {"rhythm": "daily"}, OWNER_AND_ADMIN_404),
    "test-channel": ("channels/{chn}/test", None, by(OWNER_AND_ADMIN_404, 202)),
    "turn-channel-on": ("channels/{chn}/turn-on", None, OWNER_AND_ADMIN_404),
    "turn-channel-off": ("channels/{chn}/turn-off", None, OWNER_AND_ADMIN_404),
    "list-channel-messages": ("channels/{chn}/messages", None, OWNER_AND_ADMIN_404),
    "send-channel-again": ("channels/{chn}/send-again", None, OWNER_AND_ADMIN_404),
    "delete-channel": ("channels/{chn}", None, by(OWNER_AND_ADMIN_404, 204)),
    "rotate-event-source": ("event-sources/{src}/rotate", None, OWNER_AND_ADMIN_404),
    "delete-event-source": ("event-sources/{src}", None, by(OWNER_AND_ADMIN_404, 204)),
    "signal-workflow-execution": (
        "workflow-executions/{wex}/signals",
        {"name": "go"},
        by(OWNER_AND_ADMIN, 400),
    ),
    "list-causes": ("attention", None, EVERYBODY),
    "note-cause": ("attention/{cause}", {"note": "x"}, WHO_SEES_THE_RUN),
    "list-schedules": ("schedules", None, EVERYBODY),
    "create-schedule": ("schedules", SCHEDULE, by(EVERYBODY, 201)),
    "read-schedule": ("schedules/{sch}", None, WHO_SEES_THE_RUN),
    "change-schedule": ("schedules/{sch}", {"overlap": "allow"}, OWNER_AND_ADMIN),
    "pause-schedule": ("schedules/{sch}/pause", None, OWNER_AND_ADMIN),
    "resume-schedule": ("schedules/{sch}/resume", None, OWNER_AND_ADMIN),
    "trigger-schedule": ("schedules/{sch}/trigger", None, by(OWNER_AND_ADMIN, 202)),
    "list-schedule-occurrences": ("schedules/{sch}/occurrences", None, WHO_SEES_THE_RUN),
    "delete-schedule": ("schedules/{sch}", None, by(OWNER_AND_ADMIN, 204)),
    "list-bulk-runs": ("bulk-runs", None, EVERYBODY),
    "create-bulk-run": (
        "bulk-runs",
        {"verb": "retry", "q": "status:failed", "reason": "a test"},
        (422, 202, 202, 202),
    ),
    "read-bulk-run": ("bulk-runs/{blk}", None, WHO_SEES_THE_RUN),
    "list-bulk-items": ("bulk-runs/{blk}/items", None, WHO_SEES_THE_RUN),
    "stop-bulk-run": ("bulk-runs/{blk}/stop", None, OWNER_AND_ADMIN),
    "list-workflow-executions": ("workflow-executions", None, EVERYBODY),
    "create-workflow-execution": ("workflow-executions", {"workflow_id": "orders"}, RUN),
    "read-workflow-execution": ("workflow-executions/{wex}", None, WHO_SEES_THE_RUN),
    "delete-workflow-execution": ("workflow-executions/{wex}", None, by(OWNER_AND_ADMIN, 204)),
    "retry-workflow-execution": (
        "workflow-executions/{wex}/retry",
        {"reason": "a test"},
        WHO_SEES_THE_RUN,
    ),
    "keep-waiting-workflow-execution": (
        "workflow-executions/{wex}/keep-waiting",
        None,
        WRONG_PHASE,
    ),
    "break-off-workflow-execution": ("workflow-executions/{wex}/break-off", None, WRONG_PHASE),
    "retry-now-workflow-execution": ("workflow-executions/{wex}/retry-now", None, WRONG_PHASE),
    "skip-workflow-execution": ("workflow-executions/{wex}/skip", None, OWNER_AND_ADMIN),
    "recover-workflow-execution": (
        "workflow-executions/{wex}/recover",
        {"reason": "a test"},
        WHO_SEES_THE_RUN,
    ),
    "decide-workflow-execution": (
        "workflow-executions/{wex}/decide",
        {"choice": "run_again"},
        WRONG_PHASE,
    ),
    "restore-workflow-execution": (
        "workflow-executions/{wex}/restore",
        RESTORE,
        (404, 403, 200, 200),
    ),
    "preview-recover-workflow-execution": (
        "workflow-executions/{wex}/recover?version=1",
        None,
        WHO_SEES_THE_RUN,
    ),
    "preview-restore-workflow-execution": (
        "workflow-executions/{wex}/restore?checkpoint_seq=0",
        None,
        (404, 403, 200, 200),
    ),
    "preview-restore-agent-execution": (
        "agent-executions/{aex}/restore?checkpoint_seq=0",
        None,
        (404, 403, 400, 400),
    ),
    "override-workflow-execution": ("workflow-executions/{wex}/override", OVERRIDE, ADMIN_ALONE),
    "preview-override-workflow-execution": (
        "workflow-executions/{wex}/override",
        None,
        ADMIN_ALONE,
    ),
    "undo-restore-workflow-execution": (
        "workflow-executions/{wex}/undo-restore",
        {"reason": "x"},
        (404, 403, 409, 409),
    ),
    "export-workflow-execution": (
        "workflow-executions/{wex}/export",
        None,
        WHO_SEES_THE_RUN,
    ),
    "export-agent-execution": ("agent-executions/{aex}/export", None, WHO_SEES_THE_RUN),
    "read-workflow-stack": ("workflow-executions/{wex}/stack", None, (404, 403, 200, 200)),
    "read-agent-stack": ("agent-executions/{aex}/stack", None, (404, 403, 200, 200)),
    "amend-workflow-execution": (
        "workflow-executions/{wex}/amend",
        {"step_seq": 1, "output": 1},
        (404, 422, 403, 422),
    ),
    "preview-fork-workflow-execution": (
        "workflow-executions/{wex}/fork?checkpoint_seq=0",
        None,
        (404, 200, 403, 200),
    ),
    "preview-fork-agent-execution": (
        "agent-executions/{aex}/fork?checkpoint_seq=0",
        None,
        (404, 400, 403, 400),
    ),
    "preview-amend-workflow-execution": (
        "workflow-executions/{wex}/amend?step_seq=1",
        None,
        (404, 422, 403, 422),
    ),
    "preview-amend-agent-execution": (
        "agent-executions/{aex}/amend?step_seq=1",
        None,
        (404, 400, 403, 400),
    ),
    "preview-undo-restore-workflow-execution": (
        "workflow-executions/{wex}/undo-restore",
        None,
        (404, 403, 409, 409),
    ),
    "preview-undo-restore-agent-execution": (
        "agent-executions/{aex}/undo-restore",
        None,
        (404, 403, 400, 400),
    ),
    "fork-workflow-execution": (
        "workflow-executions/{wex}/fork",
        {"checkpoint_seq": 0},
        (404, 200, 403, 200),
    ),
    "fork-agent-execution": (
        "agent-executions/{aex}/fork",
        {"checkpoint_seq": 0},
        (404, 400, 403, 400),
    ),
    "amend-agent-execution": (
        "agent-executions/{aex}/amend",
        {"step_seq": 1, "output": 1},
        (404, 400, 403, 400),
    ),
    "remake-workspace-workflow-execution": (
        "workflow-executions/{wex}/remake-workspace",
        None,
        WRONG_PHASE,
    ),
    "acknowledge-workflow-execution": (
        "workflow-executions/{wex}/acknowledge",
        None,
        WHO_SEES_THE_RUN,
    ),
    "acknowledge-agent-execution": (
        "agent-executions/{aex}/acknowledge",
        None,
        (404, 400, 400, 400),
    ),
    "list-workspaces": ("workspaces", None, EVERYBODY),
    "read-workflow-workspace": ("workflow-executions/{wex}/workspace", None, WHO_SEES_THE_RUN),
    "read-agent-workspace": ("agent-executions/{aex}/workspace", None, (404,) * 4),
    "list-workflow-artifacts": ("workflow-executions/{wex}/artifacts", None, WHO_SEES_THE_RUN),
    "list-agent-artifacts": ("agent-executions/{aex}/artifacts", None, WHO_SEES_THE_RUN),
    "read-workflow-artifact": (
        "workflow-executions/{wex}/artifacts/{art}",
        None,
        WHO_SEES_THE_RUN,
    ),
    "read-agent-artifact": ("agent-executions/{aex}/artifacts/{art}", None, (404,) * 4),
    # Its file is in no store of this world.
    "download-workflow-artifact": (
        "workflow-executions/{wex}/artifacts/{art}/content",
        None,
        (404, 404, 403, 404),
    ),
    "download-agent-artifact": (
        "agent-executions/{aex}/artifacts/{art}/content",
        None,
        (404, 404, 403, 404),
    ),
    "cancel-workflow-execution": ("workflow-executions/{wex}/cancel", None, WRONG_PHASE),
    "pause-workflow-execution": ("workflow-executions/{wex}/pause", None, WRONG_PHASE),
    "resume-workflow-execution": ("workflow-executions/{wex}/resume", None, WRONG_PHASE),
    "terminate-workflow-execution": ("workflow-executions/{wex}/terminate", None, WRONG_PHASE),
    "list-workflow-steps": ("workflow-executions/{wex}/steps", None, WHO_SEES_THE_RUN),
    "read-workflow-step": ("workflow-executions/{wex}/steps/{stp}", None, WHO_SEES_THE_RUN),
    "list-workflow-step-attempts": (
        "workflow-executions/{wex}/steps/{stp}/attempts",
        None,
        WHO_SEES_THE_RUN,
    ),
    "list-workflow-checkpoints": ("workflow-executions/{wex}/checkpoints", None, WHO_SEES_THE_RUN),
    "read-workflow-events": ("workflow-executions/{wex}/events", None, WHO_SEES_THE_RUN),
    "update-workflow-execution-status": (
        "workflow-executions/{wex}/status",
        UPDATE,
        by(OWNER_AND_ADMIN, 409),
    ),
    "read-workflow-instance": ("workflow-instances/{win}", None, EVERYBODY),
    "change-workflow-instance": ("workflow-instances/{win}", {"description": "x"}, OF_A_SHARED_ONE),
    "delete-workflow-instance": ("workflow-instances/{win}", None, by(OF_A_SHARED_ONE, 204)),
    "list-agent-executions": ("agent-executions", None, EVERYBODY),
    "create-agent-execution": ("agent-executions", {"agent_id": "helper", **EXTERNAL}, RUN),
    "read-agent-execution": ("agent-executions/{aex}", None, WHO_SEES_THE_RUN),
    "delete-agent-execution": ("agent-executions/{aex}", None, by(OWNER_AND_ADMIN, 409)),
    "retry-agent-execution": ("agent-executions/{aex}/retry", None, (404, 400, 400, 400)),
    "remake-workspace-agent-execution": (
        "agent-executions/{aex}/remake-workspace",
        None,
        (404, 409, 403, 409),
    ),
    "keep-waiting-agent-execution": (
        "agent-executions/{aex}/keep-waiting",
        None,
        WRONG_PHASE,
    ),
    "break-off-agent-execution": ("agent-executions/{aex}/break-off", None, WRONG_PHASE),
    "retry-now-agent-execution": ("agent-executions/{aex}/retry-now", None, WRONG_PHASE),
    "skip-agent-execution": ("agent-executions/{aex}/skip", None, WRONG_PHASE),
    "recover-agent-execution": ("agent-executions/{aex}/recover", None, (404, 400, 400, 400)),
    "decide-agent-execution": (
        "agent-executions/{aex}/decide",
        {"choice": "run_again"},
        WRONG_PHASE,
    ),
    "restore-agent-execution": ("agent-executions/{aex}/restore", RESTORE, (404, 403, 400, 400)),
    "override-agent-execution": ("agent-executions/{aex}/override", OVERRIDE, ADMIN_ALONE),
    "preview-override-agent-execution": ("agent-executions/{aex}/override", None, ADMIN_ALONE),
    "undo-restore-agent-execution": (
        "agent-executions/{aex}/undo-restore",
        {"reason": "x"},
        (404, 403, 400, 400),
    ),
    "cancel-agent-execution": ("agent-executions/{aex}/cancel", None, OWNER_AND_ADMIN),
    "pause-agent-execution": ("agent-executions/{aex}/pause", None, OWNER_AND_ADMIN),
    "resume-agent-execution": ("agent-executions/{aex}/resume", None, WRONG_PHASE),
    "terminate-agent-execution": ("agent-executions/{aex}/terminate", None, OWNER_AND_ADMIN),
    "list-agent-steps": ("agent-executions/{aex}/steps", None, WHO_SEES_THE_RUN),
    "read-agent-step": ("agent-executions/{aex}/steps/{stp}", None, (404, 404, 404, 404)),
    "list-agent-step-attempts": (
        "agent-executions/{aex}/steps/{stp}/attempts",
        None,
        (404, 404, 404, 404),
    ),
    "list-agent-checkpoints": ("agent-executions/{aex}/checkpoints", None, WHO_SEES_THE_RUN),
    "read-agent-events": ("agent-executions/{aex}/events", None, WHO_SEES_THE_RUN),
    "update-agent-execution-status": ("agent-executions/{aex}/status", UPDATE, OWNER_AND_ADMIN),
    "read-agent-instance": ("agent-instances/{ain}", None, EVERYBODY),
    "change-agent-instance": ("agent-instances/{ain}", {"description": "x"}, OF_A_SHARED_ONE),
    "delete-agent-instance": ("agent-instances/{ain}", None, by(OF_A_SHARED_ONE, 204)),
    "apply-workflow": ("workflows", NEW, by(EVERYBODY, 201)),
    "list-workflows": ("workflows", None, EVERYBODY),
    "read-workflow": ("workflows/{wfl}", None, EVERYBODY),
    "change-workflow": ("workflows/{wfl}", {"labels": {"a": "b"}}, OF_A_SHARED_ONE),
    "delete-workflow": ("workflows/{wfl}", None, by(OF_A_SHARED_ONE, 204)),
    # None was set, which everybody who sees the workflow is told.
    "read-workflow-objective": ("workflows/{wfl}/objective", None, (404,) * 4),
    "set-workflow-objective": (
        "workflows/{wfl}/objective",
        {"success_percent": 99},
        OF_A_SHARED_ONE,
    ),
    "remove-workflow-objective": ("workflows/{wfl}/objective", None, by(OF_A_SHARED_ONE, 204)),
    "run-workflow": ("workflows/orders/run", None, RUN),
    "run-workflow-by-name": ("workflows/claude-code/run/orders", {"message": "Go"}, RUN),
    "recover-workflow": (
        "workflows/{wex}/recover",
        {"reason": "a test"},
        WHO_SEES_THE_RUN,
    ),
    "list-workflow-versions": ("workflows/{wfl}/versions", None, EVERYBODY),
    "read-workflow-version": ("workflows/{wfl}/versions/1", None, EVERYBODY),
    "list-workflow-instances": ("workflows/{wfl}/instances", None, EVERYBODY),
    "create-workflow-instance": (
        "workflows/{wfl}/instances",
        {"name": "hourly"},
        by(OF_A_SHARED_ONE, 201),
    ),
    "apply-agent": (
        "agents",
        "name: other\ninstructions: Do other things than the first.\n",
        by(EVERYBODY, 201),
    ),
    "list-agents": ("agents", None, EVERYBODY),
    "read-agent": ("agents/helper", None, EVERYBODY),
    "change-agent": ("agents/{agt}", {"description": "x"}, OF_A_SHARED_ONE),
    "delete-agent": ("agents/{agt}", None, by(OF_A_SHARED_ONE, 409)),
    "run-agent": ("agents/helper/run", EXTERNAL, RUN),
    "list-agent-sessions": ("agents/{agt}/sessions", None, EVERYBODY),
    "create-agent-session": ("agents/{agt}/sessions", {"subject": "x"}, by(EVERYBODY, 201)),
    "list-agent-versions": ("agents/{agt}/versions", None, EVERYBODY),
    "read-agent-version": ("agents/{agt}/versions/1", None, EVERYBODY),
    "list-agent-instances": ("agents/{agt}/instances", None, EVERYBODY),
    "create-agent-instance": (
        "agents/{agt}/instances",
        {"name": "hourly"},
        by(OF_A_SHARED_ONE, 201),
    ),
    "replay-agent-execution": ("agent-executions/{aex}/replay", {}, by(WHO_SEES_THE_RUN, 409)),
    "say-agent-execution": (
        "agent-executions/{aex}/messages",
        {"message": "x"},
        (404, 409, 409, 409),
    ),
    "take-back-agent-execution": (
        "agent-executions/{aex}/take-back",
        {"tool": "x"},
        (404, 409, 403, 409),
    ),
    "read-stored-value": ("agent-executions/{aex}/stored-values/" + "0" * 64, None, (404,) * 4),
    "apply-skill": (
        "skills",
        "---\nname: coffee\ndescription: How coffee is made.\n---\nWith hot water, too.\n",
        by(EVERYBODY, 201),
    ),
    "list-skills": ("skills", None, EVERYBODY),
    "read-skill": ("skills/tea", None, EVERYBODY),
    "change-skill": ("skills/{skl}", {"description": "x"}, OF_A_SHARED_ONE),
    "delete-skill": ("skills/{skl}", None, by(OF_A_SHARED_ONE, 204)),
    "list-skill-versions": ("skills/{skl}/versions", None, EVERYBODY),
    "read-skill-version": ("skills/{skl}/versions/1", None, EVERYBODY),
    "list-sessions": ("sessions", None, EVERYBODY),
    "read-session": ("sessions/{ses}", None, WHO_SEES_THE_RUN),
    "list-notifications": ("notifications", None, EVERYBODY),
    "read-notifications": ("notifications/read", None, EVERYBODY),
    "list-tokens": ("tokens", None, EVERYBODY),
    # Only a token with the scope admin makes others, and only an administrator's token has that
    # scope.
    "create-token": ("tokens", {"name": "x", "scopes": ["read"]}, (403, 403, 403, 201)),
    "read-token": ("tokens/{key}", None, ITS_OWNER_ALONE),
    "revoke-token": ("tokens/{key}", None, by(ITS_OWNER_ALONE, 204)),
    "read-caller": ("me", None, EVERYBODY),
    "read-settings": ("me/settings", None, EVERYBODY),
    "change-settings": ("me/settings", {"density": "compact"}, EVERYBODY),
    "list-audit-entries": ("audit", None, (403, 403, 200, 200)),
    "export-audit-entries": ("audit/export", None, (403, 403, 200, 200)),
    "read-audit-verification": ("audit/verification", None, (403, 403, 200, 200)),
    "acknowledge-audit-break": ("audit/acknowledge", {"reason": "x"}, (403, 403, 403, 409)),
    "list-failed": ("admin/workflows/failed", None, (403, 403, 200, 200)),
}
# A viewer is refused whatever needs more than reading, and reads what is shared; of the rest not
# even the existence is told. Here is what is neither.
OF_A_VIEWER = {
    "read-event": 404,
    "list-event-source-visits": 404,
    "list-sink-messages": 404,
    "note-cause": 403,
    "read-bulk-run": 404,
    "list-bulk-items": 404,
    "preview-recover-workflow-execution": 403,
    "preview-restore-workflow-execution": 403,
    "preview-restore-agent-execution": 403,
    "preview-override-workflow-execution": 403,
    "preview-override-agent-execution": 403,
    "preview-fork-workflow-execution": 403,
    "preview-fork-agent-execution": 403,
    "preview-amend-workflow-execution": 403,
    "preview-amend-agent-execution": 403,
    "preview-undo-restore-workflow-execution": 403,
    "preview-undo-restore-agent-execution": 403,
    "export-workflow-execution": 403,
    "export-agent-execution": 403,
    "read-agent-workspace": 404,
    "read-agent-artifact": 404,
    "download-workflow-artifact": 403,
    "download-agent-artifact": 403,
    "read-workflow-objective": 404,
    "read-agent-step": 404,
    "list-agent-step-attempts": 404,
    "read-stored-value": 404,
    "replay-agent-execution": 409,
    "read-token": 404,
    "revoke-token": 404,
    "list-audit-entries": 403,
    "export-audit-entries": 403,
    "read-audit-verification": 403,
    "list-failed": 403,
    # Where somebody is told is theirs alone.
    "read-channel": 404,
    "list-channel-messages": 404,
}
OPERATIONS = {operation.operation_id: operation for _, operation in api.operations()}


def test_every_operation_has_a_row_and_every_row_an_operation():
    assert set(TABLE) == set(OPERATIONS)


def of_a_viewer(name: str) -> int:
    (auth,) = OPERATIONS[name].auth_callbacks
    assert isinstance(auth, Auth)
    return OF_A_VIEWER.get(name, 200 if auth.scope == "read" else 403)


@pytest.fixture
def places(alice, failed) -> dict[str, str]:
    return world.made(alice, failed)


@pytest.mark.parametrize("name", TABLE)
def test_each_role_gets_what_the_policy_says(name, people, places, worker):
    path, body, expected = TABLE[name]
    method = OPERATIONS[name].methods[0]
    headers = {"Content-Type": "application/yaml"} if isinstance(body, str) else {}
    seen = {}
    for role, caller in people.items():
        with transaction.atomic():
            Process.objects.filter(pk=worker.pk).update(dead_at=None)
            seen[role] = caller(method, path.format(**places), body, **headers).status_code
            transaction.set_rollback(True)
    others = zip(("stranger", "owner", "support", "admin"), expected, strict=True)
    assert seen == {"anonymous": 401, "viewer": of_a_viewer(name)} | dict(others)


def test_a_private_workflow_does_not_exist_for_others(people, places):
    assert (
        people["owner"]("PATCH", "workflows/orders", {"visibility": "private"}).status_code == 200
    )
    seen = {role: caller.get("workflows/orders").status_code for role, caller in people.items()}
    assert seen == {
        "anonymous": 401,
        "stranger": 404,
        "owner": 200,
        "viewer": 404,
        "support": 404,
        "admin": 404,
    }
    assert people["admin"].get(f"workflows/{places['wfl']}").status_code == 200
