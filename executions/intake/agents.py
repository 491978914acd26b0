"""Agents: apply a definition, begin a conversation, list the conversations with one."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User

from executions import schemas
from executions.errors import Refused
from executions.expressions import EVALUATION_SECONDS
from executions.ids import public_id, uuid7
from executions.intake.default_child import created_once
from executions.intake.resources import Opened, Text, described_by, store
from executions.intake.slugs import slug_of
from executions.language.agent import AgentDefinition, AgentDocument, parse_agent
from executions.models import Agent, AgentVersion, Session
from executions.models.resource import Visibility
from executions.models.transactions import atomic, persistent


@dataclass(frozen=True, slots=True)
class AppliedAgent:
    """``result`` is ``created``, ``updated`` or ``unchanged``."""

    agent: Agent
    version: AgentVersion
    result: str


def parse(text: str) -> AgentDefinition:
    """The text under this installation's limits. Raises DefinitionError with every problem."""
    return parse_agent(text)


def _check_output(document: AgentDocument, actor: User) -> None:
    """Raises Refused where no answer could be checked by the schema of the output."""
    if document.output is None:
        return
    try:
        fault: schemas.SchemaError | None = schemas.fault(
            document.output.schema_, owner=str(actor.pk), seconds=EVALUATION_SECONDS
        )
    except schemas.SchemaBusy as busy:
        raise Refused("unavailable", f"The schema could not be checked now: {busy}.") from busy
    except schemas.SchemaError as problem:
        fault = problem
    if fault is not None:
        raise Refused("invalid", f"`output.schema` cannot be used: {fault}.")


def apply_agent(
    text: str,
    actor: User,
    *,
    visibility: str = Visibility.SHARED,
    opened: Opened | None = None,
    message: str = "",
) -> AppliedAgent:
    """Apply one text in the name of ``actor``, who may have ``opened`` a version to change it;
    ``message`` says what changes.

    Raises DefinitionError or Refused; then nothing is stored.
    """
    parsed = parse(text)
    document = parsed.agent
    _check_output(document, actor)
    new = Agent(slug=slug_of(document.name), name=document.name, owner=actor, visibility=visibility)

    accepted = Text(parsed.source, parsed.document, parsed.digest)
    applied = store(
        new, accepted, actor, describe=described_by(document), opened=opened, message=message
    )
    assert isinstance(applied.version, AgentVersion)
    return AppliedAgent(applied.resource, applied.version, applied.result)


@persistent
def create_session(agent: Agent, owner: User, *, name: str = "", subject: str = "") -> Session:
    """A new conversation of ``owner`` with the agent.

    Raises Refused where there is one of that name.
    """
    session_id = uuid7()
    slug = slug_of(name) if name else f"{agent.slug}-{public_id('ses', session_id)[4:]}"
    if len(slug) > 300 or len(subject) > 300:
        raise Refused(
            "invalid", "A name and a subject have at most 300 characters.", remedy="Shorten them."
        )
    with atomic():
        session = created_once(
            lambda: Session.objects.create(
                id=session_id, agent=agent, owner=owner, slug=slug, subject=subject
            )
        )
        if session is None:
            existing = Session.objects.get(agent=agent, owner=owner, slug=slug)
            raise Refused(
                "conflict",
                f"Session with slug {slug!r} already exists (id: {existing.public_id}).",
                remedy="Use that one, or give this one another name.",
            )
    return session
