"""Skills and their versions; a skill is written as a definition is."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest
from django.utils.safestring import SafeString

from executions import policy
from executions.admin.access import may_change
from executions.admin.belonging import VersionAdmin
from executions.admin.definitions import Writing
from executions.admin.rendering import link_field, list_link
from executions.intake import standing
from executions.intake.resources import Opened
from executions.intake.skills import apply_skill
from executions.models import Skill, SkillVersion


@admin.register(Skill)
class SkillAdmin(Writing):
    """Its text is written on a page of its own."""

    prefix = "skl"
    visible = staticmethod(policy.visible_skills)
    list_select_related = ("owner", "head_version__skill")
    search_help_text = "A public id (skl-…), the beginning of a slug, or part of a name"

    @staticmethod
    def apply(
        text: str, actor: User, opened: Opened | None, visibility: str, message: str
    ) -> tuple[Skill, str]:
        applied = apply_skill(text, actor, visibility=visibility, opened=opened, message=message)
        return applied.skill, applied.result

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return obj is not None and may_change(request)

    def delete_model(self, request: HttpRequest, obj: Skill) -> None:
        assert isinstance(request.user, User)
        standing.delete_skill(obj, request.user)

    @admin.display(description="versions")
    def versions_link(self, skill: Skill) -> SafeString:
        return list_link(SkillVersion, "All versions", skill__id__exact=skill.pk)


@admin.register(SkillVersion)
class SkillVersionAdmin(VersionAdmin):
    road = "skill"
    visible = staticmethod(policy.visible_skills)
    skill_link = link_field("skill")
    list_display = ("skill", "number", "message", "created_by", "created_at")
    list_select_related = ("skill", "created_by")
    search_fields = ("skill__slug__startswith", "digest__startswith")
    fields = (
        "public_id",
        "skill_link",
        "number",
        "message",
        "digest",
        "created_by",
        "created_at",
        "source_text",
    )
