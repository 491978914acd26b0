"""Processes: who lives, who died of what, and what each drives."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from executions.admin.access import Looking, may_change
from executions.admin.rendering import list_link
from executions.errors import Refused
from executions.models import Execution, Process
from executions.recovery import draining

Switch = Callable[[uuid.UUID, User], Process]


@admin.register(Process)
class ProcessAdmin(Looking):
    list_display = (
        "kind",
        "host",
        "pid",
        "slots",
        "version",
        "started_at",
        "heartbeat_at",
        "drained_at",
        "dead_at",
        "death",
    )
    list_filter = ("kind", ("dead_at", admin.EmptyFieldListFilter))
    search_fields = ("host__startswith", "pid__exact")
    sortable_by = ()
    fields = (
        "kind",
        "host",
        "pid",
        "process_started",
        "boot_id",
        "pid_namespace",
        "version",
        "slots",
        "started_at",
        "heartbeat_at",
        "drained_at",
        "dead_at",
        "death",
        "drives",
    )
    actions = ("drain", "resume")

    def has_drain_permission(self, request: HttpRequest) -> bool:
        return may_change(request)

    @admin.action(description="Drain: take nothing new", permissions=["drain"])
    def drain(self, request: HttpRequest, rows: QuerySet[Process]) -> None:
        self._switch(request, rows, draining.drain, "takes nothing new")

    @admin.action(description="Resume: take work again", permissions=["drain"])
    def resume(self, request: HttpRequest, rows: QuerySet[Process]) -> None:
        self._switch(request, rows, draining.resume, "takes work again")

    def _switch(
        self, request: HttpRequest, rows: QuerySet[Process], switch: Switch, done: str
    ) -> None:
        actor = request.user
        assert isinstance(actor, User)
        for row in rows:
            try:
                switch(row.pk, actor)
            except Refused as refused:
                messages.error(request, f"{row}: {refused.message}")
            else:
                messages.success(request, f"{row} {done}.")

    @admin.display
    def drives(self, process: Process) -> SafeString:
        return list_link(Execution, "What it drives now", process__id__exact=process.pk)
