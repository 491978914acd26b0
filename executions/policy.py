"""The rights of people: one place, asked by every door.

An execution is visible to its owner, to support and to administrators, to the members of the group
that owns its workflow or agent, and to viewers where its workflow or agent is shared; to everybody
else it does not exist (404). A person who may see it but not act is refused (403).

A viewer looks and does nothing else, not even to what is theirs.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.conf import settings
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
    Proposal,
    PrunedExecution,
    Schedule,
    Session,
    Skill,
    Workflow,
)
from executions.models.ask import AskQuerySet
from executions.models.channel import ChannelQuerySet
from executions.models.cloud_event import CloudEventQuerySet
from executions.models.execution import ExecutionQuerySet
from executions.models.proposal import ProposalQuerySet
from executions.models.resource import Resource, Visibility
from executions.roles import RANK_OF_GROUP, SUPPORT_GROUP, VIEWERS_GROUP, Rank, Role
from executions.said import Said
from executions.verbs.row import Verb
from executions.verbs.rows import VERBS

Person = User | AnonymousUser
__all__ = ["RANK_OF_GROUP", "SUPPORT_GROUP", "VIEWERS_GROUP", "Person", "Rank", "Role"]
_KNOWN = "_stigmer_memberships"
_CONFIRMED = "_stigmer_confirmed_at"
# A log-in, or a password given again, counts so long for what needs one.
CONFIRMED_SECONDS = 15 * 60
LOOK_ONLY = Said("You are a viewer: you may see this, and change nothing.")
# Addresses at which a viewer may change something: all of it is about the account alone.
OWN_ACCOUNT = frozenset(
    {"login", "logout", "tokens", "token-revoke", "inbox-read", "saved-view-keep"}
    | {"saved-view-forget", "settings"}
)
OWN_ACCOUNT_PREFIXES = ("account_", "mfa_", "own-")
# Of a run no list shows these: they may be large.
_LARGE = ("execution__input", "execution__output", "execution__error")
# Proposals that wait are few; of more than so many a person is shown the newest.
MOST_PROPOSALS = 50
_ALL_ROLES = frozenset({Role.OWNER, Role.VIEWER, Role.SUPPORT, Role.ADMIN})


# The rights to an execution beside the verbs, which name their roles themselves.
_RIGHTS: dict[str, frozenset[Role]] = {
    "view": _ALL_ROLES,
    "export": _ALL_ROLES - {Role.VIEWER},
    "report": frozenset({Role.OWNER, Role.ADMIN}),
    "delete": frozenset({Role.OWNER, Role.ADMIN}),
    "signal": frozenset({Role.OWNER, Role.ADMIN}),
}
RIGHTS: dict[str, frozenset[Role]] = _RIGHTS | {name: verb.roles for name, verb in VERBS.items()}


@dataclass(frozen=True, slots=True)
class Standing:
    """The role of a person at a run, and whether they read it with sensitive values masked: parts
    of pages are the same for all who stand alike.
    """

    role: Role = Role.NOBODY
    reads_masked: bool = False


@dataclass(frozen=True, slots=True)
class Memberships:
    """The groups of a person: the rank that one of them gives, and the ids of those that may own
    workflows and agents.
    """

    rank: Rank = Rank.USER
    owning: frozenset[int] = frozenset()


def _memberships(user: Person) -> Memberships:
    """Asked of the database once per user object."""
    if user.pk is None:
        return Memberships()
    memberships: Memberships | None = user.__dict__.get(_KNOWN)
    if memberships is None:
        names = dict(user.groups.values_list("pk", "name"))
        ranks = {RANK_OF_GROUP[name] for name in names.values() if name in RANK_OF_GROUP}
        strongest = next((each for each in (Rank.SUPPORT, Rank.VIEWER) if each in ranks), Rank.USER)
        owning = frozenset(key for key, name in names.items() if name not in RANK_OF_GROUP)
        memberships = user.__dict__[_KNOWN] = Memberships(strongest, owning)
    return memberships


def rank(user: Person) -> Rank:
    """The rank of this person everywhere."""
    if not user.is_active or user.pk is None:
        return Rank.NOBODY
    return Rank.ADMIN if user.is_superuser else _memberships(user).rank


def is_admin(user: Person) -> bool:
    return bool(user.is_active and user.is_superuser)


def is_support(user: Person) -> bool:
    """Member of the group Support."""
    return bool(user.is_active and _memberships(user).rank is Rank.SUPPORT)


def is_viewer(user: Person) -> bool:
    """Whether this person may look, and may change nothing."""
    return rank(user) is Rank.VIEWER


def sees_everything(user: Person) -> bool:
    """Whether this person looks after everybody's executions: support and administrators."""
    return is_admin(user) or is_support(user)


def may_read_stack(user: Person) -> bool:
    """Whether this person may ask a worker where the functions of a run are."""
    return sees_everything(user)


def sees_others(user: Person) -> bool:
    """Whether this person may see executions that are not their own."""
    return is_admin(user) or _memberships(user) != Memberships()


