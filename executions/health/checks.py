"""The conditions that have to hold before work is taken.

Each check answers with what it saw, a figure and what a person can do.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max, Min

from executions import audit, clock
from executions.calls.sandboxed import FREE_BYTES
from executions.dispatch import QUEUE_OFF, SWITCH_ON
from executions.health.file_check import FileCheck
from executions.models import Channel, CloudEvent, Execution, Process, Turn, away
from executions.models.passing import Trouble, trouble
from executions.models.reaching import first_line, reach
from executions.models.unheard import START_A_WORKER, is_gone, unheard
from executions.models.write_locks import Holder, who_keeps_writes_out
from executions.recovery.sweep import NAME as SWEEP
from executions.retention import forecast
from executions.sandbox import PROMISES
from executions.sandbox.engines import RUN_IMAGE
from executions.sandbox.promises import LANDLOCK
from stigmer_site.sqlite import damage

REDIS_TIMEOUT_SECONDS = 1.0
PROBE_KEY = "stigmer:health"
MISSED_SWEEPS = 4
LATE_SECONDS = 30.0
MORE_WORKERS = (
    "Start one more with `stigmer worker`: it takes what is due at once. To keep it so, raise"
    " STIGMER_WORKERS, or STIGMER_SLOTS where the processors have time left, and start `stigmer up`"
    " anew."
)
SLOW_FILTERS = (
    "Look at the workers' log: a filter of a workflow that listens may take long, or no worker"
    " runs."
)
SEND_AGAIN = (
    "Put right what the receiver says, then send again what was given up: `stigmer sinks again"
    " NAME`, or in the admin under Sendings."
)
START_THERE = (
    "Start a worker on that host, or press “Make workspace again” on the run's page, which says"
    " what is lost."
)
READ_WORKSPACES = "docs/workspaces.md says what the sandbox needs."
SOON_DAYS = 14.0
KEEP_LESS = (
    "Say how long runs are kept (STIGMER_RETENTION, docs/retention.md), or make the disk larger."
)
MISTRUST = (
    "Somebody changed the database past Stigmer: `stigmer audit verify` names every such entry, a"
    " backup shows what was there before. Once you know what happened, `stigmer audit acknowledge`"
    " keeps your reason, and nobody is alarmed by it any more."
)


class State(StrEnum):
    """``WARNING`` is worth a look and keeps nothing from being taken; neither does ``DEGRADED``, at
    which somebody has to look: the doctor fails. ``FAILED`` makes the server not ready.
    """

    OK = "ok"
    WARNING = "warning"
    DEGRADED = "degraded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that has to hold; ``detail`` says what was seen, ``figure`` in a number, ``remedy``
    what helps.
    """

    name: str
    state: State
    detail: str
    figure: float | None = None
    remedy: str = ""

    @property
    def ok(self) -> bool:
        return self.state != State.FAILED

    def as_json(self) -> dict[str, Any]:
        detail = f"{self.detail} {self.remedy}".strip() if not self.ok else self.detail
        return {
            "name": self.name,
            "ok": self.ok,
            "state": str(self.state),
            "detail": detail,
            "figure": self.figure,
            "remedy": self.remedy,
        }


def asks_the_database(check: Callable[[], Check]) -> Callable[[], Check]:
    """If the database is away, say so instead of breaking off."""

    @wraps(check)
    def guarded() -> Check:
        try:
            return check()
        except Error as error:
            if damage.is_damage(error.__cause__):
                return _damaged(_name(check), str(error))
            if trouble(error) is Trouble.BUSY:
                return _busy(_name(check), Holder())
            remedy = (
                "Start the database, or correct DATABASE_URL; work that runs goes on by itself"
                " then."
            )
            return Check(
                _name(check),
                State.FAILED,
                f"The database does not answer: {first_line(error)}.",
                remedy=remedy,
            )

    return guarded


def look() -> list[Check]:
    """Every check, in order.

    If the database fails nothing else asks it: each would wait anew, and blame it anew.
    """
    seen = [check() for check in FIRST]
    database = next(check for check in seen if check.name == "database")
    return seen + [
        check() if database.ok else _not_asked(_name(check)) for check in OF_THE_DATABASE
    ]


