"""Rows that were read together know of each other, so that what is asked about one of them is asked
about all of them at once: a page of fifty rows is no fifty questions.
"""

from __future__ import annotations

import uuid
from collections.abc import Container
from typing import Any, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)
_PEERS = "_stigmer_peers"
MOST_AT_ONCE = 200


class PeeredQuerySet(models.QuerySet[Row]):
    """Its rows know which others came with them."""

    def _fetch_all(self) -> None:
        is_new = self._result_cache is None
        super()._fetch_all()
        rows: Any = self._result_cache
        if is_new and len(rows) > 1 and isinstance(rows[0], models.Model):
            keys = tuple(row.pk for row in rows)
            for row in rows:
                row.__dict__[_PEERS] = keys


def with_peers(row: models.Model, loaded: Container[Any] = ()) -> list[uuid.UUID]:
    """The key of this row, then the keys of those that were read with it and are not known yet; at
    most ``MOST_AT_ONCE``.
    """
    peers = row.__dict__.get(_PEERS, ())
    others = [key for key in peers if key != row.pk and key not in loaded]
    return [row.pk, *others[: MOST_AT_ONCE - 1]]
