"""Try again at once, in place of waiting for the next attempt."""

from executions.roles import Role
from executions.states import Phase
from executions.verbs.row import Answer, Reason, Verb, Wait

ROW = Verb(
    name="retry now",
    order=12,
    roles=frozenset({Role.OWNER, Role.ADMIN}),
    phases=frozenset({Phase.WAITING}),
    label="Retry now",
    icon="retry",
    only="Only a run that waits for its next attempt can be told to try at once",
    summary="Make the next attempt now",
    meaning="Only while it waits between two attempts; how often it may try stays as it is.",
    command="Make the next attempt of a run now, in place of waiting for it.",
    done="The next attempt is made now.",
    done_to="makes its next attempt now",
    event="WORKFLOW_RETRIED",
    reason=Reason.NONE,
    answer=Answer.CONTROLLED,
    is_about_what_was_seen=False,
    has_button=True,
    at_wait=Wait.BACK_OFF,
    in_bulk=True,
)
