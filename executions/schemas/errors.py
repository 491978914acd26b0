"""How a check against a schema can end other than with what does not fit."""

from __future__ import annotations

from executions.errors import StigmerError


class SchemaError(StigmerError):
    """The check gave no answer; the message is a clause that says why and what to do."""


class SchemaUnusable(SchemaError):
    """The schema itself cannot be used. ``path`` leads to the fault in it."""

    def __init__(self, path: tuple[str | int, ...], message: str) -> None:
        super().__init__(message)
        self.path = path


class SchemaBusy(SchemaError):
    """The check was not begun; it can be tried again later."""


class SchemaStopped(SchemaError):
    """The check needed more time or memory than it may have, or could not read what it was
    given.
    """
