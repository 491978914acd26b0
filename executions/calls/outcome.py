"""The outcomes that a step may return.

A step never touches the database, sleeps, enqueues or raises for control: it returns one of these
and the engine writes it down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from executions.errors import WorkflowError

Json = Any


@dataclass(frozen=True, slots=True)
class LeftFile:
    """A file that is kept (:mod:`executions.blobs`), under the name that its step gave it."""

    name: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class SavedWork:
    """A git workspace after a command: a bundle that is kept (:mod:`executions.blobs`), and the
    commit at which it stood. ``problem`` says why nothing was kept. Work that was packed later has
    the higher ``order``; 0 where it did not come to that.
    """

    commit: str = ""
    digest: str = ""
    problem: str = ""
    order: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """The step is finished with this output (the DSL's *raw output*, before ``output.as``)."""

    output: Json
    log: str = ""
    files: tuple[LeftFile, ...] = ()
    # The `usage` and `cost` of the agents of the other run that gave it.
    spent: dict[str, Any] | None = None
    saved: SavedWork | None = None


@dataclass(frozen=True, slots=True)
class Fail:
    """The attempt failed.

    ``transient`` is the step's own verdict and ``rule`` the name of the rule that gave it (shown to
    people). ``retry_after`` (seconds) is what the other side asked for. ``effect_possible`` is
    False only where it is proven that nothing was sent, so that even an ``at_most_once`` step may
    be tried again. ``answered``: the other side said that it failed, so that it is known what
    became of the call. ``is_final``: a person's word, after which no block around it tries again.
    """

    error: WorkflowError
    transient: bool
    rule: str
    retry_after: float | None = None
    effect_possible: bool = True
    log: str = ""
    answered: bool = False
    is_final: bool = False
    # The tokens that a model used up for an answer that cannot be taken.
    usage: dict[str, int] | None = None
    # The `usage` and `cost` of the agents of the other run that failed.
    spent: dict[str, Any] | None = None
    files: tuple[LeftFile, ...] = ()
    saved: SavedWork | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Park until a person answers, or until ``seconds`` have passed.

    ``outcomes`` are the answers to choose from (name and label), ``form`` is the JSON Schema of
    what goes with them. Users and groups by name may answer; nobody named: the owner of the run.
    ``is_four_eyes``: not the one who started it.
    """

    prompt: str
    outcomes: tuple[tuple[str, str], ...]
    seconds: float
    on_timeout: str
    form: dict[str, Any] | None = None
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    is_four_eyes: bool = False


Outcome = Done | Fail | Ask
