"""The common part of a workflow and an agent: a name, a slug, an owner, versions, and instances
that are deployed.
"""

from __future__ import annotations

from typing import TypeVar

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q

from executions.ids import uuid7
from executions.models.fields import JsonField

# Characters of what an author says of a version.
LONGEST_MESSAGE = 500


class Visibility(models.TextChoices):
    SHARED = "shared", "Every signed-in user may see and run it"
    PRIVATE = "private", "Only its owner, its group and administrators"


class Resource(models.Model):
    """Name and standing; the text lives in versions.

    The owner's wishes and the system's findings are dated apart.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.CharField(max_length=300)
    name = models.CharField(max_length=300)
    description = models.TextField(blank=True, default="")
    labels = JsonField(default=dict, blank=True)
    tags = JsonField(default=list, blank=True)
    annotations = JsonField(default=dict, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="%(class)ss"
    )
    # Its members may see, run and change it, beside the owner.
    group = models.ForeignKey(
        "auth.Group", on_delete=models.PROTECT, null=True, blank=True, related_name="%(class)ss"
    )
    visibility = models.CharField(
        max_length=10, choices=Visibility.choices, default=Visibility.SHARED
    )
    created_at = models.DateTimeField(auto_now_add=True)
    spec_updated_at = models.DateTimeField(auto_now_add=True)
    spec_updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    status_updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ("slug",)
        constraints = (
            models.UniqueConstraint(
                fields=["slug"], condition=Q(visibility="shared"), name="%(class)s_shared_slug"
            ),
            models.UniqueConstraint(
                fields=["owner", "slug"],
                condition=Q(visibility="private"),
                name="%(class)s_private_slug",
            ),
            models.CheckConstraint(condition=~Q(slug=""), name="%(class)s_slug_not_empty"),
        )

    def __str__(self) -> str:
        return self.slug

    def default_instance_slug(self) -> str:
        return f"{self.slug}-default"


class Version(models.Model):
    """Number, source text and parsed document. Never changed after it is stored."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.PositiveIntegerField()
    source = models.TextField()
    document = JsonField()
    digest = models.CharField(max_length=64)
    warnings = JsonField(default=list, blank=True)
    # The author's message about the change, as in a commit.
    message = models.CharField(max_length=LONGEST_MESSAGE, blank=True, default="")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class Instance(models.Model):
    """One configured deployment of a workflow or an agent."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.CharField(max_length=320)
    description = models.TextField(blank=True, default="")
    default_input = JsonField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.slug


KnownResource = TypeVar("KnownResource", bound=Resource)


def meant_by(
    rows: models.QuerySet[KnownResource, KnownResource], user: User, slug: str
) -> KnownResource | None:
    """The one of ``rows`` that this user means by a slug: a private one of their own goes before
    one of a group of theirs, and that before the shared one of that name.
    """
    own = Q(owner=user)
    named = rows.filter(
        Q(visibility=Visibility.SHARED) | own | Q(group__in=user.groups.values("pk")), slug=slug
    )
    first_own = models.Case(models.When(own, then=0), default=1)
    return named.order_by("visibility", first_own, "-pk").first()


def holding(text: str) -> Q:
    """Those whose slug, name or description holds this text; all for none."""
    matches = Q(slug__icontains=text) | Q(name__icontains=text) | Q(description__icontains=text)
    return matches if text else Q()
