"""The environment of a command that speaks MCP, as an administrator declares it."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now

from executions.ids import public_id, uuid7
from executions.models.fields import JsonField

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
MOST_VARIABLES = 50
LONGEST_VALUE = 10_000
# These would say which programs and libraries the command loads.
_NOT_OURS = ("LD_", "DYLD_", "PYTHON", "NODE_OPTIONS", "PATH", "HOME", "STIGMER_")


class Environment(models.Model):
    """``variables`` are shown to everybody who may look; ``secrets`` gives, by variable, the name
    of the secret that is its value, which is in no row.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100, unique=True)
    description = models.CharField(max_length=500, blank=True, default="")
    variables = JsonField(default=dict, blank=True)
    secrets = JsonField(
        default=dict, blank=True, help_text="By variable, the name of the secret that it holds"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return public_id("env", self.pk)

    def clean(self) -> None:
        problems = {
            name: problem
            for name, value in (("variables", self.variables), ("secrets", self.secrets))
            if (problem := _problem(value))
        }
        twice = set(self.variables) & set(self.secrets) if not problems else set()
        if twice:
            problems["secrets"] = f"{min(twice)} has a value and a secret. Take one of them out."
        if problems:
            raise ValidationError(problems)


def _problem(variables: Any) -> str:
    """The faults of names and texts; empty where there is none."""
    if not isinstance(variables, dict) or not all(
        isinstance(each, str) for each in variables.values()
    ):
        return 'This has to be an object of texts, for example {"REGION": "eu"}.'
    if len(variables) > MOST_VARIABLES:
        return f"There are {len(variables)}; at most {MOST_VARIABLES} are allowed."
    for name, value in variables.items():
        if not _NAME.fullmatch(name):
            return f"{name[:60]!r} is no name of a variable: letters, digits and _ are allowed."
        if name.upper().startswith(_NOT_OURS):
            return f"{name} would say which programs are loaded, so it cannot be set here."
        if len(value) > LONGEST_VALUE or "\0" in value:
            return f"The value of {name} is longer than {LONGEST_VALUE:,}, or holds a NUL."
    return ""
