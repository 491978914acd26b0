"""Try the failed step again."""

from executions.roles import Role
from executions.states import Phase
from executions.verbs.row import Argument, Kind, Sheet, Verb

ROW = Verb(
    name="retry",
    order=10,
    roles=frozenset({Role.OWNER, Role.SUPPORT, Role.ADMIN}),
    phases=frozenset({Phase.FAILED}),
    label="Retry step",
    icon="retry",
    only="Only a failed execution can be retried",
    summary="Try the failed step again",
    meaning="Its counters start anew; every finished step stays. Only from FAILED.",
    command="Try the failed step again; --input edits its arguments.",
    done="The step is being tried again, its counters start anew.",
    done_to="will run its failed step again",
    event="WORKFLOW_RETRIED",
    body="How to try the failed step again.",
    arguments=(
        Argument(
            name="input",
            keyword="arguments",
            field="arguments",
            kind=Kind.JSON,
            label="What the step is called with",
            help="Edited arguments of the failed call.",
            options=("--input", "-i"),
        ),
        Argument(
            name="as_new_operation",
            kind=Kind.FLAG,
            label="As a new operation",
            help="With a new idempotency key: the effect may happen once more.",
            options=("--as-new-operation",),
        ),
    ),
    has_button=True,
    sheet=Sheet(
        name="edit",
        label="Edit and retry…",
        button="Retry with this input",
        edits_call=True,
    ),
    in_bulk=True,
)
