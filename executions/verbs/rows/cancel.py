"""Stop at the next boundary."""

from executions.roles import Role
from executions.states import ACTIVE_PHASES
from executions.verbs.row import Answer, Reason, Verb

ROW = Verb(
    name="cancel",
    order=90,
    roles=frozenset({Role.OWNER, Role.ADMIN}),
    phases=ACTIVE_PHASES,
    label="Cancel",
    icon="cancel",
    only="Only an active execution can be cancelled",
    question="It stops at the next boundary; steps that are finished stay finished.",
    warning="A cancelled execution runs nothing more.",
    summary="Cancel it",
    meaning="Stop at the next boundary; at once where nothing runs.",
    command="Stop a run at its next boundary; at once where nothing runs.",
    done="It is cancelled, or will be at its next boundary.",
    done_to="is cancelled, or will be at its next boundary",
    event="WORKFLOW_CANCELLED",
    reason=Reason.NONE,
    answer=Answer.CONTROLLED,
    is_danger=True,
    is_about_what_was_seen=False,
    has_button=True,
    in_bulk=True,
    goes_on=False,
)