def _not_asked(name: str) -> Check:
    return Check(name, State.FAILED, "Not known: the database comes first (see its remedy).")


def _name(check: Callable[[], Check]) -> str:
    return check.__name__.removeprefix("check_")


@asks_the_database
def check_database() -> Check:
    """The database answers, holds together, takes writes, and its tables are those of this code."""
    reach()
    if problem := _file_problem():
        return _damaged("database", problem)
    if holder := who_keeps_writes_out():
        return _busy("database", holder)
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in missing[:3])
        detail = f"{len(missing)} migrations are not applied ({names} …)."
        return Check("database", State.FAILED, detail, len(missing), "Run `stigmer migrate`.")
    return Check("database", State.OK, connection.display_name, 0)


def _file_problem() -> str:
    """The faults of the file of an SQLite database."""
    if connection.vendor != "sqlite":
        return ""
    path = Path(connection.settings_dict["NAME"])
    if path not in _file_checks:
        _file_checks[path] = FileCheck(path, reads_only=_reads_only())
    return _file_checks[path].problem()


def _reads_only() -> bool:
    """Whether this process may not even take the lock of a writer: `stigmer doctor`, on SQLite."""
    return bool(connection.settings_dict["OPTIONS"].get("reads_only"))


def _damaged(name: str, problem: str) -> Check:
    return Check(name, State.FAILED, damage.sentence(problem), remedy=damage.REMEDY)


_file_checks: dict[Path, FileCheck] = {}


def _busy(name: str, holder: Holder) -> Check:
    detail = f"The database is busy: {holder}, so that nothing can be written."
    return Check(name, State.FAILED, detail, holder.seconds, holder.remedy())


def check_redis() -> Check:
    """Redis answers and never evicts keys: an evicted doorbell would ring late."""
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=REDIS_TIMEOUT_SECONDS,
            socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        ) as client:
            memory = client.info("memory")
            # Redis refuses it where it takes no writes; there is no such key, so nothing is
            # written.
            client.set(PROBE_KEY, "1", xx=True)
    except redis.ResponseError as error:
        remedy = (
            "Give it room (maxmemory, its disk), or correct its configuration. Nothing that was"
            " accepted is lost."
        )
        return Check("redis", State.FAILED, f"Redis takes no writes: {error}.", remedy=remedy)
    except (redis.RedisError, OSError) as error:
        remedy = "Start Redis, or correct REDIS_URL. Nothing that was accepted is lost meanwhile."
        return Check("redis", State.FAILED, f"Redis does not answer: {error}.", remedy=remedy)
    policy = str(memory.get("maxmemory_policy", "unknown"))
    used, most = int(memory.get("used_memory", 0)), int(memory.get("maxmemory", 0))
    if policy not in ("noeviction", "unknown"):
        detail = f"Redis may evict keys (maxmemory-policy {policy})."
        remedy = "Set it to noeviction: `CONFIG SET maxmemory-policy noeviction`."
        return Check("redis", State.FAILED, detail, used, remedy)
    if most and used > 0.9 * most:
        detail = f"Redis has used {used:,} of {most:,} bytes."
        return Check("redis", State.WARNING, detail, used, "Give it more memory (maxmemory).")
    return Check("redis", State.OK, f"maxmemory-policy {policy}", used)


def check_disk() -> Check:
    """The data folder's disk has room: SQLite, the embedded Redis and the logs live there."""
    if not settings.STIGMER_HOME.is_dir():
        return Check("disk", State.OK, "there is no data folder")
    free = shutil.disk_usage(settings.STIGMER_HOME).free
    least = FREE_BYTES
    detail = f"{free / 2**20:,.0f} MiB free in the data folder"
    if free < least:
        remedy = "Make room on its disk; what runs goes on by itself then."
        return Check("disk", State.FAILED, f"Only {detail}.", free, remedy)
    if free < 4 * least:
        return Check("disk", State.WARNING, f"Only {detail}.", free, "Make room on its disk.")
    return Check("disk", State.OK, detail, free)


