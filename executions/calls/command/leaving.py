"""Files that a command leaves, kept with its run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from executions import blobs
from executions.blobs import StorageFailed, TooLarge
from executions.calls.outcome import Done, Fail, LeftFile
from executions.errors import WorkflowError
from executions.sandbox import Place
from executions.sandbox.files import open_below


def kept(
    outcome: Done | Fail, names: Sequence[str], place: Place, limits: Mapping[str, Any]
) -> Done | Fail:
    """The outcome with the files of these names. A file that is missing after a command that failed
    is no further problem; one that succeeded has to leave all.
    """
    files, problems = list[LeftFile](), list[str]()
    for name in names:
        try:
            with open_below(place.work, name) as file:
                stored = blobs.at(limits["artifacts"]).put(file, limits["artifact_bytes"])
        except StorageFailed as problem:
            return _not_stored(outcome, name, problem)
        except TooLarge as problem:
            problems.append(f"{name}: {problem}")
        except ValueError as problem:
            problems.append(f"{name}: {problem}")
        except OSError as problem:
            problems.append(f"{name}: {problem.strerror}")
        else:
            files.append(LeftFile(name, stored.digest, stored.size))
    outcome = replace(outcome, files=tuple(files))
    if not problems or isinstance(outcome, Fail):
        return outcome
    detail = f"The command left no such artifact: {'; '.join(problems)}."
    error = WorkflowError.standard("runtime", detail)
    rule = "artifact missing"
    return Fail(
        error, transient=False, rule=rule, answered=True, log=outcome.log, files=outcome.files
    )


def _not_stored(outcome: Done | Fail, name: str, problem: StorageFailed) -> Done | Fail:
    """The command did its work, and nobody has the file."""
    if isinstance(outcome, Fail):
        return outcome
    detail = f"The artifact {name} could not be stored. {problem}"
    return Fail(
        WorkflowError.standard("communication", detail),
        transient=problem.may_pass,
        rule="artifact not stored",
        answered=True,
        log=outcome.log,
    )
