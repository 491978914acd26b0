"""JSON kept as text, so that both databases give back exactly what was stored: key order, integers,
floats.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from executions.values import dumps

# The only key of what stands for a text that is no JSON.
UNREADABLE = "$unreadable"


class StoredText(str):
    """The JSON text of a column, to be stored letter for letter."""


def read_json(text: str | None) -> Any:
    """The value of a column's text; None for SQL NULL."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        # Somebody changed it behind our back. The reader goes on: a checkpoint's digest will not
        # match it.
        return {UNREADABLE: str(text)[:200]}


# Django's fields take type arguments only in the stubs.
if TYPE_CHECKING:
    _TextField = models.TextField[Any, Any]
else:
    _TextField = models.TextField


class JsonField(_TextField):
    """A JSON value in a text column. SQL NULL and JSON ``null`` both load as None."""

    description = "JSON value"
    if TYPE_CHECKING:
        _pyi_private_set_type: Any
        _pyi_private_get_type: Any

    def from_db_value(
        self, value: str | None, expression: Any, connection: BaseDatabaseWrapper
    ) -> Any:
        return read_json(value)

    def get_prep_value(self, value: Any) -> str | None:
        if isinstance(value, StoredText):
            return str(value)
        return None if value is None else dumps(value)

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as problem:
            raise ValidationError(f"This is not JSON: {problem}") from problem

    def value_to_string(self, obj: models.Model) -> str:
        return dumps(self.value_from_object(obj))
