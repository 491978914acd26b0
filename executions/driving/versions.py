"""Definitions as they are driven: parsed once per process, since a version never changes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from executions import language as definition
from executions.language import Workflow
from executions.models import WorkflowVersion

REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Parsed:
    """The document of a version and what it means. Shared by all drives: nobody changes it."""

    document: dict[str, Any]
    workflow: Workflow


@lru_cache(maxsize=REMEMBERED)
def parsed(version_id: uuid.UUID) -> Parsed:
    """The version with this id; read from the database where this process has not met it lately."""
    document = WorkflowVersion.objects.values_list("document", flat=True).get(pk=version_id)
    return Parsed(document, definition.load(document))
