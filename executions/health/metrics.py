"""The counters, as Prometheus' text exposition format 0.0.4 wants it.

Figures come from the database, so that any web server answers for the whole installation; what was
counted is in its rows and survives every restart. The few that only a process knows
(``health.gauges``) are those of the web server that answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta

import redis
from django.conf import settings
from django.db.models import Avg, Count, F, Min, Sum
from django.db.models.functions import Now
from prometheus_client import CollectorRegistry, Metric, generate_latest

from executions import clock, fast_lane
from executions.dispatch import QUEUES
from executions.health.checks import Check, look
from executions.health.gauges import gauges
from executions.intake import tallies
from executions.journal.events import EventName
from executions.models import (
    Archive,
    Attempt,
    AuditEntry,
    Channel,
    CloudEvent,
    Event,
    Execution,
    Process,
    Schedule,
    Step,
    in_line,
)
from executions.models.estimates import counts_by
from executions.models.schedule import ScheduleState
from executions.objectives import burning
from executions.retention import forecast
from executions.states import Phase

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# The phases that nearly all executions are in, sooner or later.
_MANY = (Phase.COMPLETED, Phase.CANCELLED, Phase.TERMINATED)

# Values with their labels; every sample of a metric has the same labels.
Samples = Sequence[tuple[float, dict[str, str]]]


def _metric(name: str, help: str, kind: str, samples: Samples) -> Metric:
    """``kind`` is ``gauge`` or ``counter``. Raises ValueError for a name that Prometheus
    refuses.
    """
    suffix = "_total" if kind == "counter" else ""
    metric = Metric(f"stigmer_{name.removesuffix('_total')}", help, kind)
    for value, labels in samples:
        metric.add_sample(metric.name + suffix, labels, value)
    return metric


def exposition() -> str:
    """All metrics as text."""
    checks = {check.name: check for check in look()}
    metrics = [*_from_checks(checks)]
    if checks["database"].ok:
        metrics += [read() for read in FROM_THE_DATABASE]
    if checks["redis"].ok:
        metrics.append(_queue_depth())
    metrics += _own()
    return generate_latest(_ReadMetrics(metrics)).decode()


class _ReadMetrics(CollectorRegistry):
    """The metrics that were just read, as the formatter wants to collect them."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        super().__init__(auto_describe=False)
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _own() -> Iterator[Metric]:
    """The figures that only this process knows; the order of the labels' values is steady."""
    for name, gauge in sorted(gauges.items()):
        samples = [(read(), dict(labels)) for labels, read in sorted(gauge.reads.items())]
        yield _metric(name, gauge.help, "gauge", samples)


def _from_checks(checks: dict[str, Check]) -> Iterator[Metric]:
    ready = [(float(check.ok), {"check": name}) for name, check in checks.items()]
    yield _metric("ready", "Whether a check of /readyz holds.", "gauge", ready)
    for name, metric, help in (
        (
            "oldest_due",
            "oldest_due_seconds",
            "How long the oldest due execution waits for a worker.",
        ),
        ("sweep", "sweep_age_seconds", "Seconds since the last sweep."),
        (
            "growth",
            "days_to_full",
            "Days until the disk is full, as fast as the database grows now.",
        ),
        (
            "audit_trail",
            "audit_problems",
            "Entries of the audit trail found edited, missing or out of place.",
        ),
    ):
        figure = checks[name].figure
        if figure is not None:
            yield _metric(metric, help, "gauge", [(figure, {})])


def _executions() -> Metric:
    exact = Execution.objects.filter(phase__in=[each for each in Phase if each not in _MANY])
    counts = counts_by(Execution.objects.filter(phase__in=_MANY), "phase")
    counts |= dict(exact.order_by().values_list("phase").annotate(Count("pk")))
    samples = [(counts.get(phase, 0), {"phase": str(phase)}) for phase in Phase]
    return _metric(
        "executions",
        "Executions by phase; of ended ones (failed apart) an estimate where there are many.",
        "gauge",
        samples,
    )


def _steps() -> Metric:
    counts = counts_by(Step.objects.tasks(), "status")
    help = "Steps by status; an estimate where there are many."
    return _metric("steps", help, "gauge", _labelled("status", counts))


