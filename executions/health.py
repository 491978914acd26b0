"""Is this server alive, and is it ready to take work? Each check answers with a sentence a person can act on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from executions.models import Process

REDIS_TIMEOUT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that has to hold before work is taken; ``detail`` says what was seen."""

    name: str
    ok: bool
    detail: str


def check_database() -> Check:
    """The database answers, and its tables are those of this code (neither older nor newer)."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return Check("database", False, f"The database does not answer: {error}")
    if missing:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in missing[:3])
        return Check(
            "database", False, f"{len(missing)} migrations are not applied ({names} …). Run `stigmer migrate`."
        )
    return Check("database", True, connection.display_name)


def check_redis() -> Check:
    """Redis answers and never evicts keys: an evicted doorbell would ring late."""
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=REDIS_TIMEOUT_SECONDS, socket_connect_timeout=REDIS_TIMEOUT_SECONDS
        ) as client:
            policy = str(client.info("memory").get("maxmemory_policy", "unknown"))
    except redis.RedisError as error:
        return Check("redis", False, f"Redis does not answer: {error}")
    if policy not in ("noeviction", "unknown"):
        return Check("redis", False, f"Redis may evict keys (maxmemory-policy {policy}); set it to noeviction.")
    return Check("redis", True, f"maxmemory-policy {policy}")


def check_workers() -> Check:
    """At least one worker was heard of lately; without any, everything that is started waits."""
    try:
        alive = Process.objects.living().workers().count()
    except DatabaseError as error:
        return Check("workers", False, f"The database does not answer: {error}")
    if not alive:
        return Check("workers", False, "No worker is alive. Start one with `stigmer worker`.")
    return Check("workers", True, f"{alive} alive")


CHECKS: list[Callable[[], Check]] = [check_database, check_redis, check_workers]


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while this process answers at all."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 where every check holds, 503 otherwise; the body names each check."""
    checks = [check() for check in CHECKS]
    ready = all(check.ok for check in checks)
    body = {"status": "ready" if ready else "not ready", "checks": [asdict(check) for check in checks]}
    response = JsonResponse(body, status=200 if ready else 503)
    response._has_been_logged = True  # type: ignore[attr-defined]  # asked often; no error each time
    return response
