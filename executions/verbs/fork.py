"""The function of the verb; its row is in ``rows/fork.py``."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from executions.models import Execution
from executions.verbs.deciding import foreseen
from executions.verbs.deciding.fork import fork as act
from executions.verbs.deciding.supplied import UNSET

__all__ = ["act", "would"]


def would(
    execution: Execution, actor: User, *, checkpoint_seq: int, output: Any = UNSET
) -> foreseen.ForkPreview:
    """The run that ``act`` would begin now. Raises Refused as it would."""
    return foreseen.of_fork(execution.pk, actor, checkpoint_seq, output)
