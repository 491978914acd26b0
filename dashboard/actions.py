"""The buttons of an execution for one role: which are allowed now, and why the others are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dashboard import words
from executions.models import Execution, Step
from executions.policy import VERBS, Role
from executions.states import ACTIVE_PHASES, Phase


@dataclass(frozen=True, slots=True)
class Action:
    """One button. ``why_not`` is empty exactly where it is allowed; ``asks`` is the question of its dialog."""

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


@dataclass(frozen=True, slots=True)
class _Kind:
    verb: str
    label: str
    icon: str
    phases: frozenset[Phase]
    when: str
    asks: str = ""
    is_danger: bool = False


_FAILED = frozenset({Phase.FAILED})
_KINDS = (
    _Kind("retry", "Retry step", "retry", _FAILED, "Only a failed execution can be retried"),
    _Kind("skip", "Skip step", "skip", _FAILED, "Only a failed step can be skipped"),
    _Kind("recover", "Recover", "recover", _FAILED, "Only a failed execution can be recovered"),
    _Kind("resume", "Resume", "play", frozenset({Phase.PAUSED}), "It is not paused"),
    _Kind("pause", "Pause", "pause", ACTIVE_PHASES - {Phase.PAUSED}, "Only an active execution can be paused"),
    _Kind(
        "cancel", "Cancel", "cancel", ACTIVE_PHASES, "Only an active execution can be cancelled",
        "It stops at the next boundary; steps that are finished stay finished.", is_danger=True,
    ),
    _Kind(
        "terminate", "Terminate", "stop", ACTIVE_PHASES, "Only an active execution can be terminated",
        "It stops at once. Whether the step that runs now has had its effect will not be known. "
        "A terminated execution cannot be continued.", is_danger=True,
    ),
)  # fmt: skip


def actions(execution: Execution, role: Role, failed: Sequence[Step]) -> list[Action]:
    """The buttons for ``role``; those that belong to another phase altogether are left out.

    ``failed`` are the failed steps that stand: whether one of them is optional decides about skip.
    """
    shown = [kind for kind in _KINDS if _belongs(kind, execution)]
    made = [_action(kind, execution, role, failed) for kind in shown]
    ids: dict[str, str] = {}
    made = [replace(action, why_id=ids.setdefault(action.why_not, action.verb)) for action in made]
    first = next((action.verb for action in made if action.is_allowed and not action.is_danger), "")
    return [replace(action, why_not="", is_first=True) if action.verb == first else action for action in made]


def refusals(buttons: Sequence[Action]) -> list[tuple[str, Action]]:
    """Why buttons cannot be used: buttons with the same reason together, as (their words, the first of them)."""
    found: dict[str, list[Action]] = {}
    for action in buttons:
        if not action.is_allowed:
            found.setdefault(action.why_not, []).append(action)
    return [(", ".join(action.label for action in same), same[0]) for same in found.values()]


def _belongs(kind: _Kind, execution: Execution) -> bool:
    """Failed executions show the three ways on; active ones what can be asked of them; ended ones nothing."""
    if execution.phase == Phase.FAILED:
        return kind.phases == _FAILED
    if execution.phase == Phase.PAUSED:
        return execution.phase in kind.phases
    return execution.phase in ACTIVE_PHASES and kind.phases != _FAILED and kind.verb != "resume"


def _action(kind: _Kind, execution: Execution, role: Role, failed: Sequence[Step]) -> Action:
    why_not = _why_not(kind, execution, role, failed)
    return Action(kind.verb, kind.label, kind.icon, why_not, kind.asks, kind.is_danger)


def _why_not(kind: _Kind, execution: Execution, role: Role, failed: Sequence[Step]) -> str:
    if role not in VERBS[kind.verb]:
        support = ", support" if Role.SUPPORT in VERBS[kind.verb] else ""
        who = f"the owner{support} or an administrator"
        return f"Only {who} may do this."
    if execution.phase not in kind.phases:
        return f"{kind.when}; this one is {words.phase_look(execution.phase).word.lower()}."
    if kind.verb == "skip" and not any(step.optional for step in failed):
        return f"{_name(failed)} is required: only a step marked optional in the definition can be skipped."
    if kind.verb == "cancel" and execution.cancel_asked_at:
        return "Cancelling was asked for already; it is honoured at the next boundary."
    if kind.verb == "pause" and execution.pause_asked_at:
        return "A pause was asked for already; it is honoured at the next boundary."
    return ""


def _name(failed: Sequence[Step]) -> str:
    return f"Step “{failed[0].name}”" if failed else "The failed step"
