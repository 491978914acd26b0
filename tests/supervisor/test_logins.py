from __future__ import annotations

import stat
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User

from executions.supervisor import logins

pytestmark = pytest.mark.django_db


def test_three_people_are_made_who_can_log_in(tmp_path: Path) -> None:
    people = {login.name: login for login in logins.make_once(tmp_path)}
    assert set(people) == {"demo", "support", "admin"}
    for login in people.values():
        assert authenticate(username=login.name, password=login.password) is not None


def test_roles_are_what_the_names_say(tmp_path: Path) -> None:
    logins.make_once(tmp_path)
    roles = {user.username: (user.is_staff, user.is_superuser) for user in User.objects.all()}
    assert roles == {"demo": (False, False), "support": (True, False), "admin": (True, True)}
    assert User.objects.get(groups__name="Support").username == "support"


def test_they_are_made_once_and_shown_again(tmp_path: Path) -> None:
    made = logins.make_once(tmp_path)
    assert logins.make_once(tmp_path) == made == logins.stored(tmp_path)


def test_only_the_owner_of_the_folder_can_read_the_passwords(tmp_path: Path) -> None:
    logins.make_once(tmp_path)
    assert stat.S_IMODE((tmp_path / "logins.json").stat().st_mode) == 0o600


def test_a_person_who_exists_already_keeps_their_password(tmp_path: Path) -> None:
    User.objects.create_user("admin", password="chosen by the operator")
    assert {login.name for login in logins.make_once(tmp_path)} == {"demo", "support"}
    assert authenticate(username="admin", password="chosen by the operator") is not None


def test_renewed_passwords_replace_the_old_ones(tmp_path: Path) -> None:
    before = {login.name: login.password for login in logins.make_once(tmp_path)}
    after = {login.name: login.password for login in logins.renew(tmp_path)}
    assert authenticate(username="demo", password=before["demo"]) is None
    assert authenticate(username="demo", password=after["demo"]) is not None
