"""The rows of an agent's execution beside its journal: the conversation, the tools it called, its
to-do list.
"""

from __future__ import annotations

from django.db import models

from executions.models.fields import JsonField


class AgentRun(models.Model):
    """One to one with an execution of the kind agent."""

    execution = models.OneToOneField(
        "executions.Execution", on_delete=models.CASCADE, primary_key=True, related_name="agent_run"
    )
    todos = JsonField(default=dict, blank=True)
    sub_agent_executions = JsonField(default=list, blank=True)
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    cost = models.DecimalField(max_digits=14, decimal_places=6, default=0)

    def __str__(self) -> str:
        return f"agent run {self.execution_id}"


class AgentMessage(models.Model):
    """One message of the conversation; ``position`` orders them."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(
        "executions.AgentRun", on_delete=models.CASCADE, related_name="messages"
    )
    position = models.PositiveIntegerField()
    type = models.CharField(max_length=20)
    content = models.TextField(blank=True, default="")
    tool_calls = JsonField(default=list, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("run", "position")
        constraints = (
            models.UniqueConstraint(fields=["run", "position"], name="message_position_once"),
        )

    def __str__(self) -> str:
        return f"{self.position} {self.type}"


class AgentToolCall(models.Model):
    """One call of a tool by the agent."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(
        "executions.AgentRun", on_delete=models.CASCADE, related_name="tool_calls"
    )
    call_id = models.CharField(max_length=200)
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=20)
    arguments = JsonField(null=True, blank=True)
    result = JsonField(null=True, blank=True)
    error = models.TextField(blank=True, default="")
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("run", "position")
        constraints = (models.UniqueConstraint(fields=["run", "call_id"], name="tool_call_once"),)

    def __str__(self) -> str:
        return f"{self.name} {self.status}"
