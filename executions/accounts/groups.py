"""Groups of people: those that may own workflows and agents, and those that give a rank."""

from __future__ import annotations

from django.contrib.auth.models import Group, User
from django.db.models import QuerySet

from executions import audit, policy
from executions.accounts.helping import end_sessions
from executions.errors import Refused


def visible(user: policy.Person) -> QuerySet[Group]:
    """The groups that this person may look into: their own; an administrator's are all."""
    rows = Group.objects.prefetch_related("user_set")
    return rows if policy.is_admin(user) else rows.filter(user=user.pk)


def put_in(name: str, member: User, actor: User | None) -> Group:
    """Make somebody a member, of a group that is made with its first one; it is audited, and where
    their rank changes their sessions end.
    """
    group, _ = Group.objects.get_or_create(name=_checked(name))
    _changed(group, member, actor, joins=True)
    return group


def take_out(name: str, member: User, actor: User | None) -> None:
    """End a membership. Raises Refused (``not_found``) where there is no such group."""
    group = Group.objects.filter(name=name).first() if name.isprintable() else None
    if group is None:
        raise Refused("not_found", f"There is no group {name[:60]!r}.")
    _changed(group, member, actor, joins=False)


def owning(name: str, actor: User) -> Group | None:
    """The group of this name, to own something of this person's; None for an empty name.

    Raises Refused: it has to be one of theirs, and none that gives a rank.
    """
    if not name:
        return None
    rows = Group.objects.exclude(name__in=policy.RANK_OF_GROUP)
    rows = rows if name.isprintable() else rows.none()
    if not policy.is_admin(actor):
        rows = rows.filter(user=actor)
    group = rows.filter(name=name).first()
    if group is None:
        raise Refused(
            "invalid",
            f"There is no group {name[:60]!r} of yours that may own something.",
            remedy="Groups that give a rank own nothing; an administrator makes others.",
        )
    return group


def _checked(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 150 or not name.isprintable():
        raise Refused("invalid", "The name of a group has 1 to 150 characters, all printable.")
    return name


def _changed(group: Group, member: User, actor: User | None, *, joins: bool) -> None:
    if member.groups.filter(pk=group.pk).exists() == joins:
        return
    before = policy.rank(User.objects.get(pk=member.pk))
    (member.groups.add if joins else member.groups.remove)(group)
    after = policy.rank(User.objects.get(pk=member.pk))
    said = {"group": group.name, "member": joins, "from": str(before), "to": str(after)}
    audit.record_account("change account", member.get_username(), actor, after=said)
    if before != after:
        end_sessions(member)
