"""Secrets: who may use them and where, nothing of them in rows, and nothing of them in what people
are shown.
"""

from executions.secrets.forms import why_not_searched
from executions.secrets.rules import FOR_ADMINISTRATORS, Applicant, Rule, not_allowed
from executions.secrets.run import (
    NO_VALUE,
    Edge,
    Reading,
    Secrets,
    SecretUnavailable,
    shown,
    shown_text,
)
from executions.secrets.sealing import Seal

__all__ = [
    "FOR_ADMINISTRATORS",
    "NO_VALUE",
    "Applicant",
    "Edge",
    "Reading",
    "Rule",
    "Seal",
    "SecretUnavailable",
    "Secrets",
    "not_allowed",
    "shown",
    "shown_text",
    "why_not_searched",
]
