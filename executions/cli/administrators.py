"""``stigmer administrator``: the first account, where no demo makes any."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from executions.cli.exits import CommandError, ExitCode


def make(name: str, password: str) -> str:
    """Make the account, or let it be an administrator with this password; what was done, in a line.

    Raises CommandError for a name or a password that is not acceptable.
    """
    try:
        return _made(name, password)
    except DatabaseError as problem:
        reason = str(problem).strip().splitlines()[0]
        remedy = "Is it up to date? `stigmer migrate` brings it there."
        raise CommandError(f"The database refused: {reason}.", remedy=remedy) from problem


def _made(name: str, password: str) -> str:
    with transaction.atomic():
        user = User.objects.filter(username=name).first() or User(username=name)
        is_new = user.pk is None
        user.is_staff = user.is_superuser = user.is_active = True
        try:
            validate_password(password, user)
            user.set_password(password)
            user.full_clean()
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages), code=ExitCode.USAGE) from problem
        user.save()
    if is_new:
        return f"{name} is an administrator now."
    return f"{name} has a new password and is an administrator."
