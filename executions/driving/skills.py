"""The skills of an agent, found when its run begins and read by their digests."""

from __future__ import annotations

from django.contrib.auth.models import User

from executions import policy
from executions.agents.skills import SkillTaken, parted
from executions.agents.tools import ToolUnusable
from executions.errors import Refused
from executions.intake.slugs import slug_of
from executions.language.agent import AgentDocument
from executions.language.skill import body_of
from executions.models import Execution, Skill, SkillVersion
from executions.models.resource import meant_by


def skills_for(execution: Execution, agent: AgentDocument) -> list[SkillTaken]:
    """The versions that its owner's run takes, in the agent's order. Raises ToolUnusable."""
    owner = User.objects.get(pk=execution.owner_id)
    skills = {each.name: each for each in (_taken(owner, execution, ref) for ref in agent.skills)}
    return [*skills.values()]


def text_of_skill(digest: str) -> str | None:
    """The text of the skill with this digest; None where it is not there any more."""
    row = SkillVersion.objects.filter(digest=digest).only("source").first()
    return None if row is None else body_of(row.source)


def _taken(owner: User, execution: Execution, reference: str) -> SkillTaken:
    name, digest = parted(reference)
    rows = policy.visible_skills(owner)
    skill = meant_by(rows.select_related("head_version", "owner"), owner, _slug(name))
    if skill is None:
        slugs = ", ".join(rows.values_list("slug", flat=True)[:20]) or "none"
        raise ToolUnusable(
            f"There is no skill {name[:100]!r} that {owner.get_username()} may use. There are:"
            f" {slugs}."
        )
    version = skill.head_version
    if digest:
        version = skill.versions.filter(digest__startswith=digest).first()
    if version is None:
        raise ToolUnusable(
            f"The skill {skill.slug} has no version whose digest begins with {digest}."
        )
    described = str(version.document.get("description", ""))
    is_untrusted = not digest and _is_untrusted(skill, owner, execution)
    return SkillTaken(skill.slug, described, version.digest, is_untrusted)


def _slug(name: str) -> str:
    try:
        return slug_of(name)
    except Refused:
        return ""


def _is_untrusted(skill: Skill, owner: User, execution: Execution) -> bool:
    """Whether somebody may change it who may change neither the run nor its agent. A version that
    the agent names by its digest is the one that its owner has looked at.
    """
    trusted = {owner.pk, execution.agent.owner_id if execution.agent else None}
    return skill.owner_id not in trusted and not policy.is_admin(skill.owner)
