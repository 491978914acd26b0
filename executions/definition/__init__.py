"""Definitions: the Serverless Workflow DSL 1.0, parsed and checked. Pure: knows no database and no queue."""

from executions.definition.checks import CheckExpression
from executions.definition.model.duration import Duration, duration_seconds
from executions.definition.model.policies import (
    Backoff,
    ErrorDefinition,
    ErrorFilter,
    ExportTransform,
    InputTransform,
    OutputTransform,
    RetryPolicy,
    Schema,
    Timeout,
)
from executions.definition.model.tasks import (
    CallTask,
    Catch,
    DoTask,
    ForTask,
    NamedCase,
    NamedTask,
    RaiseTask,
    SetTask,
    SwitchCase,
    SwitchTask,
    Task,
    TaskBase,
    TaskMetadata,
    TryTask,
    WaitTask,
)
from executions.definition.model.workflow import Document, Use, Workflow
from executions.definition.parse import Definition, load, parse
from executions.definition.problems import DefinitionError, Problem
from executions.definition.schema import json_schema
from executions.definition.yaml import Limits

__all__ = [
    "Backoff",
    "CallTask",
    "Catch",
    "CheckExpression",
    "Definition",
    "DefinitionError",
    "DoTask",
    "Document",
    "Duration",
    "ErrorDefinition",
    "ErrorFilter",
    "ExportTransform",
    "ForTask",
    "InputTransform",
    "Limits",
    "NamedCase",
    "NamedTask",
    "OutputTransform",
    "Problem",
    "RaiseTask",
    "RetryPolicy",
    "Schema",
    "SetTask",
    "SwitchCase",
    "SwitchTask",
    "Task",
    "TaskBase",
    "TaskMetadata",
    "Timeout",
    "TryTask",
    "Use",
    "WaitTask",
    "Workflow",
    "duration_seconds",
    "json_schema",
    "load",
    "parse",
]