def check_queue() -> Check:
    """The queue is switched on, so that what is started is driven."""
    if settings.STIGMER_QUEUE:
        return Check("queue", State.OK, "on", 1)
    return Check("queue", State.FAILED, f"{QUEUE_OFF}: new runs are refused.", 0, SWITCH_ON)


@asks_the_database
def check_workers() -> Check:
    """At least one worker was heard of lately; without any, everything that is started waits."""
    if nobody := unheard():
        return Check("workers", State.FAILED, f"{nobody.said}.", 0, nobody.remedy)
    heard = [each for each in Process.objects.living().workers() if not is_gone(each)]
    drained = sum(each.drained_at is not None for each in heard)
    alive = len(heard) - drained
    rest = f", {drained} drained" if drained else ""
    stuck = list(Process.objects.living().workers().filter(stuck_threads__gt=0).order_by("pid"))
    if stuck:
        which = ", ".join(f"{process} ({process.stuck_threads})" for process in stuck[:5])
        detail = f"{alive} alive{rest}; threads hang past the deadline of their step in {which}."
        remedy = (
            "Restart them (their supervisor starts them again); such functions want `isolation`"
            " process."
        )
        return Check("workers", State.WARNING, detail, alive, remedy)
    return Check("workers", State.OK, f"{alive} alive{rest}", alive)


@asks_the_database
def check_sweep() -> Check:
    """Somebody looks now and then for what was lost.

    Late is a warning: it is the workers that sweep.
    """
    age = _age(Turn.objects.filter(pk=SWEEP).aggregate(at=Max("done_at"))["at"])
    if age is None:
        return Check("sweep", State.WARNING, "There was none yet.", remedy=START_A_WORKER)
    detail = f"the last one was {age:.0f} s ago"
    if age > MISSED_SWEEPS * settings.STIGMER_SWEEP_SECONDS + LATE_SECONDS:
        return Check(
            "sweep",
            State.WARNING,
            detail,
            age,
            "Look at the workers' log; every worker sweeps in turn.",
        )
    return Check("sweep", State.OK, detail, age)


@asks_the_database
def check_oldest_due() -> Check:
    """How long the oldest execution that could be driven has been waiting for a worker."""
    age = _age(Execution.objects.due().reachable().aggregate(at=Min("wake_at"))["at"])
    if age is None:
        return Check("oldest_due", State.OK, "nothing waits for a worker", 0)
    detail = f"the oldest due execution waits for {age:.0f} s"
    if age > LATE_SECONDS:
        return Check("oldest_due", State.WARNING, detail, age, MORE_WORKERS)
    return Check("oldest_due", State.OK, detail, age)


@asks_the_database
def check_hosts() -> Check:
    """Whether a run waits for a host on which no worker lives."""
    counts = away.waiting(Execution.objects.due()) + away.waiting(Execution.objects.orphaned())
    if not counts:
        return Check("hosts", State.OK, "no run waits for a host", 0)
    number = sum(count for _, count in counts)
    names = ", ".join(dict.fromkeys(host for host, _ in counts))
    runs = "1 run waits" if number == 1 else f"{number} runs wait"
    detail = f"{runs} for a host that holds their workspaces and has no worker: {names}"
    return Check("hosts", State.WARNING, detail, number, START_THERE)


@asks_the_database
def check_audit_trail() -> Check:
    """The audit trail is kept as it was written.

    A broken trail takes nobody's work away: the server stays ready.
    """
    findings = audit.findings()
    problems, acknowledged = audit.open_problems()
    # No more than a few are kept of all that were found.
    number = max(len(problems), findings.number - len(acknowledged)) if problems else 0
    if problems:
        more = f" ({number} problems are known)" if number > 1 else ""
        detail = f"The audit trail is broken: {problems[0].detail}{more}"
        return Check("audit_trail", State.DEGRADED, detail, number, MISTRUST)
    age = _age(findings.last.ended_at)
    if age is None:
        return Check(
            "audit_trail", State.OK, "not verified to its end yet; the sweep does it bit by bit", 0
        )
    detail = f"{findings.last.entries:,} entries verified, the last time {age:.0f} s ago"
    if acknowledged:
        one = (
            "1 break in it is"
            if len(acknowledged) == 1
            else f"{len(acknowledged)} breaks in it are"
        )
        detail += f"; {one} acknowledged"
    return Check("audit_trail", State.OK, detail, 0)


