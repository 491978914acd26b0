"""A filter of the list of executions that a person gave a name."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models

from executions.errors import Refused
from executions.ids import public_id, uuid7
from executions.said import Said

NAME_CHARACTERS = 60
MOST_OF_ONE_PERSON = 50


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def of(self, user: User) -> SavedViewQuerySet:
        """This person's, by name."""
        return self.filter(user=user).order_by("name")

    def keep(self, user: User, name: str, query: str) -> SavedView:
        """Under this name from now on; what had the name before is replaced. Raises Refused."""
        name = " ".join(name.split())
        if not name or len(name) > NAME_CHARACTERS or not name.isprintable():
            raise Refused(
                "invalid",
                Said("A view needs a name of 1 to {most} characters.", most=NAME_CHARACTERS),
                remedy="Name what it shows.",
            )
        if not query:
            raise Refused(
                "invalid",
                "Nothing is filtered, so there is no view to save.",
                remedy="Filter the list first.",
            )
        is_new = not self.of(user).filter(name=name).exists()
        if is_new and self.of(user).count() >= MOST_OF_ONE_PERSON:
            raise Refused(
                "conflict",
                Said("There are {most} saved views already.", most=MOST_OF_ONE_PERSON),
                remedy="Forget one that is not used.",
            )
        return self.update_or_create(user=user, name=name, defaults={"query": query})[0]


class SavedView(models.Model):
    """``query`` is the filter as it stands in the list's address; it is read anew each time."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views"
    )
    name = models.CharField(max_length=NAME_CHARACTERS)
    query = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "name"], name="saved_view_name"),)

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return public_id("svw", self.pk)
