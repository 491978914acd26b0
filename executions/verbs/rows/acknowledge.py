"""Say that somebody knows of a failure: retention may take the run in time."""

from executions.roles import Role
from executions.states import Phase
from executions.verbs.row import Answer, Reason, Verb

ROW = Verb(
    name="acknowledge",
    order=35,
    roles=frozenset({Role.OWNER, Role.SUPPORT, Role.ADMIN}),
    phases=frozenset({Phase.FAILED}),
    label="Acknowledge",
    icon="check",
    only="Only a failure can be acknowledged",
    summary="Acknowledge its failure",
    meaning=(
        "Say that somebody knows of the failure. The run stays failed and can be retried; retention"
        " takes no failure that nobody knows of."
    ),
    command="Say that somebody knows of the failure of a run.",
    done="Its failure is acknowledged; it can still be retried.",
    done_to="stays failed, and somebody knows of it",
    event="WORKFLOW_FAILURE_ACKNOWLEDGED",
    answer=Answer.CONTROLLED,
    reason=Reason.OPTIONAL,
    is_about_what_was_seen=False,
    has_button=True,
    in_bulk=True,
    goes_on=False,
)
