"""How long runs of one workflow or agent are kept after their end, where that differs from the
setting.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from executions.states import ENDED_PHASES


class RetentionRule(models.Model):
    """``days`` after the end in this phase; empty keeps them for ever."""

    id = models.BigAutoField(primary_key=True)
    workflow = models.ForeignKey(
        "executions.Workflow",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="retention_rules",
    )
    agent = models.ForeignKey(
        "executions.Agent",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="retention_rules",
    )
    phase = models.CharField(
        max_length=12, choices=[(str(phase), str(phase)) for phase in sorted(ENDED_PHASES)]
    )
    days = models.PositiveIntegerField(
        null=True, blank=True, help_text="Days after the end; empty keeps them for ever."
    )

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(workflow__isnull=False, agent__isnull=True)
                | Q(workflow__isnull=True, agent__isnull=False),
                name="retention_rule_of_one",
                violation_error_message="Name a workflow or an agent, and not both.",
            ),
            models.UniqueConstraint(
                fields=["workflow", "phase"], name="retention_rule_of_workflow_once"
            ),
            models.UniqueConstraint(fields=["agent", "phase"], name="retention_rule_of_agent_once"),
        )

    def __str__(self) -> str:
        kept = "for ever" if self.days is None else f"{self.days} days"
        return f"{self.workflow or self.agent} {self.phase}: {kept}"
