"""A restored database must not believe that the processes of that time still live."""

from __future__ import annotations

from collections.abc import Iterator

from executions.driving.crashes import RESTORED


def settle_sql(*, now: str) -> Iterator[str]:
    """Statements for a restored database of any schema; ``now`` is the present time in its SQL.

    Every process that held a lease at the time of the backup counts as dead, so that the first
    worker takes over at once; no run is blamed for that. Doorbells need nothing: the sweep rings
    for what is due.
    """
    death = RESTORED.replace("'", "''")
    yield f"UPDATE executions_process SET dead_at = {now}, death = '{death}' WHERE dead_at IS NULL"