def _attempts() -> Metric:
    rows = Attempt.objects.order_by().values_list("outcome").annotate(Count("pk"))
    help = "Attempts of steps that failed at least once, by outcome."
    return _metric("attempts_total", help, "counter", _labelled("outcome", dict(rows)))


def _recoveries() -> Metric:
    verbs = ("recover", "automatic recovery", "restore", "undo restore", "retry", "skip")
    rows = (
        AuditEntry.objects.filter(verb__in=verbs)
        .order_by()
        .values_list("verb", "outcome")
        .annotate(Count("pk"))
    )
    samples = [(number, {"kind": verb, "result": outcome}) for verb, outcome, number in rows]
    return _metric(
        "recoveries_total", "Recoveries and other decisions by kind and result.", "counter", samples
    )


def _recovery_seconds() -> Metric:
    """From the death of a process to the moment when another one took over, over the last hour."""
    lately = Execution.objects.filter(left_by__dead_at__gt=Now() - timedelta(hours=1))
    recoveries = Event.objects.filter(name=EventName.RECOVERED, actor=None, execution__in=lately)
    took = recoveries.filter(created_at__gte=F("execution__left_by__dead_at")).aggregate(
        mean=Avg(F("created_at") - F("execution__left_by__dead_at"))
    )["mean"]
    help = "Mean seconds from the death of a process to the takeover of its executions, last hour."
    return _metric(
        "takeover_seconds", help, "gauge", [(took.total_seconds(), {})] if took is not None else []
    )


def _lost() -> Metric:
    number = Event.objects.filter(name=EventName.FOUND_LOST).count()
    return _metric(
        "lost_found_total",
        "Executions that the sweep found lost and woke.",
        "counter",
        [(number, {})],
    )


def _heals() -> Metric:
    samples = [
        (number, {"family": family, "how": how})
        for (family, how), number in tallies.counts().items()
    ]
    return _metric(
        "default_children_total", "Default children by how they were found.", "counter", samples
    )


def _leases() -> Metric:
    held = Execution.objects.filter(phase=Phase.IN_PROGRESS)
    samples = [
        (held.filter(process__dead_at=None).count(), {"holder": "living"}),
        (held.filter(process__dead_at__isnull=False).count(), {"holder": "dead"}),
    ]
    return _metric("leases", "Executions that a process holds.", "gauge", samples)


def _processes() -> Metric:
    living = dict(Process.objects.living().order_by().values_list("kind").annotate(Count("pk")))
    return _metric("processes", "Living processes by kind.", "gauge", _labelled("kind", living))


def _drained() -> Metric:
    number = Process.objects.living().workers().drained().count()
    help = "Living workers that take nothing new because an administrator drained them."
    return _metric("drained_workers", help, "gauge", [(number, {})])


def _heartbeat() -> Metric:
    oldest = Process.objects.living().aggregate(at=Min("heartbeat_at"))["at"]
    age = (clock.now() - oldest).total_seconds() if oldest else 0.0
    return _metric(
        "oldest_heartbeat_seconds",
        "Age of the oldest heartbeat of a living process.",
        "gauge",
        [(age, {})],
    )


def _database_bytes() -> Metric:
    growth = forecast.latest()
    samples = [(float(growth.used), {"kind": "used"}), (float(growth.free), {"kind": "free"})]
    return _metric("database_bytes", "Size of the database, as last measured.", "gauge", samples)


def _growth() -> Metric:
    growth = forecast.latest()
    samples = [(float(growth.runs), {"of": "executions"}), (float(growth.steps), {"of": "steps"})]
    return _metric("rows_a_day", "Rows made in the last day.", "gauge", samples)


def _archived() -> Metric:
    number = Archive.objects.aggregate(number=Sum("executions"))["number"] or 0
    help = "Executions that retention archived."
    return _metric("archived_total", help, "counter", [(number, {})])


def _stuck_threads() -> Metric:
    number = Process.objects.living().aggregate(number=Sum("stuck_threads"))["number"] or 0
    help = "Threads of living workers that hang past the deadline of their step."
    return _metric("stuck_threads", help, "gauge", [(number, {})])


