"""Would a run that is started now be driven?

Asked before anything is written, by every door that starts runs.
"""

from __future__ import annotations

import redis
from django.conf import settings

from executions.dispatch import QUEUE_OFF, SWITCH_ON
from executions.errors import Refused
from executions.models.unheard import unheard
from executions.redis_client import client
from executions.said import Said

TIMEOUT_SECONDS = 1.0


def require_queue() -> str:
    """Raise Refused (``unavailable``) where nobody could drive a new run; else what the caller
    should know.

    The note is empty where workers are alive. ``STIGMER_QUEUE=always`` lets runs wait for a worker:
    then it says so.
    """
    if not settings.STIGMER_QUEUE:
        raise Refused(
            "unavailable",
            Said("{off}, so that new runs are not taken.", off=QUEUE_OFF),
            remedy=SWITCH_ON,
        )
    problem = redis_problem(settings.REDIS_URL)
    if problem:
        raise Refused(
            "unavailable",
            Said(
                "Redis cannot be reached ({problem}), so that no worker would hear of this run.",
                problem=problem,
            ),
            remedy=(
                "Start Redis, or correct REDIS_URL; `stigmer up` starts one of its own. Nothing was"
                " stored."
            ),
        )
    nobody = unheard()
    if nobody is None:
        return ""
    if settings.STIGMER_ACCEPT_WHEN_IDLE:
        return Said(
            "{said} now: it stays PENDING until one drives it (`stigmer worker` starts one).",
            said=nobody.said,
        )
    if nobody.may_live:
        raise Refused(
            "unavailable",
            Said("{said}. Nothing was stored.", said=nobody.said),
            remedy=nobody.remedy,
        )
    raise Refused(
        "unavailable",
        "No worker is alive, so that nothing would drive this run.",
        remedy=(
            "Start one with `stigmer worker` (`stigmer up` starts and watches them). Nothing was"
            " stored."
        ),
    )


def redis_problem(url: str) -> str:
    """Why Redis does not answer; empty where it does."""
    try:
        client(url, TIMEOUT_SECONDS).ping()
    except redis.RedisError as error:
        return str(error).strip().rstrip(".") or type(error).__name__
    return ""
