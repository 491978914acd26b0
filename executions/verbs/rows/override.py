"""Put it into another phase."""

from executions.roles import Role
from executions.states import MOVES
from executions.verbs.row import Answer, Argument, Kind, Preview, Reason, Verb

ROW = Verb(
    name="override",
    order=110,
    roles=frozenset({Role.ADMIN}),
    phases=frozenset(MOVES),
    label="Override",
    icon="flag",
    summary="Put it into another phase",
    meaning="Administrators only, where no other verb fits; needs a reason, which the owner sees.",
    command="Put a run into another phase, where no other verb fits (administrators).",
    done="It is in the phase that you chose, and its owner was told.",
    done_to="is in the phase that you chose",
    event="WORKFLOW_OVERRIDDEN",
    body="Which phase to put it into.",
    arguments=(
        Argument(
            name="phase",
            keyword="to",
            kind=Kind.CHOICE,
            label="Phase",
            help="One of those that GET of the same address lists.",
            note="Left out: those that are possible are listed.",
            is_required=True,
            shape="phase",
        ),
    ),
    reason=Reason.REQUIRED,
    needs_log_in=True,
    by_two=True,
    answer=Answer.CONTROLLED,
    preview=Preview(
        summary="List the phases that it may be put into",
        meaning="Administrators only.",
        sentence="",
        facts=(),
    ),
    goes_on=False,
    way="Override the state",
    page="execution-override",
    decides=True,
)
