"""A parent's default child, healed: the linked one, else the one with its slug, adopted, else a new
one.

One piece for workflow → instance, agent → instance and agent → session. However many ask at once,
all get the same child. A child of another parent is never adopted: every look-up stays within the
parent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog
from django.db import IntegrityError, models, transaction

from executions import clock
from executions.errors import Refused
from executions.intake import tallies
from executions.models import Agent, AgentInstance, Healing, Session, Workflow, WorkflowInstance
from executions.models.healing import How

C = TypeVar("C", WorkflowInstance, AgentInstance, Session)
T = TypeVar("T")
LINK = "default_instance"
log = structlog.get_logger(__name__)


class DefaultChildLost(Refused):
    """The database says that the default child exists already, and then does not find it."""

    def __init__(self, family: str, slug: str, parent: Workflow | Agent) -> None:
        super().__init__(
            "conflict",
            f"The default {family} {slug} of {parent.slug} ({parent.public_id}) could not be made"
            " because it exists already, and it could not be found either.",
            remedy=(
                f"Look at the {family}s of {parent.slug} in the admin; `stigmer repair` names what"
                " is not linked."
            ),
        )


@dataclass(frozen=True, slots=True)
class DefaultChild(Generic[C]):
    """The particulars of one family: its name, where its children are, how one is made, whether it
    is linked.
    """

    family: str
    parent: Workflow | Agent
    children: models.QuerySet[C]
    make: Callable[[str], C]
    is_linked: bool = True

    @property
    def slug(self) -> str:
        return self.parent.default_instance_slug()


def of_workflow(workflow: Workflow) -> DefaultChild[WorkflowInstance]:
    children = WorkflowInstance.objects.filter(workflow=workflow)
    return DefaultChild(
        "workflow instance", workflow, children, lambda slug: children.create(**_in(workflow, slug))
    )


def of_agent(agent: Agent) -> DefaultChild[AgentInstance]:
    children = AgentInstance.objects.filter(agent=agent)
    return DefaultChild(
        "agent instance", agent, children, lambda slug: children.create(**_in(agent, slug))
    )


def session_of(agent: Agent, owner: Any) -> DefaultChild[Session]:
    """Sessions belong to a person, so the agent itself holds no link to one: it is found by its
    slug.
    """
    children = Session.objects.filter(agent=agent, owner=owner)
    return DefaultChild(
        "session",
        agent,
        children,
        lambda slug: children.create(agent=agent, owner=owner, slug=slug),
        is_linked=False,
    )


def ensure(default: DefaultChild[C], chosen: C | None = None) -> C:
    """The child to use: the given one, else the default child, made or healed where that was
    needed.

    Raises Refused where the given one is another parent's, and DefaultChildLost where the database
    calls the default child a duplicate and does not have it. Run it in a transaction, so that child
    and link appear together.
    """
    if chosen is not None:
        return _own(default, chosen)
    logger = log.bind(family=default.family, parent=default.parent.slug, slug=default.slug)
    if default.is_linked:
        linked = _linked(default)
        if linked is not None:
            tallies.count_linked(default.family)
            return linked
        logger.debug("Default instance not set in status, checking if it exists by slug")
    child, is_new = _found_or_made(default, logger)
    if default.is_linked:
        _link(default, child, is_new, logger)
    elif not is_new:
        tallies.count_linked(default.family)
    return child


def created_once(make: Callable[[], T]) -> T | None:
    """The child that ``make`` created, or None where it exists already.

    In a savepoint: on PostgreSQL a duplicate would otherwise spoil the transaction around it.
    """
    try:
        with transaction.atomic():
            return make()
    except IntegrityError as problem:
        if not _is_duplicate(problem):
            raise
        return None


def _linked(default: DefaultChild[C]) -> C | None:
    """Asked of the database, not of the parent in memory: the child may have been deleted since."""
    linked_id = getattr(default.parent, f"{LINK}_id")
    return None if linked_id is None else default.children.filter(pk=linked_id).first()


def _own(default: DefaultChild[C], chosen: C) -> C:
    if not default.children.filter(pk=chosen.pk).exists():
        raise Refused(
            "invalid",
            f"The {default.family} {chosen.slug} ({chosen.public_id}) is not one of"
            f" {default.parent.slug}.",
            remedy=(
                f"Name a {default.family} of {default.parent.slug}, or leave it out for the default"
                " one."
            ),
        )
    return chosen


def _found_or_made(default: DefaultChild[C], logger: Any) -> tuple[C, bool]:
    """The child and whether it was made just now."""
    child = default.children.filter(slug=default.slug).first()
    if child is None:
        logger.info("Default instance not found, creating new one")
        child = created_once(lambda: default.make(default.slug))
        if child is not None:
            _note(default, child, How.CREATED)
            logger.info("Successfully ensured default instance exists", child=child.public_id)
            return child, True
        logger.warning("Default instance already exists, fetching existing instance")
        child = default.children.filter(slug=default.slug).first()
        if child is None:
            raise DefaultChildLost(default.family, default.slug, default.parent)
    return child, False


def _link(default: DefaultChild[C], child: C, is_new: bool, logger: Any) -> None:
    """Of many callers one links, and only that one counts it."""
    parent, was = default.parent, getattr(default.parent, f"{LINK}_id")
    if not is_new:
        logger.info("Found existing default instance, updating status", child=child.public_id)
    unlinked = type(parent)._default_manager.filter(pk=parent.pk).exclude(**{LINK: child.pk})
    if unlinked.update(**{LINK: child.pk}, status_updated_at=clock.now()):
        if was is not None:
            logger.warning("Default instance link led nowhere, replaced", was=str(was))
            _note(default, child, How.REPAIRED)
        elif not is_new:
            _note(default, child, How.ADOPTED)
        logger.debug("Updated status with default instance", child=child.public_id)
    setattr(parent, LINK, child)
    if not is_new:
        logger.info("Successfully resolved existing default instance", child=child.public_id)


def _note(default: DefaultChild[Any], child: Any, how: How) -> None:
    Healing.objects.create(
        family=default.family, how=how, parent=default.parent.public_id, child=child.public_id
    )


def _in(parent: Workflow | Agent, slug: str) -> dict[str, Any]:
    return {type(parent).__name__.lower(): parent, "slug": slug}


def _is_duplicate(problem: IntegrityError) -> bool:
    """A unique violation, by its code: SQLSTATE 23505 on PostgreSQL, SQLITE_CONSTRAINT_UNIQUE or
    _PRIMARYKEY.
    """
    cause = problem.__cause__
    return getattr(cause, "sqlstate", None) == "23505" or getattr(
        cause, "sqlite_errorname", ""
    ) in (
        "SQLITE_CONSTRAINT_UNIQUE",
        "SQLITE_CONSTRAINT_PRIMARYKEY",
    )
