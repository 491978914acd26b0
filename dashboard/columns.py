"""The columns of the list of executions, one row each: pages, the form that chooses them, and
the orders of the list derive from here. ``static/css/executions.css`` says which are wider or
narrower than the others.

A cell is ``templates/dashboard/columns/NAME.html``. A row that is pushed has all of them, as one
fragment serves everybody; the list says which ones its reader chose, and ``static/js/lists.js``
hides the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, DurationField, ExpressionWrapper, F, Value, When
from django.db.models.functions import Coalesce, Lower, Now
from django.utils.translation import gettext as _

from executions.errors import Refused
from executions.said import Said
from executions.states import Phase

# The column whose order is that of the keys: the whole list is read in it from the index.
CREATED = "created"
_RANKS = [When(phase=str(phase), then=Value(rank)) for rank, phase in enumerate(Phase)]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """``order`` is by what the list can be sorted, None where it cannot; the sorting looks at a
    bounded number of rows. ``is_down`` says that a first click shows the largest first.
    """

    name: str
    heading: str
    order: Any = None
    is_down: bool = False
    is_usual: bool = False
    is_fixed: bool = False
    is_number: bool = False

    @property
    def title(self) -> str:
        """Its heading, in the language of the reader."""
        return _(self.heading)

    @property
    def template(self) -> str:
        return f"dashboard/columns/{self.name}.html"

    @property
    def sorts(self) -> bool:
        return self.order is not None


_LASTED = ExpressionWrapper(
    Coalesce("ended_at", Now()) - F("started_at"), output_field=DurationField()
)
_SUBJECT = Coalesce("workflow__slug", "agent__slug")

COLUMNS = (
    Column("status", "Status", Case(*_RANKS), is_fixed=True),
    Column("what", "Execution", Lower("name"), is_fixed=True),
    Column("id", "Id"),
    Column("workflow", "Workflow or agent", _SUBJECT),
    Column("owner", "Owner", F("owner__username")),
    Column("where", "Where it stands", is_usual=True),
    Column("step", "Step"),
    Column("progress", "Progress", is_number=True),
    Column("retries", "Retries", F("retry_count"), is_down=True, is_number=True),
    Column("correlation", "Correlation id"),
    Column("labels", "Labels"),
    Column("lasted", "Duration", _LASTED, is_down=True, is_usual=True, is_number=True),
    Column("started", "Started", F("started_at"), is_down=True, is_number=True),
    Column("ended", "Ended", F("ended_at"), is_down=True, is_number=True),
    Column(CREATED, "Created", F("id"), is_down=True, is_usual=True, is_number=True),
)
BY_NAME = {column.name: column for column in COLUMNS}
_USUAL = frozenset(each.name for each in COLUMNS if each.is_usual)


def chosen(kept: str) -> Sequence[Column]:
    """The columns of a person whose settings say ``kept``: names, or nothing for the usual ones.

    A name that a later version does not know any more is left out.
    """
    names = frozenset(kept.split(",")) if kept else _USUAL
    return [each for each in COLUMNS if each.is_fixed or each.name in names]


def kept(names: Iterable[str]) -> str:
    """Names from a form as settings keep them; in the order of the table. Raises Refused."""
    wanted = set(names)
    if unknown := sorted(wanted - BY_NAME.keys()):
        raise Refused(
            "invalid",
            Said("There is no column {name!r}.", name=unknown[0][:60]),
            remedy=Said("The list has {columns}.", columns=", ".join(BY_NAME)),
        )
    shown = [each.name for each in COLUMNS if each.is_fixed or each.name in wanted]
    usual = [each.name for each in chosen("")]
    return "" if shown == usual else ",".join(shown)


@dataclass(frozen=True, slots=True)
class Order:
    """By which column a list is sorted, and whether the largest comes first."""

    column: Column = BY_NAME[CREATED]
    is_down: bool = True

    @property
    def is_newest_first(self) -> bool:
        return self.is_indexed and self.is_down

    @property
    def is_indexed(self) -> bool:
        """Whether an index has the whole list in this order."""
        return self.column.name == CREATED

    def as_text(self) -> str:
        """As it stands in an address: empty for the newest first."""
        if self.is_indexed:
            return "" if self.is_down else "oldest"
        return f"-{self.column.name}" if self.is_down else self.column.name

    def turned(self, column: Column) -> Order:
        """The order after a click at the head of ``column``."""
        here = column.name == self.column.name
        return Order(column, not self.is_down if here else column.is_down)

    def keys(self) -> tuple[Any, ...]:
        """For ``order_by``: rows without a value come last, alike ones the newest first."""
        by = self.column.order
        return (by.desc(nulls_last=True) if self.is_down else by.asc(nulls_last=True), "-id")


def order_of(text: str) -> Order:
    """The order that an address asks for; the newest first where it asks for none that exists."""
    if text == "oldest":
        return Order(is_down=False)
    column = BY_NAME.get(text.removeprefix("-"))
    if column is None or not column.sorts:
        return Order()
    return Order(column, text.startswith("-"))
