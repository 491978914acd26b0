"""Large results beside the steps of a run."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection
from typing import Any

from executions.agents.stored import text_of
from executions.models import StoredValue
from executions.models.fields import StoredText
from executions.values import dumps


def keep(execution: uuid.UUID, value: Any) -> str:
    """Keep a value, once in this run; its digest. A process that is gone before the step was
    recorded keeps it again.
    """
    text = dumps(value)
    data = text.encode()
    digest = hashlib.sha256(data).hexdigest()
    row = StoredValue(
        execution_id=execution, digest=digest, bytes=len(data), content=StoredText(text)
    )
    StoredValue.objects.bulk_create([row], ignore_conflicts=True)
    return digest


def digest_of(value: Any) -> str:
    """Under what a value is kept."""
    return hashlib.sha256(dumps(value).encode()).hexdigest()


def find(executions: Collection[uuid.UUID], begins: str) -> str | None:
    """The text of the value whose digest begins so, of one of these runs."""
    rows = StoredValue.objects.filter(execution__in=executions, digest__startswith=begins)
    row = rows.order_by("pk").first()
    return None if row is None else text_of(row.content)
