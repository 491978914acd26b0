"""Beside the buttons: the ways on that begin with a look at what they would do, each on a page of its own."""

from __future__ import annotations

from dataclasses import dataclass

from executions.engine import override, restore
from executions.models import Execution
from executions.policy import VERBS, Role
from executions.states import Phase


@dataclass(frozen=True, slots=True)
class Way:
    """A link to a page; ``route`` is the name of its address."""

    words: str
    route: str
    icon: str


def ways(execution: Execution, role: Role) -> list[Way]:
    """What this role may look at now; nothing that would only be refused."""
    found = []
    follows_a_definition = execution.kind == "workflow"
    if follows_a_definition and execution.phase == Phase.FAILED and role in VERBS["recover"]:
        found.append(Way("Go on with another version", "execution-recover", "workflows"))
    if follows_a_definition and execution.phase in restore.PHASES and role in VERBS[restore.RESTORE]:
        found.append(Way("Restore to a checkpoint", "execution-checkpoints", "recover"))
    if role in VERBS[override.VERB] and override.choices(execution):
        found.append(Way("Override the state", "execution-override", "flag"))
    return found