def _line() -> Metric:
    help = "Executions that wait for a free process of functions; none of them runs meanwhile."
    return _metric("function_line", help, "gauge", [(in_line.line().length, {})])


def _oldest_in_line() -> Metric:
    help = "How long the execution that waits longest for a free process of functions has waited."
    return _metric(
        "function_line_oldest_seconds", help, "gauge", [(in_line.line().oldest_seconds, {})]
    )


def _unmatched() -> Metric:
    number = CloudEvent.objects.to_be_matched().count()
    help = "Events for which nobody has looked yet who listens."
    return _metric("events_unmatched", help, "gauge", [(number, {})])


def _oldest_unmatched() -> Metric:
    oldest = CloudEvent.objects.to_be_matched().aggregate(at=Min("received_at"))["at"]
    age = max(0.0, (clock.now() - oldest).total_seconds()) if oldest else 0.0
    help = "How long the oldest event waits for somebody to look who listens."
    return _metric("events_unmatched_oldest_seconds", help, "gauge", [(age, {})])


def _sinks() -> Metric:
    samples = [
        (number, {"sink": row.name, "state": state})
        for row in Channel.objects.counting().order_by("name")
        for state, number in (("waiting", row.waiting), ("given up", row.given_up))
    ]
    return _metric("sink_messages", "Messages for a sink by state.", "gauge", samples)


def _resting_sinks() -> Metric:
    samples = [
        (float(row.rests_until is not None and row.rests_until > clock.now()), {"sink": row.name})
        for row in Channel.objects.order_by("name")
    ]
    help = "Whether a sink rests, as its receiver failed several times."
    return _metric("sink_rests", help, "gauge", samples)


def _schedules() -> Metric:
    rows = Schedule.objects.order_by().values_list("state").annotate(Count("pk"))
    counts = {str(state): 0 for state in ScheduleState} | dict(rows)
    help = "Schedules by state; paused ones were stopped by Stigmer."
    return _metric("schedules", help, "gauge", _labelled("state", counts))


def _due_schedules() -> Metric:
    number = Schedule.objects.due(clock.now()).count()
    help = "Schedules whose next time has come, and for which nothing was started yet."
    return _metric("schedules_due", help, "gauge", [(number, {})])


def _late_schedules() -> Metric:
    now = clock.now()
    oldest = Schedule.objects.due(now).aggregate(at=Min("next_due_at"))["at"]
    late = (now - oldest).total_seconds() if oldest else 0.0
    help = "How late the schedule is whose time passed first and that started nothing yet."
    return _metric("schedules_late_seconds", help, "gauge", [(late, {})])


def _objectives() -> Metric:
    """The metric leaves out objectives, and times, for which there was no time."""
    samples = [
        (burn, {**labels, "window": window})
        for labels, target in burning.of_all()
        for window, burn in target.burns()
    ]
    help = (
        "Share of the runs that went wrong over the share that the workflow's objective allows;"
        " of 30 days it is the share of the budget that is used."
    )
    return _metric("objective_burn", help, "gauge", samples)


FROM_THE_DATABASE: tuple[Callable[[], Metric], ...] = (
    _executions,
    _steps,
    _attempts,
    _recoveries,
    _recovery_seconds,
    _lost,
    _heals,
    _leases,
    _processes,
    _drained,
    _heartbeat,
    _stuck_threads,
    _database_bytes,
    _growth,
    _archived,
    _line,
    _oldest_in_line,
    _unmatched,
    _oldest_unmatched,
    _sinks,
    _resting_sinks,
    _schedules,
    _due_schedules,
    _late_schedules,
    _objectives,
)


def _queue_depth() -> Metric:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1.0) as client:
        samples = [(_length(client, name), {"queue": name}) for name in QUEUES]
    return _metric("queue_depth", "Doorbells that no worker has heard yet.", "gauge", samples)


def _length(client: redis.Redis, queue: str) -> int:
    return int(client.llen(f"rq:queue:{queue}")) + int(client.llen(fast_lane.key(queue)))


def _labelled(label: str, counts: dict[str, int]) -> Samples:
    return [(number, {label: str(value)}) for value, number in sorted(counts.items())]
