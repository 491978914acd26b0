"""The bulk runs that a person may see."""

from __future__ import annotations

from django.contrib.auth.models import User

from executions import policy
from executions.models import BulkRun
from executions.models.bulk_run import BulkRunQuerySet


def visible(user: User) -> BulkRunQuerySet:
    """Those of this person; all of them for who looks after everybody's runs."""
    rows = BulkRunQuerySet(BulkRun).select_related("actor", "stopped_by")
    return rows if policy.sees_everything(user) else rows.of(user)
