"""The audit trail: who did what to what.

Written once, chained, and verified by a command and by the sweep.
"""

from executions.audit.acknowledging import Acknowledged, acknowledge
from executions.audit.chain import CHAIN, How, Problem
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
    record_installation,
    rotate_key,
    state,
)
from executions.audit.keys import KeyUnreadable
from executions.audit.refusals import refuse
from executions.audit.rounds import Findings, Watcher, findings, go_on, open_problems
from executions.audit.verifying import Verified, acknowledge_all, problems, verify

__all__ = [
    "CHAIN",
    "DONE",
    "FAILED",
    "NOBODY",
    "REFUSED",
    "SYSTEM",
    "Acknowledged",
    "Findings",
    "How",
    "KeyUnreadable",
    "Problem",
    "Verified",
    "Watcher",
    "acknowledge",
    "acknowledge_all",
    "asking",
    "findings",
    "go_on",
    "is_repetition",
    "open_problems",
    "problems",
    "record",
    "record_account",
    "record_installation",
    "refuse",
    "rotate_key",
    "state",
    "verify",
]
