"""Answer a step of which nobody knows whether it happened."""

from executions.roles import Role
from executions.states import Phase
from executions.verbs.row import Argument, Choice, Kind, Verb

ROW = Verb(
    name="decide",
    order=60,
    roles=frozenset({Role.OWNER, Role.ADMIN}),
    phases=frozenset({Phase.WAITING}),
    label="Decide",
    icon="decision",
    summary="Answer a step of which nobody knows whether it happened",
    meaning="Run it again, mark it as done (with its output), or let it fail.",
    command="Answer a step of which nobody knows whether it happened.",
    done="Your decision is in the journal; the run goes on.",
    done_to="goes on with your decision",
    event="WORKFLOW_DECIDED",
    body="The answer for a step of which nobody knows whether it happened.",
    arguments=(
        Argument(
            name="choice",
            kind=Kind.CHOICE,
            label="What shall be believed",
            help="The decision about it.",
            is_required=True,
            choices=(
                Choice("run_again", "It did not happen: run it again"),
                Choice("mark_done", "It happened: mark it as done"),
                Choice("fail", "Let it fail", is_danger=True),
            ),
        ),
        Argument(
            name="output",
            kind=Kind.JSON,
            label="Its output, if it happened",
            may_be_blank=True,
            help=(
                "The step's output. Left out: the answer that came late, where one was kept, else"
                " null."
            ),
            options=("--output-value",),
        ),
    ),
    decides=True,
)
