"""Wait on for an attempt that shows no progress."""

from executions.roles import Role
from executions.states import Phase
from executions.verbs.row import Answer, Reason, Verb, Wait

ROW = Verb(
    name="keep waiting",
    order=13,
    roles=frozenset({Role.OWNER, Role.ADMIN}),
    phases=frozenset({Phase.IN_PROGRESS}),
    label="Keep waiting",
    icon="clock",
    only="Only a run that is driven can wait on for its attempt",
    summary="Wait on for an attempt without progress",
    meaning="Its owner is told again once it has shown no progress for twice as long.",
    command="Wait on for an attempt without progress; you are told again after twice as long.",
    done="It goes on; you are told again if it takes twice as long.",
    done_to="goes on",
    event="WORKFLOW_KEPT_WAITING",
    reason=Reason.NONE,
    answer=Answer.CONTROLLED,
    is_about_what_was_seen=False,
    has_button=True,
    at_wait=Wait.UNANSWERED_STALL,
    goes_on=False,
)
