"""Why a backup could not be made or restored."""

from __future__ import annotations

from executions.errors import StigmerError


class BackupError(StigmerError):
    """Nothing was changed; the message says what was wrong and what can be done."""
