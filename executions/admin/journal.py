"""Steps, attempts, questions, events and notifications: the journal, to be read, never edited."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from executions import sight
from executions.admin.access import Looking
from executions.admin.large import among_newest, one_of
from executions.admin.rendering import (
    json_field,
    json_text,
    link,
    list_link,
    moment,
    table,
    text_block,
    text_field,
)
from executions.admin.searching import EXECUTION_IDS, by_public_id
from executions.driving.attempts.lost import LOST
from executions.journal.events import EventName
from executions.journal.records import DECISION
from executions.language.kinds import KINDS
from executions.language.walking import late
from executions.models import Ask, Attempt, Event, Execution, Notification, Step
from executions.states import StepStatus

SHOWN_ROWS = 25


class OfExecution(Looking):
    """A list that is searched by the ids of its executions.

    ``road`` leads from a row to its execution.
    """

    road = "execution"
    own_prefix = ""
    sortable_by = ()
    search_help_text = "A public id (wex-…), or a whole correlation id"

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        # Without a field Django shows no search box.
        return [*self.search_fields, f"{self.road}__correlation_id__exact"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        lookups = {prefix: f"{self.road}__{lookup}" for prefix, lookup in EXECUTION_IDS.items()}
        if self.own_prefix:
            lookups[self.own_prefix] = "pk"
        named = by_public_id(queryset, search_term, lookups)
        if named is not None:
            return named, False
        if not search_term or f"{self.road}__id__exact" in request.GET:
            return super().get_search_results(request, queryset, search_term)
        # In all rows only what an index finds: the executions first, then what is theirs.
        rows = Execution.objects.filter(correlation_id=search_term.strip())
        return queryset.filter(
            **{f"{self.road}__in": list(rows.values_list("pk", flat=True))}
        ), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Our own links name an execution through its steps."""
        allowed = super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]
        return allowed or lookup == f"{self.road}__id__exact"


@admin.register(Step)
class StepAdmin(OfExecution):
    list_display = (
        "seq",
        "path",
        "kind",
        "status",
        "attempt",
        "execution_link",
        "started_at",
        "finished_at",
        "is_superseded",
    )
    list_display_links = ("path",)
    list_select_related = ("execution",)
    list_filter = (
        among_newest("status", StepStatus),
        among_newest("kind", (*KINDS, "input", DECISION)),
    )
    search_fields = ("path__startswith",)
    search_help_text = (
        "A public id (wex-…, stp-…), or a whole correlation id; in the list of one execution also"
        " the beginning of a path"
    )
    ordering = ("-id",)
    own_prefix = "stp"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "public_id",
                    "execution_link",
                    "path",
                    "name",
                    "kind",
                    "status",
                    "seq",
                    "attempt",
                    "generation",
                    "optional",
                    "started_at",
                    "finished_at",
                    "wake_at",
                    "superseded_link",
                    "digest",
                )
            },
        ),
        ("Attempts", {"fields": ("attempts_shown",)}),
        (
            "Values",
            {
                "fields": (
                    "input_json",
                    "arguments_json",
                    "output_json",
                    "context_json",
                    "error_json",
                    "control_json",
                )
            },
        ),
    )

    input_json, output_json = json_field("input"), json_field("output")
    context_json, error_json, control_json = (
        json_field("context"),
        json_field("error"),
        json_field("control"),
    )

    @admin.display(description="arguments")
    def arguments_json(self, step: Step) -> SafeString | str:
        return json_text(late.shown(step.arguments, step.control))

    @admin.display(description="execution")
    def execution_link(self, step: Step) -> SafeString | str:
        return link(step.execution, step.execution.public_id)

    @admin.display(description="superseded", boolean=True)
    def is_superseded(self, step: Step) -> bool:
        return step.superseded_by_id is not None

    @admin.display(description="superseded by")
    def superseded_link(self, step: Step) -> SafeString | str:
        return link(step.superseded_by)

    @admin.display(description="latest attempts")
    def attempts_shown(self, step: Step) -> SafeString:
        attempts = step.attempts.defer("error", "log").order_by("-number")[:SHOWN_ROWS]
        rows = [
            (link(a, str(a.number)), a.outcome, a.verdict, a.rule, moment(a.finished_at))
            for a in attempts
        ]
        every = list_link(Attempt, "All attempts", step__id__exact=step.pk)
        events = list_link(
            Event, "All events of the execution", execution__id__exact=step.execution_id
        )
        shown = table(("attempt", "outcome", "verdict", "rule", "finished"), rows)
        return format_html("{}{} · {}", shown, every, events)


