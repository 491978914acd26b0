"""Definitions: the Serverless Workflow DSL 1.0, parsed and checked.

Pure: knows no database and no queue.
"""

from executions.calls.duration import Duration, duration_seconds
from executions.language.kinds import KINDS
from executions.language.model.policies import ErrorDefinition, RetryPolicy, Timeout
from executions.language.model.task import NamedTask, Task, TaskMetadata
from executions.language.model.workflow import Workflow
from executions.language.reading.parser import Definition, load, parse
from executions.language.reading.problems import DefinitionError, Problem
from executions.language.reading.schema import json_schema
from executions.language.reading.yaml import Limits

# Now, and not with the first definition that is read in one of several threads.
Workflow.model_rebuild()

__all__ = [
    "KINDS",
    "Definition",
    "DefinitionError",
    "Duration",
    "ErrorDefinition",
    "Limits",
    "NamedTask",
    "Problem",
    "RetryPolicy",
    "Task",
    "TaskMetadata",
    "Timeout",
    "Workflow",
    "duration_seconds",
    "json_schema",
    "load",
    "parse",
]
