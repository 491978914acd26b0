"""Lists of rows without number: nothing here reads all of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

if TYPE_CHECKING:
    _Paginator = Paginator[Any]
else:
    _Paginator = Paginator

# A list counts, and turns pages, so far; a filter or a search leads to what is older.
MOST_COUNTED = 10_000
# A filter by a value without an index looks so far: all rows would be read for a rare one.
MOST_LOOKED_THROUGH = 100_000


class BoundedPaginator(_Paginator):
    """Counts no more than MOST_COUNTED rows: one who wants the rest narrows the list."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return rows.order_by()[:MOST_COUNTED].count()
        return len(rows)


def one_of(column: str, values: Iterable[str]) -> type[admin.SimpleListFilter]:
    """A filter of a column whose values are known. Django's own reads them from all rows."""
    choices = tuple(values)

    class OneOf(admin.SimpleListFilter):
        title = column
        parameter_name = column

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return [(value, value) for value in choices]

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            value = self.value()
            return queryset.filter(**{column: value}) if value in choices else queryset

    return OneOf


def among_newest(column: str, values: Iterable[str]) -> type[admin.SimpleListFilter]:
    """A filter as `one_of`, that looks through the newest rows alone, and says so.

    The steps of one execution are few: there it looks at all of them.
    """
    plain = one_of(column, values)

    class AmongNewest(plain):  # type: ignore[valid-type,misc]
        title = f"{column}, of the newest {MOST_LOOKED_THROUGH:,}"

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            chosen: QuerySet[Any] = super().queryset(request, queryset)
            if chosen is queryset or any(name.startswith("execution") for name in request.GET):
                return chosen
            newest = queryset.order_by("-pk").values_list("pk", flat=True)
            oldest = newest[MOST_LOOKED_THROUGH - 1 : MOST_LOOKED_THROUGH].first()
            return chosen if oldest is None else chosen.filter(pk__gte=oldest)

    return AmongNewest
