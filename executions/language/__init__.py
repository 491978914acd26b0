"""Definitions: the Serverless Workflow DSL 1.0, parsed and checked. Pure: knows no database and no queue."""

from executions.language.checks.formulas import CheckExpression
from executions.language.kinds import KINDS
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
from executions.language.model.task import NamedTask, Task, TaskBase, TaskMetadata
from executions.language.model.workflow import Document, Use, Workflow
from executions.language.reading.parser import Definition, load, parse
from executions.language.reading.problems import DefinitionError, Problem
from executions.language.reading.schema import json_schema
from executions.language.reading.yaml import Limits

# Now, and not with the first definition that is read in one of several threads.
Workflow.model_rebuild()

__all__ = [
    "KINDS",
    "Backoff",
    "CheckExpression",
    "Definition",
    "DefinitionError",
    "Document",
    "Duration",
    "ErrorDefinition",
    "ErrorFilter",
    "ExportTransform",
    "InputTransform",
    "Limits",
    "NamedTask",
    "OutputTransform",
    "Problem",
    "RetryPolicy",
    "Schema",
    "Task",
    "TaskBase",
    "TaskMetadata",
    "Timeout",
    "Use",
    "Workflow",
    "duration_seconds",
    "json_schema",
    "load",
    "parse",
]
