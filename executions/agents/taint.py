"""Sources that anybody may have written: once a run has read one, each call that may destroy or
send something asks a person, since the model may have been talked into it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from executions.agents import skills
from executions.agents.paths import call_path, turn_path
from executions.agents.tools import Offered, cleaned, loaded
from executions.journal.records import StepRecord
from executions.mind.messages import calls_of
from executions.states import StepStatus

# Calls of a workflow whose answers are written by others, and tasks that hear others.
_OUTSIDE_CALLS = frozenset({"http"})
_OUTSIDE_KEYS = frozenset({"listen"})


def reads_outside(document: Any) -> bool:
    """Whether a workflow reads what others write: the web, events, or another workflow, of which
    nothing is known here.
    """
    if isinstance(document, list):
        return any(reads_outside(each) for each in document)
    if not isinstance(document, dict):
        return False
    if document.get("call") in _OUTSIDE_CALLS or _OUTSIDE_KEYS & document.keys():
        return True
    run = document.get("run")
    if isinstance(run, dict) and "workflow" in run:
        return True
    return any(reads_outside(each) for each in document.values())


def taint_of(
    tool: Offered | None,
    written: Any,
    record: StepRecord,
    taken: Mapping[str, skills.SkillTaken],
) -> str:
    """The name of what was read by this call; empty where it read nothing of others."""
    if tool is None or record.status != StepStatus.SUCCEEDED:
        return ""
    if tool.kind == "skill":
        skill = taken.get(str(written.get("name"))) if isinstance(written, dict) else None
        return tool.name if skill is not None and skill.is_untrusted else ""
    output = record.output
    if tool.kind == "agent" and isinstance(output, dict) and output.get("tainted_by"):
        return str(output["tainted_by"])
    return tool.name if tool.is_untrusted else ""


def taint_in(start: Mapping[str, Any], records: Iterable[StepRecord]) -> str:
    """The same of a whole run that began with this ``start``, and of the runs before it."""
    before = start.get("goes_on_from") or {}
    if before.get("tainted_by"):
        return str(before["tainted_by"])
    tools, taken = loaded(start["tools"]), skills.loaded(dict(start))
    by_path = {record.path: record for record in records}
    number = 1
    while (turn := by_path.get(turn_path(number))) is not None:
        calls = calls_of(turn.output) if isinstance(turn.output, dict) else []
        for place, call in enumerate(calls, start=1):
            record = by_path.get(call_path(number, place))
            tool = tools.get(cleaned(call["name"]))
            if record is not None and (name := taint_of(tool, call["arguments"], record, taken)):
                return name
        number += 1
    return ""