@admin.register(Attempt)
class AttemptAdmin(OfExecution):
    road = "step__execution"
    list_display = (
        "number",
        "step_link",
        "execution_link",
        "outcome",
        "verdict",
        "rule",
        "delay_seconds",
        "finished_at",
    )
    list_select_related = ("step__execution",)
    list_filter = (
        one_of("outcome", ("succeeded", "failed", LOST)),
        one_of("verdict", ("transient", "permanent")),
    )
    ordering = ("-id",)
    fields = (
        "number",
        "step_link",
        "execution_link",
        "outcome",
        "verdict",
        "rule",
        "delay_seconds",
        "started_at",
        "finished_at",
        "process",
        "correlation_id",
        "error_json",
        "log_text",
    )

    error_json = json_field("error")

    @admin.display(description="step")
    def step_link(self, attempt: Attempt) -> SafeString | str:
        return link(attempt.step, attempt.step.path)

    @admin.display(description="execution")
    def execution_link(self, attempt: Attempt) -> SafeString | str:
        return link(attempt.step.execution, attempt.step.execution.public_id)

    @admin.display(description="log")
    def log_text(self, attempt: Attempt) -> SafeString | str:
        return text_block(attempt.log)


@admin.register(Event)
class EventAdmin(OfExecution):
    list_display = ("seq", "name", "execution_link", "actor", "created_at", "sent_at")
    list_display_links = ("name",)
    list_select_related = ("execution", "actor")
    list_filter = (one_of("name", EventName), "created_at")
    ordering = ("-id",)
    fields = (
        "seq",
        "name",
        "execution_link",
        "actor",
        "created_at",
        "sent_at",
        "payload_json",
        "steps_link",
    )

    payload_json = json_field("payload")

    @admin.display(description="execution")
    def execution_link(self, event: Event) -> SafeString | str:
        return link(event.execution, event.execution.public_id)

    @admin.display(description="steps")
    def steps_link(self, event: Event) -> SafeString:
        return list_link(
            Step, "All steps of the execution", execution__id__exact=event.execution_id
        )


@admin.register(Ask)
class AskAdmin(OfExecution):
    list_display = (
        "prompt_line",
        "execution_link",
        "created_at",
        "expires_at",
        "outcome",
        "reviewer",
        "answered_at",
    )
    list_display_links = ("prompt_line",)
    list_select_related = ("execution", "reviewer")
    list_filter = (("answered_at", admin.EmptyFieldListFilter), "created_at")
    search_help_text = "A public id (wex-…, ask-…), or a whole correlation id"
    ordering = ("-id",)
    own_prefix = "ask"
    fieldsets = (
        (None, {"fields": ("public_id", "execution_link", "step_link", "prompt_text")}),
        ("Who may answer", {"fields": ("users_named", "groups_named", "is_four_eyes")}),
        ("When", {"fields": ("created_at", "expires_at", "escalated_at")}),
        ("What can be answered", {"fields": ("outcomes_json", "form_json")}),
        (
            "Answer",
            {"fields": ("outcome", "reviewer", "answered_at", "comment_text", "answers_json")},
        ),
    )

    form_json, outcomes_json = json_field("form"), json_field("outcomes")
    answers_json = json_field("answers")
    prompt_text, comment_text = text_field("prompt"), text_field("comment")

    @admin.display(description="prompt")
    def prompt_line(self, ask: Ask) -> str:
        return sight.said_by(ask, str(ask))

    @admin.display(description="execution")
    def execution_link(self, ask: Ask) -> SafeString | str:
        return link(ask.execution, ask.execution.public_id)

    @admin.display(description="step")
    def step_link(self, ask: Ask) -> SafeString | str:
        return link(ask.step, ask.step.path)

    @admin.display(description="users")
    def users_named(self, ask: Ask) -> str:
        return ", ".join(sorted(user.get_username() for user in ask.users.all()))

    @admin.display(description="groups")
    def groups_named(self, ask: Ask) -> str:
        return ", ".join(sorted(group.name for group in ask.groups.all()))


@admin.register(Notification)
class NotificationAdmin(OfExecution):
    road = "event__execution"
    list_display = ("user", "event_link", "execution_link", "created_at", "read_at")
    list_select_related = ("user", "event__execution")
    list_filter = (("read_at", admin.EmptyFieldListFilter),)
    ordering = ("-id",)
    fields = ("user", "event_link", "execution_link", "created_at", "read_at")

    @admin.display(description="event")
    def event_link(self, notification: Notification) -> SafeString | str:
        return link(notification.event, notification.event.name)

    @admin.display(description="execution")
    def execution_link(self, notification: Notification) -> SafeString | str:
        return link(notification.event.execution, notification.event.execution.public_id)
