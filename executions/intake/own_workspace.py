"""A run may name another workspace than its definition does, within what its owner may use."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from executions import policy, secret_access
from executions.calls.workspace.repositories import NotAllowed, find
from executions.errors import Finding, Refused
from executions.ids import parse_public_id
from executions.intake.execution_draft import ExecutionDraft
from executions.language import own_workspace
from executions.language.model.workspace import arguments_of
from executions.models import Execution, WorkflowVersion
from executions.said import Said
from executions.states import Runner
from executions.workspaces import grants, handing

_WHERE = "docs/workspaces.md says what a run may name."


def check(draft: ExecutionDraft) -> None:
    """Whether this person may have this workflow or agent work there. Raises Refused."""
    workspace = draft.own_workspace
    if workspace is None:
        return
    if draft.runner != Runner.OURS:
        raise _invalid("A run with a runner of its own works where that runner says.")
    if problems := own_workspace.problems(workspace):
        findings = [Finding(pointer, message) for pointer, message in problems]
        raise Refused("invalid", "The workspace cannot be used.", findings=findings, remedy=_WHERE)
    repository = _repository(workspace)
    if repository is None:
        return
    try:
        find(repository, settings.STIGMER_REPOSITORIES, settings.STIGMER_GIT_HOSTS)
    except NotAllowed as problem:
        raise _invalid(str(problem), "/workspace/git/repository") from problem
    if isinstance(draft.version, WorkflowVersion):
        _check_trusted(draft, draft.version)


def keep(draft: ExecutionDraft) -> None:
    """A run that goes on with a conversation works where the run before it did, unless it names
    another workspace.
    """
    before = parse_public_id(str(draft.input.get("from_run") or ""), "aex")
    if draft.own_workspace is None and before is not None:
        own = Execution.objects.filter(pk=before).values_list("own_workspace", flat=True)
        draft.own_workspace = own.first()


def host_of_folder(execution: Execution, document: dict[str, Any]) -> str:
    """The host that holds the folder in which this run, not stored yet, goes on; empty for none."""
    workspace = execution.own_workspace or document.get("workspace") or "none"
    if workspace == "none":
        return ""
    before = handing.before(execution, arguments_of(own_workspace.load(workspace)))
    return before.workspace.host if before.workspace is not None else ""


def _check_trusted(draft: ExecutionDraft, version: WorkflowVersion) -> None:
    """Commands of a workflow may have the network and secrets, and run what lies in their folder:
    a repository from elsewhere would have these too. It is refused to a person who could not give
    them to commands of a workflow. Raises Refused.
    """
    asking = grants.asked_for(version.document)
    if not asking.network and not asking.secrets:
        return
    workflow = version.workflow
    if not policy.can_change(draft.owner, workflow):
        subject = Said("the network") if asking.network else Said("secrets")
        if asking.network and asking.secrets:
            subject = Said("the network and secrets")
        raise Refused(
            "forbidden",
            Said(
                "Commands of {workflow} have {what}: only a person who may change it names the"
                " repository of a run.",
                workflow=workflow.slug,
                what=subject,
            ),
            remedy="Start it without a workspace of its own, or ask its owner.",
        )
    applicant = secret_access.applicant(draft.owner, workflow.slug, workflow.visibility)
    for name in sorted(asking.secrets):
        if reason := secret_access.why_not(name, applicant):
            raise Refused(
                "forbidden",
                Said(
                    "Commands of {workflow} have the secret {name}, which you may not give to a"
                    " repository: {reason}.",
                    workflow=workflow.slug,
                    name=name,
                    reason=reason,
                ),
                remedy="Start it without a workspace of its own.",
            )


def _repository(workspace: Any) -> str | None:
    git = workspace.get("git") if isinstance(workspace, dict) else None
    return str(git["repository"]) if isinstance(git, dict) else None


def _invalid(message: str, pointer: str = "/workspace") -> Refused:
    return Refused("invalid", message, findings=[Finding(pointer, message)], remedy=_WHERE)
