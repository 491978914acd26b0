"""The demo log-ins: made once, passwords random, kept in the data folder so that they can be shown
again.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from executions.roles import SUPPORT_GROUP

WHO = {
    "demo": "runs workflows of their own",
    "support": "sees every run, may recover",
    "admin": "may do everything",
}


@dataclass(frozen=True, slots=True)
class Login:
    """A name, its password, and what this person may do."""

    name: str
    password: str
    may: str


def stored(home: Path) -> list[Login]:
    """The log-ins that were made for this data folder; none where they were not made yet."""
    path = home / "logins.json"
    return [Login(**entry) for entry in json.loads(path.read_text())] if path.exists() else []


def make_once(home: Path) -> list[Login]:
    """The log-ins of this data folder, made now if they never were.

    People who exist already keep their password.
    """
    from django.contrib.auth.models import Group, User
    from django.db import transaction

    if logins := stored(home):
        return logins
    with transaction.atomic():
        support, _ = Group.objects.get_or_create(name=SUPPORT_GROUP)
        for name, may in WHO.items():
            if User.objects.filter(username=name).exists():
                continue
            login = Login(name, secrets.token_urlsafe(12), may)
            user = User(
                username=name, is_staff=name in ("support", "admin"), is_superuser=name == "admin"
            )
            user.set_password(login.password)
            user.save()
            if name == "support":
                user.groups.add(support)
            logins.append(login)
        _store(home, logins)
    return logins


def renew(home: Path) -> list[Login]:
    """Give the demo people new passwords; the old ones end, and with them their sessions."""
    from django.contrib.auth.models import User
    from django.db import transaction

    with transaction.atomic():
        logins = [Login(name, secrets.token_urlsafe(12), may) for name, may in WHO.items()]
        for login in logins:
            for user in User.objects.filter(username=login.name):
                user.set_password(login.password)
                user.save(update_fields=["password"])
        _store(home, logins)
    return logins


def _store(home: Path, logins: list[Login]) -> None:
    draft = home / "logins.json.new"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps([asdict(login) for login in logins], indent=2))
    os.replace(draft, home / "logins.json")
