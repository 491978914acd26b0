"""Secrets that a workflow declares: whoever applies it has to be allowed to use them."""

from __future__ import annotations

from collections.abc import Callable

from executions.language.checks.document import Outline, at, text
from executions.language.checks.report import Report
from executions.language.reading.problems import shown

RefuseSecret = Callable[[str, str], str]
"""Takes the name of the workflow and of the secret; says why it may not be used, or nothing."""


def check_secrets(outline: Outline, refuse: RefuseSecret | None, report: Report) -> None:
    """Report declared secrets that ``refuse`` has a reason against."""
    declared = at(outline.document, "use", "secrets")
    if refuse is None or not isinstance(declared, list):
        return
    workflow = text(outline.document, "document", "name") or ""
    for index, name in enumerate(declared):
        if isinstance(name, str) and not report.is_full and (reason := refuse(workflow, name)):
            report.add(
                ("use", "secrets", index), f"the secret {shown(name)} cannot be used: {reason}"
            )
