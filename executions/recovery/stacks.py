"""The stacks of the Python functions of a run, asked of the worker that drives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from redis.exceptions import RedisError

from executions import audit, policy
from executions.clients.rates import buckets
from executions.errors import Refused
from executions.models import Execution, Process
from executions.models.transactions import persistent
from executions.states import Phase
from executions.streams import asking

A_MINUTE = 12


@dataclass(frozen=True, slots=True)
class Shown:
    """``calls`` are the functions that run, each with ``function``, ``path`` and ``stacks``; where
    there is none ``said`` is why.
    """

    said: str
    calls: Sequence[dict[str, Any]] = ()


def stack(execution: Execution, actor: User) -> Shown:
    """Ask, and wait some seconds for the answer. Raises Refused."""
    check_may_read(actor)
    if seconds := buckets.take(f"stack:{actor.pk}", A_MINUTE):
        raise Refused(
            "unavailable",
            f"Stacks are asked for at most {A_MINUTE} times a minute.",
            remedy=f"Ask again in {max(1, round(seconds))} s.",
        )
    _note(execution, actor)
    if execution.phase != Phase.IN_PROGRESS or execution.process_id is None:
        return Shown("No worker drives it now, so that none of its functions runs.")
    if not Process.objects.living().filter(pk=execution.process_id).exists():
        return Shown("The worker that drove it is gone. Another one takes the run over soon.")
    try:
        calls = asking.ask(execution.process_id, execution.public_id)
    except RedisError:
        return Shown("Redis does not answer, so that the worker cannot be asked.")
    if calls is None:
        return Shown("The worker did not answer in time: it may be ending, or very busy.")
    if not calls:
        return Shown("No Python function of it runs at this moment.")
    return Shown("", calls)


def check_may_read(user: policy.Person) -> None:
    """Raises Refused (``forbidden``)."""
    if not policy.may_read_stack(user):
        raise Refused("forbidden", "Administrators and support alone look at stacks.")


@persistent
def _note(execution: Execution, actor: User) -> None:
    audit.record("read stack", execution, actor)