@asks_the_database
def check_events() -> Check:
    """Somebody looks who listens to the events that came."""
    oldest = _age(CloudEvent.objects.to_be_matched().aggregate(at=Min("received_at"))["at"])
    if oldest is None:
        return Check("events", State.OK, "who listens to them was looked for", 0)
    detail = f"the oldest event for which nobody looked yet who listens waits for {oldest:.0f} s"
    if oldest > LATE_SECONDS:
        return Check("events", State.WARNING, detail, oldest, SLOW_FILTERS)
    return Check("events", State.OK, detail, oldest)


@asks_the_database
def check_sinks() -> Check:
    """The news for others arrives there. News that does not keeps no run waiting."""
    rows = list(Channel.objects.counting().order_by("name"))
    troubled = [row for row in rows if row.problem or row.given_up]
    if not troubled:
        return Check("sinks", State.OK, f"{len(rows)} are declared" if rows else "none", 0)
    said = "; ".join(
        f"{row.name}: {row.waiting} wait, {row.given_up} were given up. {row.problem}".strip()
        for row in troubled[:5]
    )
    return Check("sinks", State.WARNING, said, len(troubled), SEND_AGAIN)


@asks_the_database
def check_commands() -> Check:
    """If commands are on, every worker can run them."""
    if not settings.STIGMER_COMMANDS:
        return Check("commands", State.OK, "turned off (STIGMER_COMMANDS_MAY=off)", 0)
    workers = [row for row in Process.objects.living().workers() if row.sandbox]
    refusals = sorted({row.sandbox["refusal"] for row in workers} - {""})
    if refusals:
        return Check("commands", State.WARNING, refusals[0], len(refusals), READ_WORKSPACES)
    wanted = any(each.startswith(RUN_IMAGE) for each in settings.STIGMER_COMMANDS_MAY)
    without = sorted({row.sandbox.get("no_containers", "") for row in workers} - {""})
    if wanted and without:
        return Check("commands", State.WARNING, without[0], len(without), READ_WORKSPACES)
    open_promises = {name for row in workers for name in row.sandbox["missing"]}
    if open_promises:
        risks = ", ".join(PROMISES[name].risk for name in PROMISES if name in open_promises)
        detail = f"the operator lets commands do this: {risks}"
        return Check("commands", State.WARNING, detail, len(open_promises), READ_WORKSPACES)
    confined = any(row.sandbox["walls"] == LANDLOCK for row in workers)
    kept = "the sandbox keeps what it promises"
    detail = f"{kept} (by Landlock, without bubblewrap)" if confined else kept
    return Check("commands", State.OK, detail if workers else "", 0)


@asks_the_database
def check_growth() -> Check:
    """How fast the database grows, and when the disk is full."""
    growth = forecast.latest()
    days = growth.days_to_full
    if days is not None and days < SOON_DAYS:
        return Check("growth", State.WARNING, growth.sentence(), days, KEEP_LESS)
    return Check("growth", State.OK, growth.sentence(), days)


def _age(moment: datetime | None) -> float | None:
    """Seconds since then."""
    return None if moment is None else max(0.0, (clock.now() - moment).total_seconds())


FIRST: tuple[Callable[[], Check], ...] = (check_database, check_disk, check_redis, check_queue)
OF_THE_DATABASE: tuple[Callable[[], Check], ...] = (
    check_workers,
    check_sweep,
    check_oldest_due,
    check_hosts,
    check_audit_trail,
    check_events,
    check_sinks,
    check_commands,
    check_growth,
)
