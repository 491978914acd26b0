"""A worker or web process, known by its heartbeat."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.db.models.functions import Now

from executions.ids import public_id, uuid7
from executions.models.fields import JsonField
from executions.states import Phase
from executions.worker_identity import here

WORKER = "worker"
# The kind of a process that drives one execution and nothing else.
ALONE = "alone"


class ProcessQuerySet(models.QuerySet["Process"]):
    def living(self) -> ProcessQuerySet:
        """Not declared dead and heard of within the silence that is allowed, by the database's
        clock.
        """
        silence = timedelta(seconds=settings.STIGMER_PROCESS_SILENCE_SECONDS)
        return self.filter(dead_at=None, heartbeat_at__gt=Now() - silence)

    def silent(self) -> ProcessQuerySet:
        """Not declared dead though nothing was heard for longer than is allowed."""
        silence = timedelta(seconds=settings.STIGMER_PROCESS_SILENCE_SECONDS)
        return self.filter(dead_at=None, heartbeat_at__lte=Now() - silence)

    def workers(self) -> ProcessQuerySet:
        return self.filter(kind=WORKER)

    def driving(self) -> ProcessQuerySet:
        """Those that drive executions: workers, and the processes in which they drive one alone."""
        return self.filter(kind__in=(WORKER, ALONE))

    def drained(self, *, are: bool = True) -> ProcessQuerySet:
        """Those that take nothing new because an administrator said so; the others, unless they
        ``are``.
        """
        return self.filter(drained_at__isnull=not are)

    def with_held(self) -> ProcessQuerySet:
        """``held`` of each is how many runs it drives now."""
        return self.annotate(
            held=Count("executions", filter=Q(executions__phase=Phase.IN_PROGRESS))
        )

    def here(self) -> ProcessQuerySet:
        """Those whose pids mean something to this process: of its host, since its boot, in its pid
        namespace.
        """
        system = here()
        return self.filter(
            host=system.host, boot_id=system.boot_id, pid_namespace=system.pid_namespace
        )


class Process(models.Model):
    """A lease lives and dies with the process that holds it.

    Dead is said once and for ever (``dead_at``).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=10)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    process_started = models.CharField(max_length=40, default="")
    boot_id = models.CharField(max_length=64, default="")
    pid_namespace = models.CharField(max_length=40, default="", db_default="")
    version = models.CharField(max_length=40, default="")
    slots = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(db_default=Now())
    heartbeat_at = models.DateTimeField(db_default=Now())
    dead_at = models.DateTimeField(null=True, blank=True)
    death = models.CharField(max_length=200, blank=True, default="")
    # Threads of it that run on though the deadline of their attempt is over: only a new process
    # gets rid of them.
    stuck_threads = models.PositiveIntegerField(default=0, db_default=0)
    # Since when it takes nothing new, because an administrator said so; what it drives it finishes.
    drained_at = models.DateTimeField(null=True, blank=True)
    # The promises that its sandbox was found to hold as it started: ``walls``, ``missing``,
    # ``refusal``.
    sandbox = JsonField(null=True, blank=True)
    # How many executions it held when it was declared dead: one that it held alone may have killed
    # it.
    held_at_death = models.PositiveIntegerField(default=0)

    objects = ProcessQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at",)
        verbose_name_plural = "processes"
        indexes = (
            models.Index(fields=["heartbeat_at"], condition=Q(dead_at=None), name="process_alive"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pid}@{self.host}"

    @property
    def public_id(self) -> str:
        return public_id("wrk", self.pk)

    def beat(self, *, stuck_threads: int = 0) -> bool:
        """Say that this process lives. False: it was declared dead and has to stop at once."""
        living = Process.objects.filter(pk=self.pk, dead_at=None)
        return bool(living.update(heartbeat_at=Now(), stuck_threads=stuck_threads))

    def declare_dead(self, death: str, *, only_if_silent: bool = False) -> bool:
        """True for the one caller that declared it.

        ``only_if_silent``: not if it was heard of at the last moment.
        """
        held = self.executions.filter(phase=Phase.IN_PROGRESS).count()
        living = (Process.objects.silent() if only_if_silent else Process.objects).filter(
            pk=self.pk, dead_at=None
        )
        declared = bool(living.update(dead_at=Now(), death=death[:200], held_at_death=held))
        if declared:
            self.death, self.held_at_death = death[:200], held
        return declared
