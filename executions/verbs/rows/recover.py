"""Verify the checkpoints and go on from the last one."""

from executions.roles import Role
from executions.states import Phase
from executions.verbs.row import Argument, Fact, Kind, Preview, Verb

ROW = Verb(
    name="recover",
    order=30,
    roles=frozenset({Role.OWNER, Role.SUPPORT, Role.ADMIN}),
    phases=frozenset({Phase.FAILED}),
    label="Recover",
    icon="recover",
    only="Only a failed execution can be recovered",
    summary="Verify the checkpoints and go on from the last one",
    meaning="Only from FAILED. A recovery that fails answers 500, stays FAILED and marks it for a "
    "person. With `version` it goes on with that version of the workflow; 409 names the recorded "
    "steps that do not fit into it.",
    command="Verify the checkpoints of a failed run and go on from the last one.",
    done="The checkpoints were verified; it goes on from the last one.",
    done_to="goes on from its last checkpoint",
    event="WORKFLOW_RECOVERED",
    body="How to go on.",
    arguments=(
        Argument(
            name="version",
            kind=Kind.NUMBER,
            label="Version of the workflow",
            help="Go on with this version of the workflow; GET the same address to preview.",
            note="Go on with this version of its workflow.",
            looked="The version of the workflow to go on with.",
            options=("--onto",),
            least=1,
            most=2**31 - 1,
        ),
    ),
    has_button=True,
    preview=Preview(
        summary="Preview going on with another version",
        meaning=(
            "Which recorded steps do not fit, which run again, and how it would go on."
            "\n\nOnly from FAILED."
        ),
        sentence="onto version {version} (now {present}): {outcome}",
        facts=(Fact.MISFITS, Fact.BROKEN, Fact.NEW_OPERATION),
        of_agents=False,
    ),
    in_bulk=True,
    way="Go on with another version",
    page="execution-recover",
    way_of_agents=False,
)
