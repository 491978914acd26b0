"""A skill: how something is done, as Markdown that an agent reads when it needs it.

The text begins with a head of YAML between two lines of three hyphens, as in the open format of
agent skills (``SKILL.md``): its name, and when to use it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, ValidationError

from executions.calls.parameters import Model, Readers
from executions.language.agent import Name
from executions.language.reading.explain import describe, explain
from executions.language.reading.problems import MOST_PROBLEMS, DefinitionError, Problem
from executions.language.reading.yaml import Limits, read

_HEAD = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_FORM = "a line `---`, `name` and `description`, another line `---`, then Markdown"


class SkillDocument(Model):
    """The head of a skill."""

    kind: Literal["Skill"] = "Skill"
    name: Name
    description: str = Field(
        min_length=1, max_length=1_024, description="what it is for and when to use it"
    )
    labels: dict[str, str] = Field(default_factory=dict)
    tags: list[str] = Field(default_factory=list)
    annotations: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SkillDefinition:
    """A good skill. ``digest`` is the SHA-256 of ``source`` in hex, ``body`` what agents read."""

    skill: SkillDocument
    document: dict[str, Any]
    source: str
    body: str
    digest: str


def is_skill(text: str) -> bool:
    """Whether the text has the head of a skill."""
    return _HEAD.match(text) is not None


def body_of(source: str) -> str:
    """The text below the head of a skill that was found good."""
    head = _HEAD.match(source)
    return source[head.end() :].strip() if head else source


def parse_skill(text: str, *, limits: Limits | None = None) -> SkillDefinition:
    """The skill in a text. Raises DefinitionError with every problem, in document order."""
    limits = limits or Limits()
    if len(text.encode(errors="surrogatepass")) > limits.max_bytes:
        message = f"the skill is larger than {limits.max_bytes:,} bytes"
        raise DefinitionError([Problem(1, 1, "", message, "", "split it into several")])
    head = _HEAD.match(text)
    if head is None:
        raise DefinitionError([Problem(1, 1, "", "the head of the skill is missing", _FORM)])
    # An empty line stands in the place of the fence, so that lines are counted as in the text.
    source = read(f"\n{head[1]}", limits)
    if not isinstance(source.document, dict):
        message = f"the head has to be an object, this is {describe(source.document)}"
        raise DefinitionError([source.problem((), message, "`name` and `description`")])
    readers = Readers()
    try:
        skill = SkillDocument.model_validate(source.document, context=readers)
    except ValidationError as error:
        problems = dict.fromkeys(explain(error, source, readers))
        ordered = sorted(problems, key=lambda problem: (problem.line, problem.column))
        raise DefinitionError(ordered[:MOST_PROBLEMS]) from None
    body = body_of(text)
    if not body:
        line = text.count("\n") + 1
        raise DefinitionError([Problem(line, 1, "", "the skill says nothing", "Markdown")])
    digest = hashlib.sha256(text.encode()).hexdigest()
    return SkillDefinition(skill, source.document, text, body, digest)
