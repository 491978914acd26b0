"""The records. Each file holds one record with its own questions and adjectives."""

from executions.models.attempt import Attempt
from executions.models.event import Event
from executions.models.execution import Execution
from executions.models.instance import WorkflowInstance
from executions.models.notification import Notification
from executions.models.process import Process
from executions.models.step import Step
from executions.models.version import WorkflowVersion
from executions.models.workflow import Workflow

__all__ = [
    "Attempt",
    "Event",
    "Execution",
    "Notification",
    "Process",
    "Step",
    "Workflow",
    "WorkflowInstance",
    "WorkflowVersion",
]
