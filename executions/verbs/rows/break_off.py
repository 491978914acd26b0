"""End an attempt that shows no progress, and let its step go again."""

from executions.roles import Role
from executions.states import Phase
from executions.verbs.row import Answer, Reason, Verb, Wait

ROW = Verb(
    name="break off",
    order=14,
    roles=frozenset({Role.OWNER, Role.ADMIN}),
    phases=frozenset({Phase.IN_PROGRESS}),
    label="Break off and retry",
    icon="retry",
    only="Only an attempt that is made now can be broken off",
    question=(
        "The attempt is ended, and nobody knows what came of it. The step goes again, or asks you"
        " where it may happen only once."
    ),
    summary="Break an attempt without progress off",
    meaning="Its step is judged as after a crash: it goes again, or asks where it may happen once.",
    command="Break an attempt that shows no progress off; its step goes again, or asks a person.",
    done="The attempt is broken off, and its step goes again or asks you.",
    done_to="breaks its attempt off",
    event="WORKFLOW_ATTEMPT_BROKEN_OFF",
    reason=Reason.NONE,
    answer=Answer.CONTROLLED,
    is_about_what_was_seen=False,
    has_button=True,
    at_wait=Wait.STALL,
)
