"""An attempt reads what it needs of the database as it begins: a key that was put right counts at
the next attempt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User

from executions import policy, secret_access
from executions.agents.program import AgentTask
from executions.calls.outcome import Done, Fail
from executions.calls.workspace import WORKSPACE
from executions.calls.workspace.repositories import NotAllowed, find
from executions.driving.drive import Drive
from executions.driving.keys import key_of
from executions.driving.tools_of_servers import address_of, server_for
from executions.errors import Refused, WorkflowError
from executions.journal.decided import Call, ToolCall
from executions.journal.records import StepRecord
from executions.language.walking.requests import Effect
from executions.models import AgentVersion, Execution, LanguageModel, McpServer
from executions.models.resource import Visibility
from executions.secret_files import SecretsUnreadable
from executions.secrets import FOR_ADMINISTRATORS, Rule
from executions.workspaces import grants
from executions.workspaces import rows as workspaces


def resources_of(drive: Drive, request: Effect) -> Mapping[str, Any] | Fail:
    """The resources of a call of this kind beside its arguments; a Fail where there are none."""
    names = ToolCall.of(request.step).secrets if isinstance(request.task, AgentTask) else None
    if request.call not in _READ and not names:
        return {}
    resources: dict[str, Any] = {}
    try:
        if request.call in _READ:
            resources = drive.store.call(
                partial(_READ[request.call], drive.execution, request.step)
            )
        if names:
            resources["tool_secrets"] = drive.store.call(
                partial(_secrets, drive.execution, request.step)
            )
        return resources
    except Refused as problem:
        return _unusable(problem.text)
    except SecretsUnreadable as problem:
        return _unusable(f"A key cannot be read: {problem}")


def _server(execution: Execution, step: StepRecord) -> dict[str, Any]:
    """The MCP server as the mind is told of it. Raises Refused, SecretsUnreadable."""
    owner = User.objects.get(pk=execution.owner_id)
    return {"server": address_of(server_for(owner, str(_given(step).get("server"))))}


def _model(execution: Execution, step: StepRecord) -> dict[str, Any]:
    """The model as the mind is told of it. Raises Refused, SecretsUnreadable."""
    owner = User.objects.get(pk=execution.owner_id)
    return {"model": _told(policy.model_for(owner, str(_given(step).get("model"))))}


def _secrets(execution: Execution, step: StepRecord) -> dict[str, str]:
    """The values of the secrets of a tool, as whoever applied the agent may use them now.

    Raises Refused, SecretsUnreadable.
    """
    key = execution.agent_version_id
    assert key is not None
    author = AgentVersion.objects.select_related("created_by").get(pk=key).created_by
    # A rule that names workflows means no agent of that name.
    who = secret_access.applicant(author, "", Visibility.PRIVATE)
    keys = {}
    for name in ToolCall.of(step).secrets or ():
        root = name.partition(".")[0]
        rule = secret_access.rules().get(root, FOR_ADMINISTRATORS)
        if reason := secret_access.why_not(root, who):
            raise Refused("conflict", f"The tool may not be given the secret {name}: {reason}.")
        if not _may_go(rule, _given(step)):
            text = f"The secret {name} may not be sent where this tool is (its rule says where)."
            raise Refused("conflict", text)
        keys[name] = key_of("tool", name)
    return keys


def _may_go(rule: Rule, arguments: Mapping[str, Any]) -> bool:
    """Whether the rule of a secret lets this tool have it."""
    if rule.hosts is None and rule.functions is None:
        return True
    if "function" in arguments:
        return arguments["function"] in (rule.functions or ())
    server = McpServer.objects.filter(name=arguments.get("server")).first()
    address = server.address if server is not None else ""
    return rule.hosts is not None and rule.hosts.covers_url(address)


def _workspace(execution: Execution, step: StepRecord) -> dict[str, Any]:
    """The place of the run's workspace, and what its repository is fetched with.

    Raises Refused, SecretsUnreadable.
    """
    arguments = _given(step)
    secret = _secret_of(str(arguments.get("repository") or ""))
    workspace = workspaces.begin(execution, Call.of(step).key or "", arguments)
    return workspace | ({"password": key_of("repository", secret)} if secret else {})


def _secret_of(repository: str) -> str:
    """The secret it is fetched with; the step itself refuses what may not be fetched at all."""
    named: dict[str, str] = settings.STIGMER_REPOSITORIES
    try:
        return find(repository, named, settings.STIGMER_GIT_HOSTS).secret if repository else ""
    except NotAllowed:
        return ""


def _command(execution: Execution, step: StepRecord) -> dict[str, Any]:
    """The workspace in which a command runs, and whether it may reach the network. Raises
    Refused.
    """
    arguments = _given(step)
    resources = workspaces.use(execution) if arguments.get("workspace") else {}
    if arguments.get("network") and execution.workflow is not None:
        resources["network"] = grants.may_reach_the_network(execution.workflow)
    return resources


def _given(step: StepRecord) -> Mapping[str, Any]:
    return step.arguments if isinstance(step.arguments, dict) else {}


def _told(model: LanguageModel) -> dict[str, Any]:
    return {
        "name": model.name,
        "protocol": model.protocol,
        "address": model.address,
        "remote_name": model.remote_name,
        "key": key_of(f"model {model.name}", model.key_secret),
        "key_secret": model.key_secret,
        "silence_seconds": model.silence_seconds,
        "max_tokens": model.max_tokens,
        "context_tokens": model.context_tokens,
        "input_price": _text(model.input_price),
        "output_price": _text(model.output_price),
    }


_READ: dict[str, Callable[[Execution, StepRecord], dict[str, Any]]] = {
    "model": _model,
    "mcp": _server,
    "workspace": _workspace,
    "command": _command,
}


def keep(drive: Drive, request: Effect, outcome: Done | Fail) -> None:
    """Write what an attempt has made beside its output, before its outcome is."""
    step = request.step
    if request.call == WORKSPACE.name and isinstance(outcome, Done):
        key = Call.of(step).key or ""
        drive.store.call(partial(workspaces.made, drive.execution, key, outcome.output))
    if outcome.saved is not None:
        drive.store.call(partial(workspaces.keep_saved, drive.execution, outcome.saved))
    if outcome.files:
        files = outcome.files
        drive.store.call(partial(workspaces.keep_files, drive.execution, step.path, files))


def _text(price: object) -> str | None:
    return None if price is None else str(price)


def _unusable(detail: str) -> Fail:
    error = WorkflowError.standard("configuration", detail)
    return Fail(error, transient=False, rule="cannot be used", effect_possible=False)
