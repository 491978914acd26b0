"""Forgetting in time: what nobody listens to any more, and events that were kept long enough."""

from __future__ import annotations

import time

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from executions.models import CloudEvent, Delivery, Subscription
from executions.models.cloud_event import KEPT, KNOWN

EVERY_SECONDS = 30.0
# One look forgets at most so many of each, so that nobody waits for it.
MOST = 1_000
_next = 0.0


def go_on() -> None:
    """Forget some, where it is time to look. Called by the sweep."""
    global _next
    if time.monotonic() < _next:
        return
    full = max(forget())
    _next = time.monotonic() + (0.0 if full == MOST else EVERY_SECONDS)


def forget() -> tuple[int, int, int, int]:
    """Forget at most MOST of each: how many subscriptions, offers, texts and events."""
    return _subscriptions(), _offers(), _bodies(), _events()


def _subscriptions() -> int:
    """Of steps that have ended or were taken back."""
    over = Q(step__finished_at__isnull=False) | Q(step__superseded_by__isnull=False)
    keys = list(Subscription.objects.filter(over).values_list("pk", flat=True)[:MOST])
    Subscription.objects.filter(pk__in=keys).delete()
    return len(keys)


def _offers() -> int:
    """Offers that steps did not take before they ended."""
    over = Q(step__finished_at__isnull=False) | Q(step__superseded_by__isnull=False)
    rows = Delivery.objects.filter(over, consumed_at=None)
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:MOST])
    Delivery.objects.filter(pk__in=keys).delete()
    return len(keys)


def _bodies() -> int:
    """The texts of events that are offered to nobody any more; that they came is still known."""
    old = CloudEvent.objects.filter(received_at__lt=Now() - KEPT, body__isnull=False)
    keys = list(old.exclude(_needed()).order_by("received_at").values_list("pk", flat=True)[:MOST])
    CloudEvent.objects.filter(pk__in=keys).update(body=None)
    return len(keys)


def _events() -> int:
    old = CloudEvent.objects.filter(received_at__lt=Now() - KNOWN).exclude(_needed())
    keys = list(old.order_by("received_at").values_list("pk", flat=True)[:MOST])
    CloudEvent.objects.filter(pk__in=keys).delete()
    return len(keys)


def _needed() -> Exists:
    """A step that still listens was offered it, or took it and works on it."""
    rows = Delivery.objects.filter(event=OuterRef("pk"), passed_at=None)
    return Exists(rows.filter(step__finished_at=None, step__superseded_by=None))
