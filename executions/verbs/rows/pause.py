"""Start no further step until it is resumed."""

from executions.roles import Role
from executions.states import UNDER_WAY
from executions.verbs.row import Answer, Reason, Verb

ROW = Verb(
    name="pause",
    order=80,
    roles=frozenset({Role.OWNER, Role.ADMIN}),
    phases=UNDER_WAY,
    label="Pause",
    icon="pause",
    only="Only an active execution can be paused",
    summary="Pause it",
    meaning="Start no further step until it is resumed.",
    command="Start no further step of a run until it is resumed.",
    done="No further step starts until someone resumes it.",
    done_to="is paused, or will be at its next boundary",
    event="WORKFLOW_PAUSED",
    reason=Reason.NONE,
    answer=Answer.CONTROLLED,
    is_about_what_was_seen=False,
    has_button=True,
    goes_on=False,
)
