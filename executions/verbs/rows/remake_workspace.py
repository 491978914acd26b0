"""Make the workspace of a run again, on another host than the one that is away."""

from executions.roles import Role
from executions.states import Phase
from executions.verbs.row import Answer, Reason, Verb, Wait

ROW = Verb(
    name="remake workspace",
    order=14,
    roles=frozenset({Role.OWNER, Role.ADMIN}),
    phases=frozenset({Phase.PENDING, Phase.WAITING, Phase.IN_PROGRESS}),
    label="Make workspace again",
    icon="recover",
    only="Only a run that waits for the host of its workspace can have another one",
    summary="Make its git workspace again on another host",
    meaning=(
        "Only while no worker lives on the host that holds it. The folder is made from what was"
        " stored after the last finished command: its commits, and the files that were not"
        " committed. Files that git ignores, and what a command did that never finished, are lost."
    ),
    command=(
        "Make the git workspace of a run again on another host, while the one that holds it is"
        " away; what was not stored is lost."
    ),
    done="Its workspace is made again on another host, from what was stored last.",
    done_to="gets its workspace again on another host",
    event="WORKFLOW_WORKSPACE_REMADE",
    question=(
        "Its folder is made from what was stored after the last finished command. Files that git"
        " ignores, and what a command did that never finished, are lost."
    ),
    answer=Answer.CONTROLLED,
    reason=Reason.OPTIONAL,
    is_about_what_was_seen=False,
    has_button=True,
    at_wait=Wait.HOST,
    in_bulk=True,
)
