"""The caller's own: notifications and tokens; and who the caller is."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from executions import policy, tokens
from executions.api import finding
from executions.api.credentials import ACT, ADMIN, READ, person
from executions.api.cursors import USUAL, Cursor, Limit, Listing, Page
from executions.api.refusals import not_found
from executions.api.render import links
from executions.api.render import resources as render
from executions.api.routes import empty
from executions.api.routes.resources import Paging
from executions.api.schemas import resources as shapes
from executions.ids import parse_public_id
from executions.models import ApiToken, Notification, PersonalSettings
from executions.roles import Rank

notifications = Router(tags=["Notifications"])
api_tokens = Router(tags=["Tokens"])
me = Router(tags=["Tokens"])


class NotificationFilters(BaseModel):
    """The filters of a list of notifications."""

    limit: Limit = USUAL
    cursor: Cursor = None
    unread: bool | None = Field(
        None, description="True: those that were not read; false: those that were."
    )


class Caller(BaseModel):
    """The caller, and what the caller may do."""

    name: str
    is_admin: bool
    is_support: bool
    role: Rank = Field(description="The rank of the caller, whichever run is looked at.")
    scopes: list[str] | None = Field(description="Of the token; null for a session.")


@me.get("", auth=READ, response=Caller, operation_id="read-caller", summary="Who am I?")
def read_caller(request: HttpRequest) -> Caller:
    """The user behind the token or the session."""
    user, token = person(request), getattr(request, "token", None)
    scopes = None if token is None else list(token.scopes)
    return Caller(
        name=user.username,
        is_admin=policy.is_admin(user),
        is_support=policy.is_support(user),
        role=policy.rank(user),
        scopes=scopes,
    )


@me.get(
    "/settings",
    auth=READ,
    response=shapes.PersonalSettings,
    operation_id="read-settings",
    summary="Read the caller's settings",
)
def read_settings(request: HttpRequest) -> shapes.PersonalSettings:
    """How pages are for this person: times, look, keys."""
    return render.personal_settings(PersonalSettings.objects.of(person(request)))


@me.patch(
    "/settings",
    # How pages look is changed by whoever looks: viewers too.
    auth=READ,
    response=shapes.PersonalSettings,
    operation_id="change-settings",
    summary="Change the caller's settings",
)
def change_settings(
    request: HttpRequest, body: shapes.PersonalSettingsBody
) -> shapes.PersonalSettings:
    """Those that are named."""
    changes = {name: value for name, value in body.model_dump().items() if value is not None}
    return render.personal_settings(PersonalSettings.objects.change(person(request), changes))


@notifications.get(
    "",
    auth=READ,
    response=Page[shapes.Notification],
    operation_id="list-notifications",
    summary="List the caller's notifications",
)
def listed(
    request: HttpRequest, filters: Annotated[NotificationFilters, Query()]
) -> dict[str, Any]:
    """Newest first."""
    mine = Notification.objects.filter(user=person(request)).judged()
    rows = mine.select_related("event__execution")
    rows = rows.defer(*(f"event__execution__{name}" for name in ("input", "output", "error")))
    if filters.unread is not None:
        rows = rows.filter(read_at__isnull=filters.unread)
    return Listing("notifications", filters.limit, filters.cursor).page(rows, render.notification)


@notifications.post(
    "/read",
    auth=ACT,
    response=shapes.ReadResult,
    operation_id="read-notifications",
    summary="Mark as read",
)
def mark_read(request: HttpRequest, body: shapes.ReadBody = empty.READ) -> shapes.ReadResult:
    """Those that are named, else all of the caller's."""
    mine = Notification.objects.filter(user=person(request))
    unread = mine.not_read()
    if body.ids is not None:
        keys = [
            finding.number(parse_public_id(each, "ntf"), "notification", each) for each in body.ids
        ]
        unread = unread.filter(pk__in=keys)
    count = unread.update(read_at=Now())
    return shapes.ReadResult(read=count, unread=mine.unread().count())


@api_tokens.get(
    "",
    auth=READ,
    response=Page[shapes.Token],
    operation_id="list-tokens",
    summary="List the caller's tokens",
)
def listed_tokens(request: HttpRequest, paging: Annotated[Paging, Query()]) -> dict[str, Any]:
    """Newest first, revoked ones included; never a secret."""
    rows = ApiToken.objects.filter(owner=person(request))
    return Listing("tokens", paging.limit, paging.cursor).page(rows, render.token)


@api_tokens.post(
    "",
    auth=ADMIN,
    response={201: shapes.NewToken},
    operation_id="create-token",
    summary="Make a token",
)
def create(
    request: HttpRequest, response: HttpResponse, body: shapes.TokenBody
) -> Status[shapes.NewToken]:
    """For the caller.

    Its secret is shown now and never again. Needs a session, or a token with the scope admin.
    """
    policy.check_confirmed(person(request), "making a token")
    minted = tokens.mint(person(request), body.name, body.scopes, days=body.days)
    token = render.token(minted.token)
    response["Location"] = f"{links.BASE}/tokens/{token.id}"
    return Status(201, shapes.NewToken(**token.model_dump(), secret=minted.secret))


@api_tokens.get(
    "/{token_id}",
    auth=READ,
    response=shapes.Token,
    operation_id="read-token",
    summary="Read a token",
)
def read_token(request: HttpRequest, token_id: str) -> shapes.Token:
    return render.token(_mine(request, token_id))


@api_tokens.delete(
    "/{token_id}",
    auth=READ,
    response={204: None},
    operation_id="revoke-token",
    summary="Revoke a token",
)
def revoke(request: HttpRequest, token_id: str) -> Status[None]:
    """From now on it opens nothing. A token may revoke itself, whatever its scopes."""
    tokens.revoke(_mine(request, token_id))
    return Status(204, None)


def _mine(request: HttpRequest, token_id: str) -> ApiToken:
    key = finding.number(parse_public_id(token_id, "key"), "token", token_id)
    token = ApiToken.objects.filter(owner=person(request), pk=key).first()
    if token is None:
        raise not_found(f"There is no token {finding.shown(token_id)}.")
    return token
