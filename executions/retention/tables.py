"""Every table whose rows go with a run, found by its references: one that is added later goes along
by itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import models
from django.db.models import ExpressionWrapper, F, Q, QuerySet, TextField
from django.db.models.functions import Coalesce

from executions.models import Execution
from executions.models.fields import JsonField
from executions.models.streaming import stream

# Beside the columns: the run to which a row belongs.
RUN = "$run"


@dataclass(frozen=True, slots=True)
class Table:
    """``paths`` lead from a row to its run (where there are several, any of them), ``depth`` is how
    many references the longest one takes.
    """

    model: type[models.Model]
    paths: tuple[str, ...]
    depth: int

    @property
    def name(self) -> str:
        return self.model._meta.label_lower

    def rows(self, keys: Sequence[uuid.UUID]) -> QuerySet[Any]:
        """The rows of these runs."""
        condition = Q()
        for path in self.paths:
            condition |= Q(**{f"{path}__in": keys})
        return self.model._base_manager.filter(condition)

    def columns(self) -> list[str]:
        return [field.attname for field in self.model._meta.concrete_fields]

    def texts(self) -> list[str]:
        """The columns that hold JSON, which are read as the texts that they are."""
        fields = self.model._meta.concrete_fields
        return [field.attname for field in fields if isinstance(field, JsonField)]

    def read(self, keys: Sequence[uuid.UUID]) -> Iterator[dict[str, Any]]:
        """Their values by column, in the order in which they were made; RUN is whose each is."""
        texts = self.texts()
        plain = [column for column in self.columns() if column not in texts]
        expressions = {f"{name}_text": ExpressionWrapper(F(name), TextField()) for name in texts}
        ways = [F(path) for path in self.paths]
        run = ways[0] if len(ways) == 1 else Coalesce(*ways)
        rows = self.rows(keys).annotate(**expressions, run_of_it=run).order_by("pk")
        for row in stream(rows.values_list(*plain, *expressions, "run_of_it")):
            yield dict(zip([*plain, *texts, RUN], row, strict=True))


@cache
def tables() -> tuple[Table, ...]:
    """The run's own table first, then what refers to it, then what refers to that."""
    paths: dict[type[models.Model], dict[str, int]] = {}
    pending: list[tuple[type[models.Model], str, int]] = [(Execution, "pk", 0)]
    while pending:
        model, path, depth = pending.pop(0)
        paths.setdefault(model, {})[path] = depth
        for relation in _references(model):
            source = relation.related_model
            # A row that refers to another of its own table is one of the same run or family.
            if source not in (model, Execution):
                end = "" if model is Execution else f"__{path}"
                pending.append((source, f"{relation.field.name}{end}", depth + 1))
    unsorted = [
        Table(model, _needed(model, tuple(depths)), max(depths.values()))
        for model, depths in paths.items()
    ]
    return tuple(sorted(unsorted, key=lambda table: table.depth))


def _needed(model: type[models.Model], paths: tuple[str, ...]) -> tuple[str, ...]:
    """A row that always names its run itself needs no other way."""
    if model is not Execution:
        for path in paths:
            if "__" not in path and not model._meta.get_field(path).null:
                return (path,)
    return paths


def _references(model: type[models.Model]) -> Iterator[Any]:
    """The rows that go when a row of the model goes."""
    for field in model._meta.get_fields(include_hidden=True):
        is_reference = field.auto_created and not field.concrete
        if is_reference and (field.one_to_one or field.one_to_many):
            relation: Any = field
            if relation.on_delete is models.CASCADE and relation.field.db_constraint:
                yield relation


@cache
def loosened() -> tuple[tuple[type[models.Model], str, Table], ...]:
    """References that are emptied when a row goes: whose they are, their names, to which table."""
    references = []
    for table in tables():
        for field in table.model._meta.get_fields(include_hidden=True):
            is_reference = field.auto_created and not field.concrete
            if is_reference and (field.one_to_one or field.one_to_many):
                relation: Any = field
                if relation.on_delete is models.SET_NULL:
                    references.append((relation.related_model, relation.field.name, table))
    return tuple(references)


def delete(keys: Sequence[uuid.UUID]) -> int:
    """Delete these runs with all that belongs to them, in the transaction that is open. How many
    rows.
    """
    for model, name, table in loosened():
        model._base_manager.filter(**{f"{name}__in": table.rows(keys)}).update(**{name: None})
    deleted = 0
    for table in reversed(tables()):
        deleted += table.rows(keys)._raw_delete(table.rows(keys).db)
    return deleted
