"""The audit trail: who did what to what.

Written once, chained, and verified by a command and by the sweep.
"""

from executions.audit.chain import How, Problem
from executions.audit.entries import (
    DONE,
    FAILED,
    NOBODY,
    REFUSED,
    SYSTEM,
    asking,
    is_repetition,
    record,
    record_account,
    state,
)
from executions.audit.rounds import Known, go_on, known
from executions.audit.verifying import Verified, problems, verify

__all__ = [
    "DONE",
    "FAILED",
    "NOBODY",
    "REFUSED",
    "SYSTEM",
    "How",
    "Known",
    "Problem",
    "Verified",
    "asking",
    "go_on",
    "is_repetition",
    "known",
    "problems",
    "record",
    "record_account",
    "state",
    "verify",
]
