"""One run of one version of a workflow."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.functional import cached_property

from executions import clock, worker_identity
from executions.ids import public_id, uuid7
from executions.journal.records import newest_format
from executions.models import away
from executions.models.claiming import left_behind, takable
from executions.models.fields import JsonField
from executions.models.matching import ATTENTION, NEEDS_ATTENTION, condition, waits_for
from executions.models.peers import PeeredQuerySet
from executions.searching.search import Search
from executions.states import ACTIVE_PHASES, UNDER_WAY, Phase, Runner, WaitingFor

if TYPE_CHECKING:
    from executions.models.agent import Agent
    from executions.models.workflow import Workflow

# Of a row whose writer says no format: it is older than the second.
FORMAT_OF_SILENCE = 1


# Executions of one correlation id that a search finds, however old they are.
MOST_ALIKE = 100

# Columns that say who or what moves a run on (``PhaseRow.held_by``).
_HELD_BY = {
    "process_id": Q(process__isnull=False),
    "runner": Q(runner=Runner.EXTERNAL.value),
    "wake_at": Q(wake_at__isnull=False),
    "waiting_for": ~Q(waiting_for=""),
}


def _is_held(phase: Phase) -> models.CheckConstraint:
    """A run in an active phase is never forgotten."""
    condition = ~Q(phase=str(phase))
    for column in phase.row.held_by:
        condition |= _HELD_BY[column]
    return models.CheckConstraint(condition=condition, name=phase.row.constraint)


class ExecutionQuerySet(PeeredQuerySet["Execution"]):
    def due(self) -> ExecutionQuerySet:
        """Wants a worker of ours now: pending or waiting, and its time has come."""
        return self.filter(
            phase__in=(Phase.PENDING, Phase.WAITING), wake_at__lte=Now(), runner=Runner.OURS
        )

    def orphaned(self) -> ExecutionQuerySet:
        """In progress in the hands of a process that is dead."""
        return self.filter(left_behind())

    def takable(self, *, alone: bool) -> ExecutionQuerySet:
        """The executions that a process of this kind, version and host may drive at all, as its
        claim says.
        """
        return self.filter(takable(alone=alone))

    def reachable(self) -> ExecutionQuerySet:
        """Bound to no host, or to one on which a worker lives."""
        return self.filter(away.reachable())

    def near(self) -> ExecutionQuerySet:
        """Bound to no host, or to this one."""
        return self.filter(host__in=("", worker_identity.host()))

    def silent(self) -> ExecutionQuerySet:
        """In the hands of an external runner of which nothing was heard for longer than is
        allowed.
        """
        return self.filter(runner=Runner.EXTERNAL, phase__in=UNDER_WAY, runner_due_at__lt=Now())

    def needing_attention(self, kind: str = "") -> ExecutionQuerySet:
        """A person has to look at it: :meth:`Execution.needs_attention` says the same of one row.

        ``kind`` is a name in :data:`executions.models.matching.ATTENTION`, or empty for all.
        """
        return self.filter(ATTENTION[kind].condition if kind else NEEDS_ATTENTION)

    def newest(
        self, count: int, before: uuid.UUID | None = None, whole: str = ""
    ) -> tuple[ExecutionQuerySet, uuid.UUID | None]:
        """The ``count`` newest of these, before ``before``; the last of them where there are more.

        A search by words looks at each row: so a page looks at a bounded number of them. Older
        ones are among these where ``whole`` is their correlation id, which an index finds.
        """
        rows = self if before is None else self.filter(pk__lt=before)
        keys = rows.order_by("-id").values_list("pk", flat=True)
        last = keys[count - 1 : count].first()
        if last is None:
            return rows, None
        older = keys.filter(correlation_id=whole)[:MOST_ALIKE] if whole else ()
        # Asked apart: with an OR of two indexes the database walks through all rows.
        named = list(older)
        return rows.filter(Q(pk__gte=last) | Q(pk__in=named) if named else Q(pk__gte=last)), last

    def matching(self, search: Search, asker: int | None = None) -> ExecutionQuerySet:
        """The executions of this search; ``asker`` is the key of the user of ``owner:me``."""
        names = ("workflow", "agent")
        tables = {name: Execution._meta.get_field(name).related_model for name in names}
        subjects = {
            name: table._default_manager  # type: ignore[union-attr]
            for name, table in tables.items()
        }
        return self.filter(condition(search, asker, subjects))


class Execution(models.Model):
    """Written only through ``models.moves.apply``; everything else reads."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=10, default="workflow")
    name = models.CharField(max_length=300)
    slug = models.CharField(max_length=340)
    workflow = models.ForeignKey(
        "executions.Workflow",
        on_delete=models.PROTECT,
        related_name="executions",
        null=True,
        blank=True,
    )
    instance = models.ForeignKey(
        "executions.WorkflowInstance",
        on_delete=models.PROTECT,
        related_name="executions",
        null=True,
        blank=True,
    )
    version = models.ForeignKey(
        "executions.WorkflowVersion",
        on_delete=models.PROTECT,
        related_name="executions",
        null=True,
        blank=True,
    )
    agent = models.ForeignKey(
        "executions.Agent",
        on_delete=models.PROTECT,
        related_name="executions",
        null=True,
        blank=True,
    )
    agent_instance = models.ForeignKey(
        "executions.AgentInstance",
        on_delete=models.PROTECT,
        related_name="executions",
        null=True,
        blank=True,
    )
    agent_version = models.ForeignKey(
        "executions.AgentVersion",
        on_delete=models.PROTECT,
        related_name="executions",
        null=True,
        blank=True,
    )
    session = models.ForeignKey(
        "executions.Session",
        on_delete=models.PROTECT,
        related_name="executions",
        null=True,
        blank=True,
    )
    # Its index is one of those below, which say more of the owner's runs.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="executions",
        db_index=False,
    )
    queue = models.CharField(max_length=10, default="default")
    runner = models.CharField(max_length=10, default=Runner.OURS.value)
    # Of an external runner: its own id for this run, the sequence of its last update, when that
    # came, how long it may be silent, until when it is due to speak, and when it was found silent.
    runner_reference = models.CharField(max_length=200, blank=True, default="")
    runner_sequence = models.BigIntegerField(default=0)
    runner_heard_at = models.DateTimeField(null=True, blank=True)
    runner_silence_seconds = models.PositiveIntegerField(null=True, blank=True)
    runner_due_at = models.DateTimeField(null=True, blank=True)
    runner_silent_at = models.DateTimeField(null=True, blank=True)
    input = JsonField(null=True, blank=True)
    # The workspace that it was started with, in place of its definition's (executions.language
    # .own_workspace); null: as the definition says.
    own_workspace = JsonField(null=True, blank=True)
    correlation_id = models.CharField(max_length=64)
    parent = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="children"
    )
    # Of a child: what in its parent started it (the key of the step), whether the parent waits for
    # its end, and how many runs stand above it.
    parent_key = models.CharField(max_length=255, blank=True, default="", db_default="")
    is_awaited = models.BooleanField(default=False, db_default=False)
    depth = models.PositiveSmallIntegerField(default=0, db_default=0)
    # Lists of hosts, each of which has to allow what its calls reach; null: any that the server
    # allows.
    confined_to = JsonField(null=True, blank=True)
    # Of a workflow that an agent runs as a tool, and of those below it: what the agents may use
    # that it starts (executions.driving.attempts.allowance); null: what each of them may.
    agents_may_use = JsonField(null=True, blank=True)
    # Of a fork: from which run, and the sequence of the step after which it goes on.
    forked_from = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="forks"
    )
    forked_seq = models.BigIntegerField(null=True, blank=True)

    phase = models.CharField(
        max_length=12, choices=[(phase, phase) for phase in Phase], default=Phase.PENDING
    )
    output = JsonField(null=True, blank=True)
    error = JsonField(null=True, blank=True)
    current_step = models.TextField(blank=True, default="")
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    retry_count = models.PositiveIntegerField(default=0)
    failure_reason = models.CharField(max_length=500, blank=True, default="")
    failed_at = models.DateTimeField(null=True, blank=True)
    # The cause that it shares with others that stopped alike (executions.journal.causes).
    cause = models.CharField(max_length=40, blank=True, default="", db_default="")
    requires_manual_intervention = models.BooleanField(default=False)
    last_checkpoint_at = models.DateTimeField(null=True, blank=True)

    head_seq = models.BigIntegerField(default=0)
    head_digest = models.CharField(max_length=64, default="", blank=True)
    process = models.ForeignKey(
        "executions.Process",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="executions",
    )
    token = models.BigIntegerField(default=0)
    # The dead process from which the present one took it over; what its crashes were since its last
    # finished step (executions.driving.crashes); whether only a process that drives nothing else
    # may take it.
    left_by = models.ForeignKey(
        "executions.Process", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    crashes = JsonField(null=True, blank=True)
    alone = models.BooleanField(default=False)
    # The host that holds its workspace: only a worker there may take it. Empty: any. Written with
    # the row of the workspace (executions.workspaces.rows).
    host = models.CharField(max_length=255, blank=True, default="", db_default="")
    # Effects begun from now on carry at least this generation in their key; raised by a restore.
    generation = models.PositiveIntegerField(default=1)
    journal_format = models.PositiveSmallIntegerField(
        default=newest_format, db_default=FORMAT_OF_SILENCE
    )
    wake_at = models.DateTimeField(null=True, blank=True)
    waiting_for = models.TextField(blank=True, default="")
    # The process that keeps its walk while it waits (executions.driving.suspended): for a moment
    # the others leave its timer to that one. No foreign key, as it may name one that is forgotten.
    kept_by = models.UUIDField(null=True, blank=True, editable=False)
    rung_at = models.DateTimeField(null=True, blank=True)
    inbox = models.BigIntegerField(default=0)
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    pause_asked_at = models.DateTimeField(null=True, blank=True)
    timeout_at = models.DateTimeField(null=True, blank=True)

    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ExecutionQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(phase__in=[str(phase) for phase in Phase]), name="execution_phase"
            ),
            *(_is_held(phase) for phase in Phase if phase.row.held_by),
            models.CheckConstraint(
                condition=Q(
                    kind="workflow",
                    workflow__isnull=False,
                    version__isnull=False,
                    agent__isnull=True,
                )
                | Q(
                    kind="agent",
                    agent__isnull=False,
                    agent_version__isnull=False,
                    workflow__isnull=True,
                ),
                name="execution_of_one_kind",
            ),
            # Within the owner: a name that is taken must not tell strangers of each other's runs.
            models.UniqueConstraint(fields=["owner", "slug"], name="execution_slug_of_owner"),
            models.UniqueConstraint(
                fields=["parent", "parent_key"],
                condition=~Q(parent_key=""),
                name="execution_child_once",
            ),
            models.CheckConstraint(
                condition=Q(runner__in=[runner.value for runner in Runner]), name="execution_runner"
            ),
        )
        indexes = (
            models.Index(fields=["phase", "wake_at"], name="execution_due"),
            models.Index(
                fields=["id"],
                condition=waits_for(WaitingFor.FUNCTION_PROCESS),
                name="execution_in_line",
            ),
            models.Index(
                fields=["process"], condition=Q(phase="IN_PROGRESS"), name="execution_held"
            ),
            # Few of many: what a person has to look at is counted and listed from here.
            models.Index(
                fields=["-id"], condition=NEEDS_ATTENTION, name="execution_needs_attention"
            ),
            models.Index(fields=["owner", "-id"], name="execution_by_owner"),
            # The overview and the lists count and show the owner's runs of each phase.
            models.Index(fields=["owner", "phase", "-id"], name="execution_by_owner_and_phase"),
            models.Index(
                fields=["owner"], condition=Q(phase="PENDING"), name="execution_not_begun"
            ),
            models.Index(fields=["workflow", "-id"], name="execution_by_workflow"),
            models.Index(fields=["phase", "-id"], name="execution_by_phase"),
            models.Index(fields=["correlation_id"], name="execution_by_correlation"),
            models.Index(
                fields=["cause", "-id"], condition=~Q(cause=""), name="execution_by_cause"
            ),
            models.Index(
                fields=["runner_due_at"],
                condition=Q(runner=Runner.EXTERNAL.value),
                name="execution_silent",
            ),
        )

    def __str__(self) -> str:
        return self.slug

    @cached_property
    def public_id(self) -> str:
        return public_id(self.id_prefix, self.pk)

    @property
    def parent_public_id(self) -> str:
        """The id of the run that started it; empty where none did."""
        return self.parent.public_id if self.parent is not None else ""

    @property
    def forked_from_public_id(self) -> str:
        """The id of the run that it was forked from; empty where it is no fork, or that is gone."""
        return public_id("wex", self.forked_from_id) if self.forked_from_id else ""

    @property
    def id_prefix(self) -> str:
        return "aex" if self.kind == "agent" else "wex"

    @property
    def subject_id(self) -> uuid.UUID | None:
        """The key of what is run."""
        return self.agent_id if self.kind == "agent" else self.workflow_id

    @property
    def subject(self) -> Workflow | Agent:
        """The workflow or the agent that is run."""
        subject = self.agent if self.kind == "agent" else self.workflow
        assert subject is not None
        return subject

    def waits_for(self, kind: WaitingFor) -> bool:
        """Whether it waits for this, be it beside others: each of its branches may wait."""
        return kind in WaitingFor.apart(self.waiting_for)

    def is_active(self) -> bool:
        return self.phase in ACTIVE_PHASES

    def needs_attention(self) -> bool:
        """Failed, set aside, waiting for a decision, or in the hands of a runner that went
        silent.
        """
        is_asked = self.phase == Phase.WAITING and self.waits_for(WaitingFor.DECISION)
        is_silent = self.runner_silent_at is not None and self.is_active()
        return (
            self.phase == Phase.FAILED or self.requires_manual_intervention or is_asked or is_silent
        )

    def is_runner_silent(self) -> bool:
        """Whether an external runner has this execution and has not spoken for longer than it
        may.
        """
        return (
            self.runner == Runner.EXTERNAL
            and self.phase in UNDER_WAY
            and self.runner_due_at is not None
            and self.runner_due_at < clock.now()
        )
