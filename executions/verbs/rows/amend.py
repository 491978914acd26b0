"""Change what a finished call gave."""

from executions.roles import Role
from executions.states import Phase
from executions.verbs.row import Argument, Fact, Kind, Preview, Reason, Verb

ROW = Verb(
    name="amend",
    order=45,
    roles=frozenset({Role.OWNER, Role.ADMIN}),
    phases=frozenset({Phase.FAILED, Phase.PAUSED, Phase.WAITING, Phase.CANCELLED}),
    label="Change a result",
    icon="recover",
    only="Only an execution that stands still and is not complete can be amended",
    summary="Change what a finished call gave",
    meaning=(
        "It goes on after that call with the other result. Steps that finished after it run again,"
        " each effect as a new operation. A turn of an agent's model is no such call."
    ),
    command=(
        "Change what a finished call gave, and go on after it. `stigmer list checkpoints --of ID`"
        " shows the finished steps."
    ),
    done="The call has another result; the run goes on after it.",
    done_to="goes on after the call whose result was changed",
    event="WORKFLOW_STEP_AMENDED",
    warning="Steps that finished after the call run again, each effect as a new operation.",
    body="Which call, and what it gave.",
    arguments=(
        Argument(
            name="step_seq",
            field="step",
            kind=Kind.NUMBER,
            label="Step",
            help="The sequence of the finished call.",
            is_required=True,
            options=("--step",),
            least=1,
            most=2**53,
        ),
        Argument(
            name="output",
            kind=Kind.JSON,
            label="What it gave",
            help="Its result from now on.",
            is_required=True,
            options=("--output-value",),
        ),
    ),
    reason=Reason.OPTIONAL,
    preview=Preview(
        summary="Preview another result of a call",
        meaning=(
            "Which steps run again after it, and which effects may repeat."
            "\n\nThe other result is checked when it is sent."
        ),
        sentence="another result of {step}{next}: {kept} beside it, {again}.",
        facts=(Fact.MAY_REPEAT,),
    ),
    decides=True,
)
