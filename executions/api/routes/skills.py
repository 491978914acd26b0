"""Skills: applied, listed, read, changed and deleted, with their versions."""

from __future__ import annotations

from ninja import Router

from executions import policy
from executions.api.routes.definitions import Texts, add_applying, add_standing
from executions.api.routes.resources import add_versions
from executions.intake import skills, standing

router = Router(tags=["Skills"])
_BODY = {
    "requestBody": {
        "required": True,
        "description": "The skill: a head of YAML between two lines `---`, then Markdown.",
        "content": {"text/markdown": {"schema": {"type": "string", "minLength": 1}}},
    }
}
_SKILLS = Texts(
    kind="skill",
    visible=policy.visible_skills,
    apply=skills.apply_skill,
    delete=standing.delete_skill,
    deleting="With its versions. The parts that runs have read stay in their journals.",
)
add_applying(router, _SKILLS, _BODY)
add_standing(router, _SKILLS)
add_versions(router, "skill")
