"""An answer of an attempt that could not be written to the journal when it came."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from executions.ids import uuid7
from executions.journal.decided import Call
from executions.models.execution import Execution
from executions.models.fields import JsonField
from executions.models.step import Step
from executions.said import Said
from executions.states import Phase, WaitingFor

LOST = "lost"
UNWRITTEN = "unwritten"


class LateAnswerQuerySet(models.QuerySet["LateAnswer"]):
    def offered_to(self, execution: Execution) -> LateAnswer | None:
        """The answer that a person who decides about this execution may take over; None where there
        is none.
        """
        if execution.phase != Phase.WAITING or not execution.waits_for(WaitingFor.DECISION):
            return None
        # Seldom there, so the question is looked for only where there is something to offer.
        if not self.filter(execution=execution.pk).exists():
            return None
        asked = Step.objects.standing().filter(
            execution=execution.pk, waiting_for=WaitingFor.DECISION
        )
        step = asked.first()
        return None if step is None else self.offered_for(step.pk, execution.pk, Call.of(step).key)

    def offered_for(
        self, step_id: uuid.UUID, execution_id: uuid.UUID, key: str | None
    ) -> LateAnswer | None:
        """The answer that a person who decides about this step may take over: of its operation, a
        success before a failure.
        """
        of_operation = models.Q(step=step_id)
        if key:
            of_operation |= models.Q(execution=execution_id, key=key)
        return (
            self.filter(of_operation)
            .select_related("step")
            .order_by("-succeeded", "-came_at")
            .first()
        )


class LateAnswer(models.Model):
    """Kept beside the journal, and never applied by itself: a person who decides about the step is
    offered it.

    ``why`` is LOST (the run was in other hands by then) or UNWRITTEN (the database did not take
    it). ``key`` is the idempotency key of the call. ``output`` is what it gave, ``error`` how it
    failed.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    execution = models.ForeignKey(
        "executions.Execution", on_delete=models.CASCADE, related_name="late_answers"
    )
    step = models.ForeignKey(
        "executions.Step", on_delete=models.CASCADE, related_name="late_answers"
    )
    number = models.PositiveIntegerField()
    token = models.BigIntegerField()
    process = models.ForeignKey(
        "executions.Process", on_delete=models.SET_NULL, null=True, blank=True
    )
    key = models.CharField(max_length=255, blank=True, default="")
    why = models.CharField(max_length=10, choices=[(LOST, LOST), (UNWRITTEN, UNWRITTEN)])
    succeeded = models.BooleanField()
    output = JsonField(null=True, blank=True)
    error = JsonField(null=True, blank=True)
    began_at = models.DateTimeField()
    came_at = models.DateTimeField()
    kept_at = models.DateTimeField(db_default=Now())

    objects = LateAnswerQuerySet.as_manager()

    class Meta:
        ordering = ("-came_at",)
        constraints = (
            models.UniqueConstraint(fields=["step", "number", "token"], name="late_answer_once"),
        )

    def __str__(self) -> str:
        return f"attempt {self.number}: {'succeeded' if self.succeeded else 'failed'}"

    def told(self) -> str:
        """The answer in a sentence for the person who decides."""
        if self.why == LOST:
            how = Said("its answer came when the run was in other hands already")
        else:
            how = Said("the database did not take its answer")
        return Said(
            "Attempt {number} {ended}; {how}, and is kept here.",
            number=self.number,
            ended=Said("succeeded") if self.succeeded else Said("failed"),
            how=how,
        )
