"""Definitions as they are driven: parsed once per process, since a version never changes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from executions import language as definition
from executions.agents.program import AgentProgram, program
from executions.language import Workflow, own_workspace
from executions.models import AgentVersion, Execution, WorkflowVersion

REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Parsed:
    """The document of a version and what it means. Shared by all drives: nobody changes it."""

    document: dict[str, Any]
    workflow: Workflow


@lru_cache(maxsize=REMEMBERED)
def parsed(version_id: uuid.UUID) -> Parsed:
    """The version with this id; read from the database where this process has not met it lately."""
    document = WorkflowVersion.objects.values_list("document", flat=True).get(pk=version_id)
    return Parsed(document, definition.load(document))


@lru_cache(maxsize=REMEMBERED)
def parsed_agent(version_id: uuid.UUID) -> Parsed:
    """The same of a version of an agent."""
    document = AgentVersion.objects.values_list("document", flat=True).get(pk=version_id)
    return Parsed(document, program(document))


def parsed_for(execution: Execution) -> Parsed:
    """The workflow or agent of this run, in its version and with its workspace."""
    if execution.agent_version_id is not None:
        definition = parsed_agent(execution.agent_version_id)
    else:
        assert execution.version_id is not None
        definition = parsed(execution.version_id)
    return Parsed(definition.document, with_own_workspace(definition.workflow, execution))


def with_own_workspace(workflow: Workflow, execution: Execution) -> Workflow:
    """The same with the workspace that this run names, where it names one."""
    if execution.own_workspace is None:
        return workflow
    changed = {"workspace": own_workspace.load(execution.own_workspace)}
    if isinstance(workflow, AgentProgram):
        return workflow.model_copy(update={"agent": workflow.agent.model_copy(update=changed)})
    return workflow.model_copy(update=changed)
