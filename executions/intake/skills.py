"""Skills: applied as workflows and agents are."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User

from executions.intake.resources import Opened, Text, described_by, store
from executions.intake.slugs import slug_of
from executions.language.skill import parse_skill
from executions.models import Skill, SkillVersion
from executions.models.resource import Visibility


@dataclass(frozen=True, slots=True)
class AppliedSkill:
    """``result`` is ``created``, ``updated`` or ``unchanged``."""

    skill: Skill
    version: SkillVersion
    result: str


def apply_skill(
    text: str,
    actor: User,
    *,
    visibility: str = Visibility.SHARED,
    opened: Opened | None = None,
    message: str = "",
) -> AppliedSkill:
    """Apply one text in the name of ``actor``, who may have ``opened`` a version to change it;
    ``message`` says what changes.

    Raises DefinitionError or Refused; then nothing is stored.
    """
    parsed = parse_skill(text)
    document = parsed.skill
    new = Skill(slug=slug_of(document.name), name=document.name, owner=actor, visibility=visibility)

    accepted = Text(parsed.source, parsed.document, parsed.digest)
    applied = store(
        new, accepted, actor, describe=described_by(document), opened=opened, message=message
    )
    assert isinstance(applied.version, SkillVersion)
    return AppliedSkill(applied.resource, applied.version, applied.result)
