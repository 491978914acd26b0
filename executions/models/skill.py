"""A skill: Markdown that agents read when they need it, in versions that never change."""

from __future__ import annotations

from django.db import models

from executions.ids import public_id
from executions.models.resource import Resource, Version


class Skill(Resource):
    """A skill's name and standing."""

    head_version = models.ForeignKey(
        "executions.SkillVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    @property
    def public_id(self) -> str:
        return public_id("skl", self.pk)


class SkillVersion(Version):
    """One text of a skill, known by its digest."""

    skill = models.ForeignKey("executions.Skill", on_delete=models.CASCADE, related_name="versions")

    class Meta:
        ordering = ("skill", "-number")
        constraints = (
            models.UniqueConstraint(fields=["skill", "number"], name="skill_version_number_once"),
        )

    def __str__(self) -> str:
        return f"{self.skill} v{self.number}"

    @property
    def public_id(self) -> str:
        return public_id("ver", self.pk)
