"""Go on from a checkpoint in a new run."""

from dataclasses import replace

from executions.roles import Role
from executions.states import Phase
from executions.verbs.row import Argument, Fact, Kind, Preview, Verb
from executions.verbs.rows.restore import CHECKPOINT

ROW = Verb(
    name="fork",
    order=47,
    roles=frozenset({Role.OWNER, Role.ADMIN}),
    phases=frozenset(Phase) - {Phase.PENDING, Phase.IN_PROGRESS},
    label="Fork",
    icon="workflows",
    only="Only a run that stands still or has ended can be forked",
    summary="Go on from a checkpoint in a new run",
    meaning=(
        "A new run of the same version begins with what this one had finished at the checkpoint,"
        " and goes on from there; this one stays as it is. With `output` the checkpoint gave"
        " something else (at 0: the input is another one). The answer is about the new run."
    ),
    command=(
        "Go on from a checkpoint in a new run, with another result of that step where one is"
        " given. `stigmer list checkpoints --of ID` shows them."
    ),
    done="A new run goes on from the checkpoint.",
    done_to="stays as it is; a new run goes on from its checkpoint",
    event="WORKFLOW_FORKED",
    warning="Steps after the checkpoint run once more, in the new run.",
    body="The checkpoint at which the new run begins, and its input.",
    arguments=(
        replace(
            CHECKPOINT,
            help="The sequence of the step after which the new run goes on.",
            options=("--checkpoint", "--from"),
        ),
        Argument(
            name="output",
            kind=Kind.JSON,
            label="What the checkpoint gave",
            help="In place of what it gave; at 0 in place of the input. Left out: as it was.",
            may_be_blank=True,
            options=("--output-value",),
        ),
    ),
    is_about_what_was_seen=False,
    goes_on=False,
    preview=Preview(
        summary="Preview a new run from a checkpoint",
        meaning=(
            "With what the new run begins, which steps run again in it, and which effects may"
            " repeat.\n\nAnother result of the checkpoint is checked when it is sent."
        ),
        sentence="from {place}: a new run begins with {begun}{next}, {again} there.",
        facts=(Fact.MAY_REPEAT,),
    ),
    decides=True,
    way="Fork from a checkpoint",
    page="execution-checkpoints",
    way_of_agents=False,
)
