"""Groups of people, and who is in them."""

from __future__ import annotations

from typing import Annotated, Any

from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from executions import policy
from executions.accounts import groups
from executions.api.credentials import ADMIN, READ, person
from executions.api.cursors import Listing, Page
from executions.api.finding import shown
from executions.api.refusals import not_found
from executions.api.routes.resources import Paging
from executions.errors import Refused

router = Router(tags=["Groups"])


class GroupShape(BaseModel):
    """A group: it may own workflows and agents, or it gives its members a rank."""

    name: str
    members: list[str]
    gives_rank: str | None = Field(description="`support`, `viewer`, or null.")


@router.get(
    "", auth=READ, response=Page[GroupShape], operation_id="list-groups", summary="List groups"
)
def listed(request: HttpRequest, paging: Annotated[Paging, Query()]) -> dict[str, Any]:
    """Those that the caller is in, the newest first; an administrator's are all."""
    rows = groups.visible(person(request))
    return Listing("groups", paging.limit, paging.cursor).page(rows, _shape)


@router.put(
    "/{group}/members/{username}",
    auth=ADMIN,
    response=GroupShape,
    operation_id="add-group-member",
    summary="Put somebody into a group",
)
def add(request: HttpRequest, group: str, username: str) -> GroupShape:
    """Administrators only, just after a log-in. A group is made with its first member."""
    _check(request)
    return _shape(groups.put_in(group, _user(username), person(request)))


@router.delete(
    "/{group}/members/{username}",
    auth=ADMIN,
    response={204: None},
    operation_id="remove-group-member",
    summary="Take somebody out of a group",
)
def remove(request: HttpRequest, group: str, username: str) -> Status[None]:
    """Administrators only, just after a log-in."""
    _check(request)
    groups.take_out(group, _user(username), person(request))
    return Status(204, None)


def _check(request: HttpRequest) -> None:
    if not policy.is_admin(person(request)):
        raise Refused("forbidden", "Administrators alone say who is in a group.")
    policy.check_confirmed(person(request), "changing a group")


def _user(username: str) -> User:
    user = User.objects.filter(username=username).first() if username.isprintable() else None
    if user is None:
        raise not_found(f"There is nobody named {shown(username)}.")
    return user


def _shape(group: Group) -> GroupShape:
    rank = policy.RANK_OF_GROUP.get(group.name)
    members = sorted(user.get_username() for user in group.user_set.all())
    return GroupShape(name=group.name, members=members, gives_rank=str(rank) if rank else None)
