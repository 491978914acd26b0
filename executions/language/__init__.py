"""Definitions: the Serverless Workflow DSL 1.0, parsed and checked. Pure: knows no database and no queue."""

from executions.language.checks import CheckExpression
from executions.language.model.duration import Duration, duration_seconds
from executions.language.model.policies import (
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
from executions.language.model.tasks import (
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
from executions.language.model.workflow import Document, Use, Workflow
from executions.language.reading.parser import Definition, load, parse
from executions.language.reading.problems import DefinitionError, Problem
from executions.language.reading.schema import json_schema
from executions.language.reading.yaml import Limits

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
