"""The buttons of an execution for one role: which are allowed now, and why the others are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dashboard import words
from executions.models import Execution, Step
from executions.roles import Role
from executions.states import ACTIVE_PHASES, Phase, WaitingFor
from executions.verbs.row import Verb
from executions.verbs.rows import VERBS


@dataclass(frozen=True, slots=True)
class Action:
    """One button.

    ``why_not`` is empty exactly where it is allowed; ``asks`` is the question of its dialog.
    """

    verb: str
    label: str
    icon: str
    why_not: str = ""
    asks: str = ""
    is_danger: bool = False
    is_first: bool = False
    why_id: str = ""

    @property
    def is_allowed(self) -> bool:
        return not self.why_not


_FAILED = frozenset({Phase.FAILED})
_BUTTONS = tuple(verb for verb in VERBS.values() if verb.has_button)


def actions(execution: Execution, role: Role, failed: Sequence[Step]) -> list[Action]:
    """The buttons for ``role``; those that belong to another phase altogether are left out.

    ``failed`` are the failed steps that stand: whether one of them is optional decides about skip.
    """
    shown = [verb for verb in _BUTTONS if _belongs(verb, execution)]
    made = [_action(verb, execution, role, failed) for verb in shown]
    ids: dict[str, str] = {}
    made = [replace(action, why_id=ids.setdefault(action.why_not, action.verb)) for action in made]
    first = next((action.verb for action in made if action.is_allowed and not action.is_danger), "")
    return [
        replace(action, why_not="", is_first=True) if action.verb == first else action
        for action in made
    ]


def refusals(buttons: Sequence[Action]) -> list[tuple[str, Action]]:
    """Why buttons cannot be used: buttons with the same reason together, as (their words, the first
    of them).
    """
    found: dict[str, list[Action]] = {}
    for action in buttons:
        if not action.is_allowed:
            found.setdefault(action.why_not, []).append(action)
    return [(", ".join(action.label for action in same), same[0]) for same in found.values()]


def _belongs(verb: Verb, execution: Execution) -> bool:
    """Failed executions show the three ways on; active ones what can be asked of them; ended ones
    nothing.
    """
    if execution.phase == Phase.FAILED:
        return verb.phases == _FAILED
    if execution.phase == Phase.PAUSED:
        return execution.phase in verb.phases
    if verb.name == "retry now":
        return execution.waits_for(WaitingFor.BACK_OFF) and execution.phase == Phase.WAITING
    return execution.phase in ACTIVE_PHASES and verb.phases not in (
        _FAILED,
        frozenset({Phase.PAUSED}),
    )


def _action(verb: Verb, execution: Execution, role: Role, failed: Sequence[Step]) -> Action:
    why_not = _why_not(verb, execution, role, failed)
    return Action(verb.slug, verb.label, verb.icon, why_not, verb.question, verb.is_danger)


def _why_not(verb: Verb, execution: Execution, role: Role, failed: Sequence[Step]) -> str:
    if role not in verb.roles:
        support = ", support" if Role.SUPPORT in verb.roles else ""
        who = f"the owner{support} or an administrator"
        return f"Only {who} may do this."
    if execution.phase not in verb.phases:
        return f"{verb.only}; this one is {words.phase_look(execution.phase).word.lower()}."
    if verb.name == "skip" and not any(step.optional for step in failed):
        return (
            f"{_name(failed)} is required: only a step marked optional in the definition can be"
            " skipped."
        )
    if verb.name == "cancel" and execution.cancel_asked_at:
        return "Cancelling was asked for already; it is honoured at the next boundary."
    if verb.name == "pause" and execution.pause_asked_at:
        return "A pause was asked for already; it is honoured at the next boundary."
    return ""


def _name(failed: Sequence[Step]) -> str:
    return f"Step “{failed[0].name}”" if failed else "The failed step"
