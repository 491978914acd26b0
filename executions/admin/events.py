"""Events, who listens, what was offered, and the sources of webhooks: to be read, never edited."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from executions.admin.access import Looking
from executions.admin.journal import OfExecution
from executions.admin.rendering import json_field, link
from executions.models import CloudEvent, Delivery, EventSource, Subscription


@admin.register(CloudEvent)
class CloudEventAdmin(Looking):
    list_display = ("type", "source", "event_id", "owner", "received_at", "matched_at")
    list_display_links = ("type",)
    list_select_related = ("owner",)
    search_fields = ("type__startswith", "source__startswith", "event_id__startswith")
    ordering = ("-id",)
    sortable_by = ()
    fields = (
        "public_id",
        "type",
        "source",
        "event_id",
        "owner",
        "execution_link",
        "received_at",
        "matched_at",
        "body_json",
    )

    body_json = json_field("body")

    @admin.display(description="signal to")
    def execution_link(self, event: CloudEvent) -> SafeString | str:
        return link(event.execution, event.execution.public_id) if event.execution else "–"


@admin.register(Subscription)
class SubscriptionAdmin(OfExecution):
    list_display = ("type", "execution_link", "number", "created_at")
    list_display_links = ("type",)
    list_select_related = ("execution",)
    search_fields = ("type__startswith",)
    ordering = ("-id",)
    fields = ("execution_link", "step", "number", "type", "filter_json", "created_at")

    filter_json = json_field("filter")

    @admin.display(description="execution")
    def execution_link(self, row: Subscription) -> SafeString | str:
        return link(row.execution, row.execution.public_id)


@admin.register(Delivery)
class DeliveryAdmin(OfExecution):
    road = "step__execution"
    list_display = ("event", "step", "offered_at", "consumed_at", "passed_at")
    list_select_related = ("event", "step")
    search_fields = ("event__type__startswith",)
    ordering = ("-id",)
    fields = ("event", "step", "fits_json", "offered_at", "consumed_at", "passed_at")

    fits_json = json_field("fits")


@admin.register(EventSource)
class EventSourceAdmin(Looking):
    list_display = ("public_id", "name", "owner", "event_type", "is_active", "heard_at")
    list_select_related = ("owner",)
    search_fields = ("name__startswith",)
    ordering = ("-id",)
    sortable_by = ()
    fields = (
        "public_id",
        "name",
        "owner",
        "event_type",
        "generation",
        "is_active",
        "created_at",
        "heard_at",
    )