def groups_of(user: Person) -> frozenset[int]:
    """The ids of the person's groups that may own workflows and agents."""
    return _memberships(user).owning if user.is_active else frozenset()


def role(user: Person, execution: Execution) -> Role:
    """The strongest role that this person has towards this execution."""
    own_rank = rank(user)
    if own_rank is Rank.NOBODY:
        return Role.NOBODY
    if own_rank is Rank.ADMIN:
        return Role.ADMIN
    if execution.owner_id == user.pk:
        return Role.VIEWER if own_rank is Rank.VIEWER else Role.OWNER
    if own_rank is Rank.SUPPORT:
        return Role.SUPPORT
    if not sees_others(user):
        return Role.NOBODY
    seen = visible_executions(user).filter(pk=execution.pk).exists()
    return Role.VIEWER if seen else Role.NOBODY


def standing(user: Person, execution: Execution) -> Standing:
    """The role of this person at this run, and how they read it."""
    return Standing(role(user, execution), reads_masked(user, execution))


def can(user: Person, verb: str, execution: Execution) -> bool:
    """Whether this person may do this to this execution, whatever its phase."""
    return role(user, execution) in RIGHTS[verb]


def rank_reads_masked(user: Person) -> bool:
    """Whether this person reads runs of others with their sensitive values masked."""
    return rank(user) in (Rank.SUPPORT, Rank.VIEWER)


def reads_masked(user: Person, execution: Execution) -> bool:
    """Whether this person reads this run with its sensitive values masked: support, but for their
    own runs and those of their groups, and viewers, but for their own runs.
    """
    if not rank_reads_masked(user) or execution.owner_id == user.pk:
        return False
    subject = execution.agent if execution.kind == "agent" else execution.workflow
    group = subject.group_id if subject is not None else None
    return rank(user) is Rank.VIEWER or group is None or group not in groups_of(user)


def confirm(user: Person, at: float) -> None:
    """Remember of this user object when the person behind it proved last who they are (seconds
    since 1970). Each door says so; without it nobody did.
    """
    user.__dict__[_CONFIRMED] = at


def is_confirmed(user: Person) -> bool:
    """Whether this person logged in, or gave the password again, within the last 15 minutes."""
    at = user.__dict__.get(_CONFIRMED, 0.0)
    return bool(0 <= time.time() - at < CONFIRMED_SECONDS)


def check_prepared(user: Person, verb: Verb, execution: Execution, reason: str) -> None:
    """Raises Refused where this person may do the verb, but not without a reason (``invalid``) or
    not without a log-in just before (``unconfirmed``).
    """
    held = role(user, execution)
    if verb.needs_reason_of(held) and not reason.strip():
        raise Refused(
            "invalid",
            "A reason is needed.",
            state=execution.phase,
            remedy="Say why, for the audit trail.",
        )
    if verb.needs_log_in_of(held):
        check_confirmed(user, verb.name)


def check_confirmed(user: Person, what: str) -> None:
    """Raises Refused (``unconfirmed``) where the last log-in is too long ago for ``what``."""
    if not is_confirmed(user):
        raise Refused(
            "unconfirmed",
            Said(
                "{what} needs a log-in within the last 15 minutes.",
                what=f"{what[:1].upper()}{what[1:]}",
            ),
            remedy="Confirm in the control room that it is you, then do it again.",
        )


def check_may_change_things(user: Person) -> None:
    """Raises Refused (``forbidden``) where this person may only look."""
    if is_viewer(user):
        raise Refused(
            "forbidden",
            LOOK_ONLY,
            remedy="Ask an administrator to take you out of the group Viewers.",
        )


def visible_executions(user: Person) -> ExecutionQuerySet:
    rows = ExecutionQuerySet(Execution)
    if sees_everything(user):
        return rows
    if not user.is_active:
        return rows.none()
    if not sees_others(user):
        return rows.filter(owner_id=user.pk)
    definitions = Q(group__in=groups_of(user))
    if is_viewer(user):
        definitions |= Q(visibility=Visibility.SHARED)
    return rows.filter(
        Q(owner_id=user.pk)
        | Q(workflow__in=Workflow.objects.filter(definitions).values("pk"))
        | Q(agent__in=Agent.objects.filter(definitions).values("pk"))
    )


def visible_marks(user: Person) -> QuerySet[PrunedExecution]:
    """The marks of runs that went to an archive, for those who could see them."""
    rows = PrunedExecution.objects.select_related("archive")
    if sees_everything(user):
        return rows
    return rows.filter(owner_id=user.pk) if user.is_active and user.pk else rows.none()


def visible_asks(user: Person) -> AskQuerySet:
    """The questions that this person may answer, and those of runs that this person may see."""
    if not isinstance(user, User):
        return Ask.objects.none()
    own = Ask.objects.for_person(user).values("pk")
    runs = visible_executions(user).values("pk")
    return Ask.objects.filter(Q(pk__in=own) | Q(execution__in=runs))


def visible_proposals(user: Person) -> ProposalQuerySet:
    """Those of the runs that this person may see."""
    runs = visible_executions(user).values("pk")
    rows = ProposalQuerySet(Proposal).filter(execution__in=runs).defer(*_LARGE)
    related = ("execution__owner", "execution__workflow", "execution__agent")
    return rows.select_related(*related, "asked_by", "decided_by")


