"""Lists in pages: newest first, by key, so that no page repeats or misses what stands while others
are added.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from django.core import signing
from django.db.models import Model, QuerySet
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from executions.api.problems import FieldError, Problem

MOST, USUAL = 100, 50
Limit = Annotated[int, Field(ge=1, le=MOST, description="How many at most.")]
Cursor = Annotated[
    str | None,
    Field(
        max_length=300,
        description="`next_cursor` of the page before; opaque, of the same list only.",
    ),
]


def _not_a_number(value: object) -> object:
    """pydantic would take a number for seconds since 1970."""
    if isinstance(value, str) and re.fullmatch(r"[-+.\d_e]*", value):
        raise ValueError("has to be a date and time with a zone, for example 2026-11-21T08:30:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_not_a_number)]
Item = TypeVar("Item")
Row = TypeVar("Row", bound=Model)
Found = TypeVar("Found")


class Page(BaseModel, Generic[Item]):
    """One page of a list. ``next_cursor`` leads to the next one; it is null on the last."""

    items: list[Item]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The place of a caller in the list ``name``."""

    name: str
    limit: int = USUAL
    cursor: str | None = None

    def page(self, rows: QuerySet[Row, Row], shown: Callable[[Row], Item]) -> dict[str, Any]:
        """The page of these rows, ordered by their ids from the newest."""
        if self.cursor is not None:
            rows = rows.filter(pk__lt=self._position())
        fetched = list(rows.order_by("-pk")[: self.limit + 1])
        more = len(fetched) > self.limit
        next_cursor = self._signed(fetched[self.limit - 1].pk) if more else None
        return {"items": [shown(row) for row in fetched[: self.limit]], "next_cursor": next_cursor}

    def searched(
        self,
        newest: Callable[[uuid.UUID | None], tuple[QuerySet[Row, Row], uuid.UUID | None]],
        shown: Callable[[Row], Item],
    ) -> dict[str, Any]:
        """The page of what matches among the rows that ``newest`` gives before a key; with the last
        row that it looked at, where there are more. A page may hold fewer than asked, or none, and
        lead on.
        """
        before = None if self.cursor is None else uuid.UUID(self._position())
        rows, last = newest(before)
        fetched = list(rows.order_by("-pk")[: self.limit + 1])
        more = len(fetched) > self.limit
        end = fetched[self.limit - 1].pk if more else last
        next_cursor = None if end is None else self._signed(end)
        return {"items": [shown(row) for row in fetched[: self.limit]], "next_cursor": next_cursor}

    def page_of(
        self, items: Sequence[Found], seq: Callable[[Found], int], shown: Callable[[Found], Item]
    ) -> dict[str, Any]:
        """The page of what was read already, ordered by falling ``seq``."""
        remaining = [
            each for each in items if self.cursor is None or seq(each) < int(self._position())
        ]
        more = len(remaining) > self.limit
        next_cursor = self._signed(seq(remaining[self.limit - 1])) if more else None
        return {
            "items": [shown(each) for each in remaining[: self.limit]],
            "next_cursor": next_cursor,
        }

    def _signed(self, key: uuid.UUID | int) -> str:
        return signing.Signer(salt=f"api.{self.name}").sign(str(key))

    def _position(self) -> str:
        try:
            return signing.Signer(salt=f"api.{self.name}").unsign(self.cursor or "")
        except signing.BadSignature:
            raise Problem(
                "invalid",
                "The cursor is not one of this list.",
                remedy="Begin without a cursor; go on with `next_cursor` of the page before.",
                errors=[FieldError("This is no cursor of this list.", parameter="cursor")],
            ) from None
