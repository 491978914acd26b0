"""Go on without the failed step."""

from executions.roles import Role
from executions.states import Phase
from executions.verbs.row import Argument, Kind, Sheet, Verb

ROW = Verb(
    name="skip",
    order=20,
    roles=frozenset({Role.OWNER, Role.ADMIN}),
    phases=frozenset({Phase.FAILED}),
    label="Skip step",
    icon="skip",
    only="Only a failed step can be skipped",
    summary="Skip the failed optional step",
    meaning=(
        "The next step runs. Only from FAILED, and only where the definition says `optional: true`."
    ),
    command="Go on without the failed step, if it is optional.",
    done="The step is skipped; the run goes on with the next one.",
    done_to="goes on without its failed step",
    event="WORKFLOW_STEP_SKIPPED",
    warning="The failed step gets no result of its own: its input becomes its output.",
    body="The output of the skipped step.",
    arguments=(
        Argument(
            name="output",
            kind=Kind.JSON,
            label="Its output",
            help="Its output; where left out, its input.",
            may_be_blank=True,
            options=("--output-value",),
        ),
    ),
    has_button=True,
    sheet=Sheet(
        name="skip-with",
        label="Skip with an output…",
        button="Skip with this output",
    ),
    in_bulk=True,
    is_for_optional_steps=True,
)
