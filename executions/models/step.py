"""A task's record in one execution: the journal, and once finished the checkpoint."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from executions.ids import public_id, uuid7
from executions.journal.records import DECISION
from executions.models.fields import JsonField
from executions.states import FINISHED_STATUSES, StepStatus


class StepQuerySet(models.QuerySet["Step"]):
    def standing(self) -> StepQuerySet:
        """Not superseded by a decision."""
        return self.filter(superseded_by=None)

    def tasks(self) -> StepQuerySet:
        """Without the decisions."""
        return self.exclude(kind=DECISION)


class Step(models.Model):
    """Fields are explained by :class:`executions.journal.records.StepRecord`.

    ``changed_seq`` is the execution's counter when the row last changed: what a live page asks for.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    execution = models.ForeignKey(
        "executions.Execution", on_delete=models.CASCADE, related_name="steps"
    )
    seq = models.BigIntegerField(null=True, blank=True)
    changed_seq = models.BigIntegerField(default=0)
    path = models.TextField()
    name = models.CharField(max_length=300)
    kind = models.CharField(max_length=20)
    status = models.CharField(max_length=10, choices=[(status, status) for status in StepStatus])
    attempt = models.PositiveIntegerField(default=1)
    generation = models.PositiveIntegerField(default=1)
    optional = models.BooleanField(default=False)
    input = JsonField(null=True, blank=True)
    arguments = JsonField(null=True, blank=True)
    output = JsonField(null=True, blank=True)
    context = JsonField(null=True, blank=True)
    error = JsonField(null=True, blank=True)
    control = JsonField(default=dict, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    wake_at = models.DateTimeField(null=True, blank=True)
    waiting_for = models.TextField(blank=True, default="", db_default="")
    digest = models.CharField(max_length=64, blank=True, default="")
    superseded_by = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="superseded"
    )

    objects = StepQuerySet.as_manager()

    class Meta:
        ordering = ("execution", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["execution", "path"], condition=Q(superseded_by=None), name="step_path_once"
            ),
            models.UniqueConstraint(
                fields=["execution", "seq"], condition=Q(seq__isnull=False), name="step_seq_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.path} {self.status}"

    @property
    def public_id(self) -> str:
        return public_id("stp", self.pk)

    def is_finished(self) -> bool:
        return self.status in FINISHED_STATUSES

    def is_decision(self) -> bool:
        return self.kind == DECISION
