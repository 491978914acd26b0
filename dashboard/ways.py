"""Beside the buttons: the ways on that begin with a look at what they would do, each on a page of
its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.words import translated
from executions.models import Execution
from executions.roles import Role
from executions.states import Runner
from executions.verbs.deciding import override
from executions.verbs.row import Verb
from executions.verbs.rows import VERBS


@dataclass(frozen=True, slots=True)
class Way:
    """A link to a page; ``route`` is the name of its address."""

    words: str
    route: str
    icon: str


def ways(execution: Execution, role: Role) -> list[Way]:
    """The pages that this role may look at now; none that would only be refused."""
    return [
        Way(translated(verb.way), verb.page, verb.icon)
        for verb in VERBS.values()
        if verb.way and _is_open(verb, execution, role)
    ]


def may_fork(execution: Execution, role: Role) -> bool:
    """Whether this role may begin a new run at a checkpoint of this one, as it stands now."""
    return _is_open(VERBS["fork"], execution, role) and execution.runner == Runner.OURS


def can_run_again(execution: Execution, role: Role) -> bool:
    """Whether this role may start the same workflow with the same input once more."""
    may_start = role in (Role.OWNER, Role.ADMIN)
    return may_start and execution.kind == "workflow" and not execution.is_active()


def _is_open(verb: Verb, execution: Execution, role: Role) -> bool:
    if role not in verb.roles or execution.phase not in verb.phases:
        return False
    if verb.name == "override":
        return bool(override.choices(execution))
    if execution.kind == "agent":
        return verb.way_of_agents and execution.runner == Runner.OURS
    return True
