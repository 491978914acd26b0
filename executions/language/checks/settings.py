"""Our own settings under ``metadata``: free keys are allowed there, so a misspelt one is only
warned of.
"""

from __future__ import annotations

from executions.calls.table import CALLS
from executions.language.checks.document import Outline, mapping, text
from executions.language.checks.report import Report
from executions.language.model.task import TaskMetadata
from executions.language.reading.problems import did_you_mean, shown

SETTINGS = tuple(field.alias or name for name, field in TaskMetadata.model_fields.items())


def check_settings(outline: Outline, report: Report) -> None:
    """Report effects that a task cannot have; warn of keys that look like one of ours and are
    none.
    """
    transactional = [name for name, row in CALLS.items() if row.can_be_transactional]
    for task in outline.tasks():
        if (
            text(task.body, "metadata", "effect") == "transactional"
            and text(task.body, "call") not in transactional
        ):
            path = (*task.path, "metadata", "effect")
            calls = " and ".join(f"`call: {name}`" for name in transactional)
            report.add(
                path, f"only {calls} can be transactional", "pure, idempotent or at_most_once"
            )
        for key in mapping(task.body, "metadata"):
            suggestion = "" if key in SETTINGS else did_you_mean(key, SETTINGS, similarity=0.8)
            if suggestion:
                path = (*task.path, "metadata", key)
                report.warn(path, f"{shown(key)} is kept but means nothing here", "", suggestion)
