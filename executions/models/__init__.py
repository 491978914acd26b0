"""The records. Each file holds one record with its own questions and adjectives."""

from executions.models.agent import Agent, AgentInstance, AgentVersion, Session
from executions.models.agent_run import AgentMessage, AgentRun, AgentToolCall
from executions.models.api_token import ApiToken
from executions.models.archive import Archive, ImportedExecution, PrunedExecution
from executions.models.artifact import Artifact
from executions.models.ask import Ask
from executions.models.attempt import Attempt
from executions.models.audit_anchor import AuditAnchor
from executions.models.audit_entry import AuditEntry
from executions.models.boot import Boot
from executions.models.budget import Budget, Reservation, Spending
from executions.models.bulk_run import BulkItem, BulkRun
from executions.models.cause_note import CauseNote
from executions.models.channel import Channel, Rhythm, Sending, Told
from executions.models.cloud_event import CloudEvent
from executions.models.delivery import Delivery
from executions.models.environment import Environment
from executions.models.event import Event
from executions.models.event_source import EventSource
from executions.models.execution import Execution
from executions.models.healing import Healing
from executions.models.idempotent_request import IdempotentRequest
from executions.models.initial_password import InitialPassword
from executions.models.instance import WorkflowInstance
from executions.models.language_model import LanguageModel
from executions.models.late_answer import LateAnswer
from executions.models.load import Load
from executions.models.mcp_server import McpServer, McpTool
from executions.models.notification import Notification
from executions.models.objective import Objective
from executions.models.personal_settings import PersonalSettings
from executions.models.process import Process
from executions.models.proposal import Proposal
from executions.models.quarantine import Quarantine
from executions.models.queued_message import QueuedMessage
from executions.models.retention_rule import RetentionRule
from executions.models.saved_view import SavedView
from executions.models.schedule import Occurrence, Schedule
from executions.models.skill import Skill, SkillVersion
from executions.models.stall import Stall
from executions.models.step import Step
from executions.models.stored_value import StoredValue
from executions.models.subscription import Subscription
from executions.models.taken_back import TakenBack
from executions.models.tally import Tally
from executions.models.turn import Turn
from executions.models.version import WorkflowVersion
from executions.models.workflow import Workflow
from executions.models.workspace import Workspace

__all__ = [
    "Agent",
    "AgentInstance",
    "AgentMessage",
    "AgentRun",
    "AgentToolCall",
    "AgentVersion",
    "ApiToken",
    "Archive",
    "Artifact",
    "Ask",
    "Attempt",
    "AuditAnchor",
    "AuditEntry",
    "Boot",
    "Budget",
    "BulkItem",
    "BulkRun",
    "CauseNote",
    "Channel",
    "CloudEvent",
    "Delivery",
    "Environment",
    "Event",
    "EventSource",
    "Execution",
    "Healing",
    "IdempotentRequest",
    "ImportedExecution",
    "InitialPassword",
    "LanguageModel",
    "LateAnswer",
    "Load",
    "McpServer",
    "McpTool",
    "Notification",
    "Objective",
    "Occurrence",
    "PersonalSettings",
    "Process",
    "Proposal",
    "PrunedExecution",
    "Quarantine",
    "QueuedMessage",
    "Reservation",
    "RetentionRule",
    "Rhythm",
    "SavedView",
    "Schedule",
    "Sending",
    "Session",
    "Skill",
    "SkillVersion",
    "Spending",
    "Stall",
    "Step",
    "StoredValue",
    "Subscription",
    "TakenBack",
    "Tally",
    "Told",
    "Turn",
    "Workflow",
    "WorkflowInstance",
    "WorkflowVersion",
    "Workspace",
]
