"""Go back to a checkpoint."""

from executions.roles import Role
from executions.states import Phase
from executions.verbs.row import Argument, Fact, Kind, Preview, Reason, Verb

CHECKPOINT = Argument(
    name="checkpoint_seq",
    field="checkpoint",
    kind=Kind.NUMBER,
    label="Checkpoint",
    help="The sequence of the step after which it goes on.",
    note="Its sequence; 0 is the beginning.",
    looked="The sequence of the checkpoint; 0 is the beginning.",
    is_required=True,
    options=("--checkpoint", "--to"),
    least=0,
    most=2**53,
)
ROW = Verb(
    name="restore",
    order=40,
    roles=frozenset({Role.SUPPORT, Role.ADMIN}),
    phases=frozenset({Phase.FAILED, Phase.PAUSED, Phase.WAITING, Phase.CANCELLED}),
    label="Restore",
    icon="recover",
    summary="Go back to a checkpoint",
    meaning=(
        "Support and administrators only; needs a reason, which the owner sees. 0 is the beginning."
    ),
    command=(
        "Go back to a checkpoint (support and administrators). `stigmer list checkpoints --of ID`"
        " shows them."
    ),
    done="It goes on from the checkpoint.",
    done_to="goes on from the checkpoint",
    event="WORKFLOW_RESTORED",
    warning="Steps that finished after the checkpoint run again, each effect as a new operation.",
    body="Which checkpoint to go back to.",
    arguments=(CHECKPOINT,),
    reason=Reason.REQUIRED,
    needs_log_in=True,
    by_two=True,
    preview=Preview(
        summary="Preview going back to a checkpoint",
        meaning=(
            "Which steps run again, and which effects may repeat. Support and administrators only."
        ),
        sentence="to {place}: {kept}, {again}.",
        facts=(Fact.STAYS, Fact.BROKEN, Fact.MAY_REPEAT),
    ),
    is_confirmed=True,
    undo="undo restore",
    way="Restore to a checkpoint",
    page="execution-checkpoints",
    decides=True,
)
