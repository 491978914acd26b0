"""A person's API tokens."""

from __future__ import annotations

import uuid

from executions.models import ApiToken


def of(user_id: int) -> list[ApiToken]:
    """Those that still open something first, newest first."""
    rows = list(ApiToken.objects.filter(owner_id=user_id).order_by("-id")[:200])
    usable = set(ApiToken.objects.usable().filter(owner_id=user_id).values_list("pk", flat=True))
    for row in rows:
        row.__dict__["is_usable"] = row.pk in usable
    return sorted(rows, key=lambda row: row.pk not in usable)


def one(user_id: int, token_id: uuid.UUID) -> ApiToken | None:
    return ApiToken.objects.filter(owner_id=user_id, pk=token_id).first()
