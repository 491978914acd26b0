"""``user``: what an administrator with a shell does for an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from executions.cli.exits import CommandError

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Name = Annotated[str, typer.Argument(help="Whose account.", show_default=False)]
GroupName = Annotated[str, typer.Argument(metavar="GROUP", help="Its name.", show_default=False)]
users = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Help people who lost a password or a second factor.",
)


@users.command("reset-link")
def reset_link(name: Name) -> None:
    """Print a link at which somebody chooses another password, once and within three days."""
    user = _found(name)
    from allauth.account.forms import default_token_generator
    from allauth.account.utils import user_pk_to_url_str
    from django.conf import settings
    from django.urls import reverse

    from executions import audit

    parts = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    path = reverse("account_reset_password_from_key", kwargs=parts)
    audit.record_account("make reset link", user.get_username(), None)
    print(f"{settings.STIGMER_ORIGINS[0].rstrip('/')}{path}")


@users.command("reset-mfa")
def reset_mfa(name: Name) -> None:
    """Forget the second factors of somebody who lost them, and end their sessions."""
    user = _found(name)
    from executions.accounts.helping import reset_second_factor

    many = reset_second_factor(user, None)
    print(f"{name} logs in with the password alone now ({many} removed); their sessions ended.")


@users.command("join")
def join(name: Name, group: GroupName) -> None:
    """Put somebody into a group, which is made where it is not there."""
    user = _found(name)
    from executions.accounts import groups

    groups.put_in(group, user, None)
    print(f"{name} is in the group {group}.")


@users.command("leave")
def leave(name: Name, group: GroupName) -> None:
    """Take somebody out of a group."""
    user = _found(name)
    from executions.accounts import groups
    from executions.errors import Refused

    try:
        groups.take_out(group, user, None)
    except Refused as refused:
        raise CommandError(refused.message, remedy="`stigmer list groups` names them.") from None
    print(f"{name} is not in the group {group}.")


def _found(name: str) -> User:
    from executions.cli.surroundings import use_settings

    use_settings(quiet=True)
    from django.contrib.auth.models import User

    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(f"There is nobody named {name}.", remedy="`stigmer logins` names some.")
    return user
