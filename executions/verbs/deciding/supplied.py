"""An output that a person gives for a step: it has to be what the definition says of that step."""

from __future__ import annotations

from functools import partial
from typing import Any

from executions import schemas
from executions.driving.versions import parsed_for
from executions.errors import Finding, Refused
from executions.expressions import EVALUATION_SECONDS
from executions.journal.records import StepRecord
from executions.language.walking.places import task_at
from executions.models.outside import outside
from executions.said import Said
from executions.values import digest
from executions.verbs.deciding.case import Case

# In place of a value that a person may give: none was given. A JSON null is one.
UNSET: Any = object()


def check_output(case: Case, record: StepRecord, output: Any) -> None:
    """Raises Refused where the task at the step's path has an output schema that this does not
    fit, or that could not be asked.
    """
    task = task_at(parsed_for(case.execution).workflow, record.path)
    rule = task.output if task is not None else None
    if rule is None or rule.schema_ is None:
        return
    document, owner = rule.schema_.document, str(case.execution.owner_id)
    key = ("supplied output", digest("", [document, output]))
    misfits = outside(key, partial(_problems, document, output, owner, record.name))
    if misfits:
        raise Refused(
            "invalid",
            Said("The output does not fit the schema of {step}.", step=record.name),
            state=case.execution.phase,
            findings=[Finding(f"/output{each.pointer}", each.message) for each in misfits],
        )


def _problems(document: Any, output: Any, owner: str, name: str) -> list[Finding]:
    try:
        return schemas.problems(document, output, owner=owner, seconds=EVALUATION_SECONDS)
    except schemas.SchemaBusy as problem:
        raise Refused(
            "unavailable",
            Said("The output cannot be checked now: {problem}.", problem=problem),
            remedy="Try again in a few seconds.",
        ) from problem
    except schemas.SchemaError as problem:
        raise Refused(
            "invalid",
            Said(
                "The output could not be checked against the schema of {name}: {problem}.",
                name=name,
                problem=problem,
            ),
        ) from problem
