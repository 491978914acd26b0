"""Who may do what: one place, asked by every door.

An execution is visible to its owner, to support and to administrators; to everybody else it does
not exist (404). Who may see it but not act is refused (403).
"""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q, QuerySet

from executions.errors import Refused
from executions.models import (
    Agent,
    Ask,
    Channel,
    CloudEvent,
    EventSource,
    Execution,
    LanguageModel,
    McpServer,
    PrunedExecution,
    Session,
    Workflow,
)
from executions.models.ask import AskQuerySet
from executions.models.channel import ChannelQuerySet
from executions.models.cloud_event import CloudEventQuerySet
from executions.models.execution import ExecutionQuerySet
from executions.models.resource import Resource, Visibility
from executions.roles import Role
from executions.verbs.rows import VERBS

SUPPORT_GROUP = "Support"
Person = User | AnonymousUser


# What a person may do to an execution beside the verbs, which name their roles themselves.
_RIGHTS: dict[str, frozenset[Role]] = {
    "view": frozenset({Role.OWNER, Role.SUPPORT, Role.ADMIN}),
    "report": frozenset({Role.OWNER, Role.ADMIN}),
    "delete": frozenset({Role.OWNER, Role.ADMIN}),
    "signal": frozenset({Role.OWNER, Role.ADMIN}),
}
RIGHTS: dict[str, frozenset[Role]] = _RIGHTS | {name: verb.roles for name, verb in VERBS.items()}


def is_admin(user: Person) -> bool:
    return bool(user.is_active and user.is_superuser)


def is_support(user: Person) -> bool:
    """Member of the group Support; asked of the database once per user object."""
    if not user.is_active or user.pk is None:
        return False
    known = user.__dict__.get("_stigmer_support")
    if known is None:
        known = user.__dict__["_stigmer_support"] = user.groups.filter(name=SUPPORT_GROUP).exists()
    return bool(known)


def rank(user: Person) -> tuple[bool, bool]:
    """What this person is everywhere, to be compared: administrator, support."""
    return is_admin(user), is_support(user)


def sees_everything(user: Person) -> bool:
    """Whether this person looks after everybody's executions: support and administrators."""
    return is_admin(user) or is_support(user)


def role(user: Person, execution: Execution) -> Role:
    """The strongest role that this person has towards this execution."""
    if not user.is_active:
        return Role.NOBODY
    if is_admin(user):
        return Role.ADMIN
    if execution.owner_id == user.pk:
        return Role.OWNER
    return Role.SUPPORT if is_support(user) else Role.NOBODY


def can(user: Person, verb: str, execution: Execution) -> bool:
    """Whether this person may do this to this execution, whatever its phase."""
    return role(user, execution) in RIGHTS[verb]


def visible_executions(user: Person) -> ExecutionQuerySet:
    rows = ExecutionQuerySet(Execution)
    if sees_everything(user):
        return rows
    return rows.filter(owner_id=user.pk) if user.is_active else rows.none()


def visible_marks(user: Person) -> QuerySet[PrunedExecution]:
    """What is left of runs that went to an archive, for those who could see them."""
    rows = PrunedExecution.objects.select_related("archive")
    if sees_everything(user):
        return rows
    return rows.filter(owner_id=user.pk) if user.is_active and user.pk else rows.none()


def visible_asks(user: Person) -> AskQuerySet:
    """What this person may answer, and what is asked by executions that this person may see."""
    if not isinstance(user, User):
        return Ask.objects.none()
    own = Ask.objects.for_person(user).values("pk")
    runs = visible_executions(user).values("pk")
    return Ask.objects.filter(Q(pk__in=own) | Q(execution__in=runs))


def visible_events(user: Person) -> CloudEventQuerySet:
    """Events that this person's runs may hear: events of others are never heard, nor seen but by
    who looks after everybody's runs.
    """
    rows = CloudEventQuerySet(CloudEvent)
    if sees_everything(user):
        return rows
    return rows.filter(owner_id=user.pk) if user.is_active else rows.none()


def visible_event_sources(user: Person) -> QuerySet[EventSource]:
    """The sources of this person; an administrator's are all."""
    if is_admin(user):
        return EventSource.objects.all()
    if not user.is_active:
        return EventSource.objects.none()
    return EventSource.objects.filter(owner_id=user.pk)


def visible_sinks(user: Person) -> ChannelQuerySet:
    """Where events are sent, for those who look after everybody's runs."""
    rows = ChannelQuerySet(Channel)
    return rows if sees_everything(user) else rows.none()


def visible_workflows(user: Person) -> QuerySet[Workflow]:
    if is_admin(user):
        return Workflow.objects.all()
    if not user.is_active:
        return Workflow.objects.none()
    return Workflow.objects.filter(Q(visibility=Visibility.SHARED) | Q(owner_id=user.pk))


def visible_agents(user: Person) -> QuerySet[Agent]:
    if is_admin(user):
        return Agent.objects.all()
    if not user.is_active:
        return Agent.objects.none()
    return Agent.objects.filter(Q(visibility=Visibility.SHARED) | Q(owner_id=user.pk))


def visible_sessions(user: Person) -> QuerySet[Session]:
    """A conversation is its owner's alone; who sees all executions sees its runs, and so the
    conversation.
    """
    if sees_everything(user):
        return Session.objects.all()
    if not user.is_active:
        return Session.objects.none()
    return Session.objects.filter(owner_id=user.pk)


def usable_models(user: Person) -> QuerySet[LanguageModel]:
    """The models that this person's runs may ask."""
    if not isinstance(user, User) or not user.is_active:
        return LanguageModel.objects.none()
    return LanguageModel.objects.usable_by(user)


def usable_servers(user: Person) -> QuerySet[McpServer]:
    """The MCP servers that this person's agents may use."""
    if not isinstance(user, User) or not user.is_active:
        return McpServer.objects.none()
    return McpServer.objects.usable_by(user)


def model_for(user: User, name: str) -> LanguageModel:
    """The model of this name, as this person may use it; without a name, the only one that there
    is. Raises Refused.
    """
    rows = usable_models(user)
    found = list(rows.filter(name=name) if name else rows[:2])
    if len(found) == 1:
        return found[0]
    names = ", ".join(rows.values_list("name", flat=True)[:20])
    known = f"You may use: {names}." if names else "There is none that you may use."
    said = f"There is no model {name[:100]!r} that you may use." if name else "No model is named."
    raise Refused(
        "conflict", said, remedy=f"{known} An administrator declares models in the admin."
    )


def can_change(user: Person, resource: Resource) -> bool:
    """Whether this person may apply a new version of this workflow or agent, rename or delete
    it.
    """
    return is_admin(user) or (user.is_active and resource.owner_id == user.pk)
