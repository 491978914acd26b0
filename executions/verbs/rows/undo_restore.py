"""Take the latest restore back."""

from executions.roles import Role
from executions.states import Phase
from executions.verbs.row import Fact, Preview, Reason, Verb

ROW = Verb(
    name="undo restore",
    order=50,
    roles=frozenset({Role.SUPPORT, Role.ADMIN}),
    phases=frozenset({Phase.FAILED, Phase.PAUSED, Phase.WAITING, Phase.CANCELLED}),
    label="Undo the restore",
    icon="retry",
    summary="Take the latest restore back",
    meaning="Steps that ran after it are superseded, steps that it superseded stand again.",
    command="Take the latest restore back instead.",
    done="The steps that the restore had set aside stand again.",
    done_to="stands where it stood before its latest restore",
    event="WORKFLOW_RESTORE_UNDONE",
    body="Why the restore was wrong.",
    reason=Reason.REQUIRED,
    needs_log_in=True,
    by_two=True,
    preview=Preview(
        summary="Preview taking the latest restore back",
        meaning=(
            "Which steps stand again, and which are set aside. Support and administrators only."
        ),
        sentence="takes the restore back: {back} again, {aside} set aside, {kept}.",
        facts=(Fact.COMES_BACK, Fact.SET_ASIDE, Fact.STAYS_DONE),
    ),
    decides=True,
)
