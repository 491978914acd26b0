"""Names of topics that pages write out in their templates, and that tests follow, too."""

from __future__ import annotations

import uuid

from executions.ids import public_id
from executions.live.topics import INBOX, ROW


def row_topic(execution_id: uuid.UUID) -> str:
    return f"{ROW}:{public_id('wex', execution_id)}"


def inbox_topic(user_id: int) -> str:
    return f"{INBOX}:{user_id}"
