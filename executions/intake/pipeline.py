"""A request as a row of named stages over one typed draft: each timed, logged and named where it
fails.

A stage is a function that takes the draft and fills in or checks a part of it. The stages before
``first_write`` run outside a transaction, those from it on in one: when any of them fails, nothing
is stored.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Generic, TypeVar

import structlog

from executions.errors import Refused, StigmerError
from executions.intake.spans import span
from executions.models.passing import trouble
from executions.models.transactions import atomic, run_tx

D = TypeVar("D")
Stage = Callable[[D], None]
log = structlog.get_logger(__name__)


class StageRefused(Refused):
    """A stage refused the request.

    ``stage`` is its name, ``reason`` what it said. People read that (``message``, ``text``);
    ``str()``, for the log, names the stage before it.
    """

    def __init__(self, stage: str, problem: Refused) -> None:
        how = {"state": problem.state, "remedy": problem.remedy}
        super().__init__(problem.code, problem.message, findings=problem.findings, **how)
        self.stage = stage
        self.reason = problem.message

    def __str__(self) -> str:
        return f"pipeline step {self.stage} failed: {self.text}"


class StageFailed(StigmerError):
    """A stage broke down, nothing was stored; what it raised is the ``__cause__``.

    ``stage`` is its name.
    """

    def __init__(self, stage: str, problem: Exception) -> None:
        super().__init__(f"pipeline step {stage} failed: {problem}")
        self.stage = stage


class Pipeline(Generic[D]):
    """``Pipeline("workflow-execution-create", validate, …, persist,
    first_write=create_default_instance)``.

    ``about`` says what the draft is about, for the log: ``{"execution_id": …}``.
    """

    def __init__(
        self,
        name: str,
        *stages: Stage[D],
        first_write: Stage[D],
        about: Callable[[D], dict[str, object]] | None = None,
    ) -> None:
        self.name = name
        self._about = about
        self.stages = stages
        self._writing_from = stages.index(first_write)

    @property
    def steps(self) -> list[str]:
        """The names of the stages, in order."""
        return [step_name(stage) for stage in self.stages]

    def run(self, draft: D) -> D:
        """A draft after every stage.

        Raises StageRefused or StageFailed, and then nothing is stored.

        If the database was in passing trouble it begins anew with the draft as it was given.
        """
        return run_tx(lambda: self._run(copy.copy(draft)))

    def _run(self, draft: D) -> D:
        with span(self.name, self._told(draft)), ExitStack() as writing:
            for place, stage in enumerate(self.stages):
                if place == self._writing_from:
                    writing.enter_context(atomic())
                self._run_stage(stage, draft)
        return draft

    def _run_stage(self, stage: Stage[D], draft: D) -> None:
        name, began = step_name(stage), time.perf_counter()
        logger = log.bind(pipeline=self.name, step=name, **self._told(draft))
        logger.debug("pipeline step begins")
        try:
            with span(f"{self.name}/{name}"):
                stage(draft)
        except Refused as problem:
            logger.info(
                "pipeline step refused",
                code=problem.code,
                problem=problem.message,
                milliseconds=_since(began),
            )
            raise StageRefused(name, problem) from problem
        except Exception as problem:
            if trouble(problem):
                logger.warning(
                    "pipeline step met trouble of the database", problem=str(problem).strip()
                )
                raise
            logger.error("pipeline step failed", problem=str(problem), milliseconds=_since(began))
            raise StageFailed(name, problem) from problem
        logger.debug("pipeline step done", milliseconds=_since(began))

    def _told(self, draft: D) -> dict[str, object]:
        return self._about(draft) if self._about else {}


def step_name(stage: Callable[..., None]) -> str:
    """``check_duplicate`` is shown as ``CheckDuplicate``."""
    return "".join(word.capitalize() for word in stage.__name__.split("_"))


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 3)
