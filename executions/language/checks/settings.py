"""Our own settings under ``metadata``: free keys are allowed there, so a misspelt one is only warned of."""

from __future__ import annotations

from executions.language.checks.outline import Outline, mapping, text
from executions.language.checks.report import Report
from executions.language.reading.problems import did_you_mean, shown

SETTINGS = ("optional", "effect", "retry", "attemptTimeout")


def check_settings(found: Outline, report: Report) -> None:
    """Report effects that a task cannot have; warn of keys that look like one of ours and are none."""
    for task in found.tasks():
        if text(task.body, "metadata", "effect") == "transactional" and task.body.get("call") != "python":
            path = (*task.path, "metadata", "effect")
            report.add(path, "only `call: python` can be transactional", "pure, idempotent or at_most_once")
        for key in mapping(task.body, "metadata"):
            suggestion = "" if key in SETTINGS else did_you_mean(key, SETTINGS, similarity=0.8)
            if suggestion:
                path = (*task.path, "metadata", key)
                report.warn(path, f"{shown(key)} is kept but means nothing here", "", suggestion)
