"""End it now, whatever runs."""

from executions.roles import Role
from executions.states import ACTIVE_PHASES
from executions.verbs.row import Answer, Reason, Verb

ROW = Verb(
    name="terminate",
    order=100,
    roles=frozenset({Role.OWNER, Role.ADMIN}),
    phases=ACTIVE_PHASES,
    label="Terminate",
    icon="stop",
    only="Only an active execution can be terminated",
    question="It stops at once. Whether the step that runs now has had its effect will not be "
    "known. A terminated execution cannot be continued.",
    warning="A step that is running may or may not have had its effect; this cannot be undone.",
    summary="Terminate it",
    meaning="End it now, whatever runs; it cannot be continued.",
    command="End a run now, whatever runs; it cannot be continued.",
    done="It was ended.",
    done_to="was ended at once",
    event="WORKFLOW_TERMINATED",
    reason=Reason.NONE,
    answer=Answer.CONTROLLED,
    is_danger=True,
    is_about_what_was_seen=False,
    has_button=True,
    goes_on=False,
)
