"""The accounts of this installation, for the checks of a definition."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import Group, User


class People:
    """A :class:`~executions.calls.kind.KnownPeople` that asks the database."""

    def unknown_users(self, names: Collection[str]) -> set[str]:
        users = User.objects.filter(username__in=names, is_active=True)
        return set(names) - set(users.values_list("username", flat=True))

    def unknown_groups(self, names: Collection[str]) -> set[str]:
        groups = Group.objects.filter(name__in=names)
        return set(names) - set(groups.values_list("name", flat=True))
