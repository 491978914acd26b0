"""Go on after a pause."""

from executions.roles import Role
from executions.states import Phase
from executions.verbs.row import Answer, Reason, Verb

ROW = Verb(
    name="resume",
    order=70,
    roles=frozenset({Role.OWNER, Role.ADMIN}),
    phases=frozenset({Phase.PAUSED}),
    label="Resume",
    icon="play",
    only="It is not paused",
    summary="Resume it",
    meaning="Go on after a pause.",
    command="Go on with a paused run.",
    done="It goes on.",
    done_to="goes on",
    event="WORKFLOW_RESUMED",
    reason=Reason.NONE,
    answer=Answer.CONTROLLED,
    is_about_what_was_seen=False,
    has_button=True,
)
