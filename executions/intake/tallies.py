"""How often default children were linked, adopted, created and repaired: what /metrics shows.

Made, adopted and repaired are rare and kept in the database (``Healing``), so they count for every process and roll
back with what they count. Found linked is the hot path of each start: it is counted in this process only.
"""

from __future__ import annotations

import threading
from collections import Counter

from django.db.models import Count

from executions.models import Healing
from executions.models.healing import How

LINKED = "linked"
FAMILIES = ("workflow instance", "agent instance", "session")
_lock = threading.Lock()
_linked: Counter[str] = Counter()


def count_linked(family: str) -> None:
    """One more start found its default child where it belongs."""
    with _lock:
        _linked[family] += 1


def counts() -> dict[tuple[str, str], int]:
    """By family and by ``linked`` (since this process began), ``adopted``, ``created``, ``repaired`` (since ever)."""
    found = {(family, str(how)): 0 for family in FAMILIES for how in (LINKED, *How)}
    with _lock:
        found |= {(family, LINKED): number for family, number in _linked.items()}
    rows = Healing.objects.order_by().values_list("family", "how").annotate(number=Count("id"))
    return found | {(family, how): number for family, how, number in rows}