def proposals_for(user: Person) -> list[Proposal]:
    """The proposals of others to which this person may agree now, the newest first; nothing is
    asked of the database where one person is enough.
    """
    if not settings.STIGMER_TWO_PERSONS or not sees_everything(user):
        return []
    rows = visible_proposals(user).open().at_their_place().exclude(asked_by=user.pk)
    newest = rows.order_by("-pk")[:MOST_PROPOSALS]
    return [row for row in newest if can(user, row.verb, row.execution)]


def those_who_may(verb: Verb, execution: Execution) -> QuerySet[User]:
    """The people who may do this to this run by their rank."""
    ranks = Q(is_superuser=True) if Role.ADMIN in verb.roles else Q(pk__in=())
    if Role.SUPPORT in verb.roles:
        ranks |= Q(groups__name=SUPPORT_GROUP) & ~Q(pk=execution.owner_id)
    return User.objects.filter(ranks, is_active=True).distinct()


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


def visible_channels(user: Person) -> ChannelQuerySet:
    """The channels of this person; those of the server too, for those who look after everybody's
    runs; an administrator's are all.
    """
    rows = ChannelQuerySet(Channel)
    if is_admin(user):
        return rows
    if not isinstance(user, User) or not user.is_active:
        return rows.none()
    of_server = Q(owner=None) if sees_everything(user) else Q(pk=None)
    return rows.filter(of_server | Q(owner=user))


def may_change_channel(user: Person, channel: Channel) -> bool:
    """Those of the server are the administrators', who may also turn off those of persons."""
    return is_admin(user) or (user.is_active and channel.owner_id == user.pk)


def visible_schedules(user: Person) -> QuerySet[Schedule]:
    """The person's own, and those of the person's groups; for a viewer those of shared workflows
    and agents; all for those who look after everybody's runs.
    """
    if sees_everything(user):
        return Schedule.objects.all()
    if not user.is_active or user.pk is None:
        return Schedule.objects.none()
    condition = Q(owner_id=user.pk) | Q(group__in=groups_of(user))
    if is_viewer(user):
        shared = Visibility.SHARED
        condition |= Q(workflow__visibility=shared) | Q(agent__visibility=shared)
    return Schedule.objects.filter(condition)


def may_change_schedule(user: Person, schedule: Schedule) -> bool:
    """Its owner, a member of the group that owns it, or an administrator; no viewer."""
    own_rank = rank(user)
    if own_rank in (Rank.NOBODY, Rank.VIEWER):
        return False
    if own_rank is Rank.ADMIN or schedule.owner_id == user.pk:
        return True
    return schedule.group_id is not None and schedule.group_id in groups_of(user)


def visible_workflows(user: Person) -> QuerySet[Workflow]:
    return Workflow.objects.filter(_visible_definitions(user))


def visible_agents(user: Person) -> QuerySet[Agent]:
    return Agent.objects.filter(_visible_definitions(user))


def _visible_definitions(user: Person) -> Q:
    """Shared ones, the person's own, and those of the person's groups."""
    if is_admin(user):
        return Q()
    if not user.is_active:
        return Q(pk__in=())
    condition = Q(visibility=Visibility.SHARED) | Q(owner_id=user.pk)
    groups = groups_of(user)
    return condition | Q(group__in=groups) if groups else condition


def visible_skills(user: Person) -> QuerySet[Skill]:
    return Skill.objects.filter(_visible_definitions(user))


def visible_sessions(user: Person) -> QuerySet[Session]:
    """A conversation is its owner's alone; who sees all executions sees its runs, and so the
    conversation. A viewer sees those with shared agents.
    """
    if sees_everything(user):
        return Session.objects.all()
    if not user.is_active:
        return Session.objects.none()
    own = Q(owner_id=user.pk)
    if is_viewer(user):
        own |= Q(agent__visibility=Visibility.SHARED)
    groups = groups_of(user)
    return Session.objects.filter(own | Q(agent__group__in=groups) if groups else own)


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
    models = list(rows.filter(name=name) if name else rows[:2])
    if len(models) == 1:
        return models[0]
    names = ", ".join(rows.values_list("name", flat=True)[:20])
    usable = Said("There is none that you may use.")
    if names:
        usable = Said("You may use: {names}.", names=names)
    said = Said("No model is named.")
    if name:
        said = Said("There is no model {name!r} that you may use.", name=name[:100])
    raise Refused(
        "conflict",
        said,
        remedy=Said.together(usable, Said("An administrator declares models in the admin.")),
    )


def can_change(user: Person, resource: Resource) -> bool:
    """Whether this person may apply a new version of this workflow, agent or skill, rename or
    delete it: its owner, a member of the group that owns it, or an administrator.
    """
    own_rank = rank(user)
    if own_rank in (Rank.NOBODY, Rank.VIEWER):
        return False
    if own_rank is Rank.ADMIN or resource.owner_id == user.pk:
        return True
    return resource.group_id is not None and resource.group_id in groups_of(user)
