"""Skills of an agent: named in its instructions, read by a tool when they are needed.

A run takes the versions that stand when it begins; which these are is journaled by their digests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

READ_SKILL = "read_skill"
DESCRIPTION = "Gives the text of one of your skills. Read it before you do what it is about."
_TOLD = (
    "\n\nYou have skills: texts that say how something is done. Read one with the tool"
    f" `{READ_SKILL}` before you do what it is about:\n"
)


@dataclass(frozen=True, slots=True)
class SkillTaken:
    """A version of a skill. ``is_untrusted``: neither the agent's owner nor an administrator is
    its author.
    """

    name: str
    description: str
    digest: str
    is_untrusted: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def loaded(start: dict[str, Any]) -> dict[str, SkillTaken]:
    """Those that a run began with, by name."""
    return {skill["name"]: SkillTaken(**skill) for skill in start.get("skills", ())}


def instructions(skills: Sequence[SkillTaken]) -> str:
    """The part of the instructions about them."""
    if not skills:
        return ""
    return _TOLD + "\n".join(
        f"- {each.name}: {' '.join(each.description.split())}" for each in skills
    )


def parameters(names: Sequence[str]) -> dict[str, Any]:
    """The schema of the tool's arguments."""
    return {
        "type": "object",
        "properties": {"name": {"enum": list(names)}},
        "required": ["name"],
        "additionalProperties": False,
    }


def parted(reference: str) -> tuple[str, str]:
    """The name of a skill, and the beginning of the digest of the version that is meant, if any."""
    name, _, digest = reference.partition("@")
    return name, digest
