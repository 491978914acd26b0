"""Executions: found, filtered, looked at, and acted on with the dashboard's verbs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from executions import clock, policy, sight
from executions.admin.access import Looking
from executions.admin.large import among_newest
from executions.admin.rendering import NOTHING, json_field, link, list_link, moment, table
from executions.admin.searching import EXECUTION_IDS, by_public_id
from executions.admin.verbs import action, actions_for
from executions.models import Attempt, Event, Execution, Step
from executions.models.matching import ATTENTION
from executions.searching.search import SEARCHED
from executions.searching.typed import HELP, parse

SHOWN_ROWS = 25
# A search by words looks at each execution.


class AttentionFilter(admin.SimpleListFilter):
    """Runs that wait for a person, as everywhere: failed, set aside, to be decided, or with a
    silent runner.
    """

    title = "attention"
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        kinds = [(name, kind.word) for name, kind in ATTENTION.items()]
        return [("needed", "Needs a person"), *kinds]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value != "needed" and value not in ATTENTION:
            return queryset
        needing = Execution.objects.needing_attention("" if value == "needed" else value)
        return queryset.filter(pk__in=needing.values("pk"))


@admin.register(Execution)
class ExecutionAdmin(Looking):
    list_display = (
        "public_id",
        "name",
        "subject",
        "phase",
        "current_step",
        "requires_manual_intervention",
        "owner",
        "created_at",
        "ended_at",
    )
    list_display_links = ("public_id",)
    list_select_related = ("workflow", "agent", "owner")
    list_filter = (
        "phase",
        AttentionFilter,
        among_newest("kind", ("workflow", "agent")),
        "created_at",
    )
    # `ExecutionQuerySet.matching` says what is searched in; without a field Django shows no search
    # box.
    search_fields = ("slug",)
    search_help_text = (
        f"A public id (wex-…, wfl-…), or a search as above the dashboard's list. {HELP}"
    )
    sortable_by = ()
    ordering = ("-id",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "public_id",
                    "name",
                    "slug",
                    "subject",
                    "deployment",
                    "definition",
                    "owner",
                    "correlation_id",
                    "parent_run",
                )
            },
        ),
        (
            "Where it stands",
            {
                "fields": (
                    "phase",
                    "current_step",
                    "progress",
                    "reason",
                    "requires_manual_intervention",
                    "retry_count",
                    "created_at",
                    "started_at",
                    "failed_at",
                    "ended_at",
                    "last_checkpoint_at",
                    "wake_at",
                    "waiting_for",
                )
            },
        ),
        ("History", {"fields": ("steps_shown", "events_shown")}),
        ("Values", {"fields": ("input_json", "output_json", "error_json")}),
        (
            "Lease",
            {
                "classes": ("collapse",),
                "fields": (
                    "process",
                    "token",
                    "head_seq",
                    "head_digest",
                    "inbox",
                    "queue",
                    "runner",
                    "rung_at",
                    "cancel_asked_at",
                    "pause_asked_at",
                    "timeout_at",
                ),
            },
        ),
    )

    input_json, output_json, error_json = (
        json_field("input"),
        json_field("output"),
        json_field("error"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        assert isinstance(request.user, User)
        return super().get_queryset(request) & policy.visible_executions(request.user)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        rows = by_public_id(queryset, search_term, EXECUTION_IDS)
        if rows is not None:
            return rows, False
        typed = parse(search_term, clock.now())
        for problem in typed.problems:
            messages.warning(request, problem)
        among = Execution.objects.all()
        if typed.search.reads_each_row():
            among, last = among.newest(SEARCHED, whole=typed.search.text)
            if last is not None:
                messages.warning(request, f"Only the {SEARCHED:,} newest executions were searched.")
        matches = among.matching(typed.search, request.user.pk)
        return queryset.filter(pk__in=matches.values("pk")), False

    def get_actions(self, request: HttpRequest) -> Any:
        assert isinstance(request.user, User)
        offered = {verb.name: action(verb) for verb in actions_for(request.user)}
        return {
            name: (act, name, getattr(act, "short_description", name))
            for name, act in offered.items()
        }

    def view_on_site(self, execution: Execution) -> str | None:
        """Its page in the dashboard, where there is one."""
        try:
            return reverse("execution", args=[execution.public_id])
        except NoReverseMatch:
            return None

    @admin.display(description="workflow or agent")
    def subject(self, execution: Execution) -> SafeString | str:
        return (
            link(execution.workflow)
            if execution.workflow is not None
            else str(execution.agent or "–")
        )

    @admin.display(description="instance")
    def deployment(self, execution: Execution) -> SafeString | str:
        return (
            link(execution.instance)
            if execution.instance is not None
            else str(execution.agent_instance or "–")
        )

    @admin.display(description="version")
    def definition(self, execution: Execution) -> SafeString | str:
        return (
            link(execution.version)
            if execution.version is not None
            else str(execution.agent_version or "–")
        )

    @admin.display(description="parent")
    def parent_run(self, execution: Execution) -> SafeString | str:
        return link(execution.parent)

    @admin.display(description="failure reason")
    def reason(self, execution: Execution) -> str:
        return sight.reason_of(execution) or NOTHING

    @admin.display
    def progress(self, execution: Execution) -> str:
        return f"{execution.progress_done} of {execution.progress_total}"

    @admin.display(description="latest steps")
    def steps_shown(self, execution: Execution) -> SafeString:
        steps = execution.steps.only(
            "id", "seq", "path", "kind", "status", "attempt", "finished_at"
        ).order_by("-id")
        rows = [
            (
                step.seq or "–",
                link(step, step.path),
                step.kind,
                step.status,
                step.attempt,
                moment(step.finished_at),
            )
            for step in steps[:SHOWN_ROWS]
        ]
        shown = table(("seq", "step", "kind", "status", "attempt", "finished"), rows)
        every = list_link(Step, "All steps", execution__id__exact=execution.pk)
        tries = list_link(Attempt, "All attempts", step__execution__id__exact=execution.pk)
        return format_html("{}{} · {}", shown, every, tries)

    @admin.display(description="latest events")
    def events_shown(self, execution: Execution) -> SafeString:
        events = execution.events.select_related("actor").defer("payload").order_by("-seq")
        rows = [
            (e.seq, link(e, e.name), e.actor or "–", moment(e.created_at))
            for e in events[:SHOWN_ROWS]
        ]
        every = list_link(Event, "All events", execution__id__exact=execution.pk)
        return format_html("{}{}", table(("seq", "event", "by", "at"), rows), every)
