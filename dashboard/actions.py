"""The buttons of an execution for one role: which are allowed now, and why the others are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from dashboard import words
from dashboard.words import translated
from executions.models import Execution, Stall, Step
from executions.roles import Role
from executions.states import ACTIVE_PHASES, Phase, WaitingFor
from executions.verbs.row import Sheet, Verb, Wait
from executions.verbs.rows import VERBS


@dataclass(frozen=True, slots=True)
class Action:
    """One button.

    ``why_not`` is empty exactly where it is allowed; ``asks`` is the question of its dialog, and
    ``asks_reason`` says that its reader has to give a reason there.
    """

    verb: str
    label: str
    icon: str
    why_not: str = ""
    asks: str = ""
    asks_reason: bool = False
    is_danger: bool = False
    is_first: bool = False
    why_id: str = ""
    # Its effect, in a line.
    says: str = ""
    # The dialog that asks for more, beside the button.
    sheet: Sheet | None = None

    @property
    def is_allowed(self) -> bool:
        return not self.why_not

    @property
    def sheet_template(self) -> str:
        return f"dashboard/sheets/{self.sheet.name}.html" if self.sheet else ""


_FAILED = frozenset({Phase.FAILED})
_BUTTONS = tuple(verb for verb in VERBS.values() if verb.has_button)


def actions(
    execution: Execution,
    role: Role,
    failed: Sequence[Step],
    *,
    away: bool = False,
    stall: Stall | None = None,
) -> list[Action]:
    """The buttons for ``role``; those that belong to another phase altogether are left out.

    ``failed`` are the failed steps that stand: whether one of them is optional decides about skip.
    ``away``: it waits for the host that holds its workspace. ``stall``: an attempt shows no
    progress.
    """
    waits = _waits(execution, away, stall)
    shown = [verb for verb in _BUTTONS if _belongs(verb, execution, waits)]
    made = [_action(verb, execution, role, failed) for verb in shown]
    if stall is not None and stall.why_not:
        made = [_unless_it_stays(action, stall) for action in made]
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
    by_reason: dict[str, list[Action]] = {}
    for action in buttons:
        if not action.is_allowed:
            by_reason.setdefault(action.why_not, []).append(action)
    return [(", ".join(action.label for action in same), same[0]) for same in by_reason.values()]


def _unless_it_stays(action: Action, stall: Stall) -> Action:
    """An attempt that cannot be broken off says why."""
    is_meant = action.verb == VERBS["break off"].slug and action.is_allowed
    return replace(action, why_not=stall.why_not) if is_meant else action


def _waits(execution: Execution, away: bool, stall: Stall | None) -> frozenset[Wait]:
    hurried = execution.phase == Phase.WAITING and execution.waits_for(WaitingFor.BACK_OFF)
    held = {
        Wait.BACK_OFF: hurried,
        Wait.HOST: away,
        Wait.STALL: stall is not None,
        Wait.UNANSWERED_STALL: stall is not None and not stall.is_quiet,
    }
    return frozenset(wait for wait, is_so in held.items() if is_so)


def _belongs(verb: Verb, execution: Execution, waits: frozenset[Wait]) -> bool:
    """Failed executions show the ways on; active ones what can be asked of them; ended ones
    nothing.
    """
    if execution.phase == Phase.FAILED:
        return verb.phases == _FAILED
    if execution.phase == Phase.PAUSED:
        return execution.phase in verb.phases
    if verb.at_wait is not None:
        return verb.at_wait in waits
    return execution.phase in ACTIVE_PHASES and verb.phases not in (
        _FAILED,
        frozenset({Phase.PAUSED}),
    )


def _action(verb: Verb, execution: Execution, role: Role, failed: Sequence[Step]) -> Action:
    why_not = _why_not(verb, execution, role, failed)
    asks_reason = verb.needs_reason_of(role)
    asks = _("Your reason is kept in its history.") if asks_reason else ""
    asks = translated(verb.question) or asks
    says = translated(verb.command.partition(";")[0].rstrip(".") + ".")
    label = translated(verb.label)
    return Action(
        verb.slug,
        label,
        verb.icon,
        why_not,
        asks,
        asks_reason,
        verb.is_danger,
        says=says,
        sheet=verb.sheet,
    )


def _why_not(verb: Verb, execution: Execution, role: Role, failed: Sequence[Step]) -> str:
    if role not in verb.roles:
        if Role.SUPPORT in verb.roles:
            return _("Only the owner, support or an administrator may do this.")
        return _("Only the owner or an administrator may do this.")
    if execution.phase not in verb.phases:
        phase = words.phase_look(execution.phase).word.lower()
        return _("{only}; this one is {phase}.").format(only=translated(verb.only), phase=phase)
    if verb.is_for_optional_steps and not any(step.optional for step in failed):
        return _(
            "{step} is required: only a step marked optional in the definition can be skipped."
        ).format(step=_name(failed))
    if verb.name == "cancel" and execution.cancel_asked_at:
        return _("Cancelling was asked for already; it is honoured at the next boundary.")
    if verb.name == "pause" and execution.pause_asked_at:
        return _("A pause was asked for already; it is honoured at the next boundary.")
    return ""


def _name(failed: Sequence[Step]) -> str:
    return _("Step “{name}”").format(name=failed[0].name) if failed else _("The failed step")
