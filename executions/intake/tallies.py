"""How often default children were linked, adopted, created and repaired: what /metrics shows.

Made, adopted and repaired are rare: each is a row of its own that says what was done (``Healing``).
Found linked is the path of each start and is only counted (``Tally``). Both are rows of the
transaction that they tell of, so they are true for all processes, survive every restart, and what
was rolled back was never counted.
"""

from __future__ import annotations

from django.db.models import Count

from executions.models import Healing, Tally
from executions.models.healing import How

LINKED = "linked"
FAMILIES = ("workflow instance", "agent instance", "session")
_TALLY = "default child linked"


def count_linked(family: str) -> None:
    """One more start found its default child where it belongs."""
    Tally.objects.add_one(_TALLY, family)


def counts() -> dict[tuple[str, str], int]:
    """By family and by ``linked``, ``adopted``, ``created``, ``repaired``: since ever, by all
    processes.
    """
    totals = {(family, how): 0 for family in FAMILIES for how in (LINKED, *map(str, How))}
    totals |= {(family, LINKED): number for family, number in Tally.objects.totals(_TALLY).items()}
    rows = Healing.objects.order_by().values_list("family", "how").annotate(number=Count("id"))
    return totals | {(family, how): number for family, how, number in rows}
