"""Saying something to an agent's run while it works: it is taken at the start of the next turn."""

from __future__ import annotations

import structlog
from django.contrib.auth.models import User

from executions.errors import Refused
from executions.models import Execution, QueuedMessage
from executions.models.transactions import atomic, persistent
from executions.said import Said
from executions.states import ENDED_PHASES, Runner

MOST_WAITING = 50
MOST_CHARACTERS = 20_000
log = structlog.get_logger(__name__)


@persistent
def say(execution: Execution, actor: User, text: str) -> QueuedMessage:
    """Queue a message of the owner of this run. Raises Refused."""
    if not text.strip():
        raise Refused("invalid", "There is nothing in the message.", remedy="Say something.")
    if len(text) > MOST_CHARACTERS or "\x00" in text:
        problem = Said(
            "A message has at most {most:,} characters, and no NUL.", most=MOST_CHARACTERS
        )
        raise Refused("invalid", problem, remedy="Shorten it.")
    if execution.kind != "agent" or execution.runner != Runner.OURS:
        raise Refused("conflict", "Only an agent that Stigmer drives is talked to while it works.")
    if execution.owner_id != actor.pk:
        raise Refused("forbidden", "This conversation is somebody else's; only its owner speaks.")
    with atomic():
        # Its end looks under the same lock for what waits.
        locked = Execution.objects.select_for_update(of=("self",)).get(pk=execution.pk)
        if locked.phase in ENDED_PHASES:
            raise Refused(
                "conflict",
                Said("It is {phase}: there is no next turn.", phase=locked.phase),
                state=locked.phase,
                remedy="Start a run that goes on from it.",
            )
        if QueuedMessage.objects.filter(execution=locked).count() >= MOST_WAITING:
            raise Refused(
                "conflict",
                Said("{most} messages were said to this run already.", most=MOST_WAITING),
            )
        message = QueuedMessage.objects.create(execution=locked, sender=actor, text=text)
    log.info("message queued", execution_id=execution.public_id, user=actor.pk)
    return message
